"""The page's server: `python -m coproarchive.ui.serving`, which `coproarchive serve` becomes.

Streamlit documents that its App is served by any ASGI server; uvicorn is run here and not by
`streamlit run`, for whose server neither the form of the log nor the time for stopping can be set.

SIGTERM and SIGINT stop it: no new connections, STOP_SECONDS for answers under way, then the indexer
and the reading processes are stopped; whatever hangs, it is over after FORCED_SECONDS. It ends by
the very signal (143 to a shell, no failure to systemd), and by Ctrl-C with exit code 130.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn

from coproarchive.config_file import SettingsError
from coproarchive.errors import CoproArchiveError
from coproarchive.logs import configure, log, pass_on
from coproarchive.settings import Settings, load_settings

SWITCH_SECONDS = 0.0005
"""How long a thread computes on while others wait for the interpreter, a tenth of Python's own: a
click waits at each of its steps, so that it took seconds while a changed index was made ready."""
STOP_SECONDS = 8
"""Seconds that answers under way, as downloads, have at a stop."""
FORCED_SECONDS = 20.0
"""Seconds after which a stop no longer waits for anything."""
KEEP_ALIVE_SECONDS = 130
"""Longer than proxies keep an idle connection (nginx 60, Traefik 90, Caddy 120): none is cut."""
STOPPED = 130
"""Exit code after Ctrl-C: 128 and the signal's number."""


class Server(uvicorn.Server):
    """Says when it serves, and never takes for ever to stop."""

    stopped_by = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where once readers are answered."""
        await super().startup(sockets=sockets)
        if self.started:
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            log(logging.INFO, f"Serving on http://{host}:{self.config.port} (Ctrl-C stops it)")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        # Not noted for uvicorn, which would raise it again at the end: `main` ends the process.
        self.force_exit = bool(self.stopped_by)
        self.should_exit = True
        if not self.stopped_by:
            self.stopped_by = sig
            timer = threading.Timer(FORCED_SECONDS, os._exit, (128 + sig,))
            timer.daemon = True
            timer.start()


def main() -> int:
    """Serve until a signal; return the exit code."""
    try:
        settings = load_settings().settings
    except SettingsError as error:
        configure("error", "text")
        log(logging.ERROR, str(error))
        return error.exit_code
    configure(settings.log_level, settings.log_format)
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        listening = _listen(settings.host, settings.port)
    except OSError as error:
        where = f"{settings.host}, port {settings.port}"
        log(logging.ERROR, f"It cannot be served on {where}: {error.strerror or error}.")
        return CoproArchiveError.exit_code
    server = Server(_config(settings))
    with listening:
        server.run(sockets=[listening])
    if server.stopped_by:
        log(logging.INFO, "Stopped.")
    if server.stopped_by == signal.SIGTERM and os.name == "posix":
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
    if not server.started:
        return CoproArchiveError.exit_code
    return STOPPED if server.stopped_by == signal.SIGINT else 0


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option lets two listen on one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


def _config(settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration; of WebSockets as `streamlit run` has it."""
    import streamlit
    import streamlit.config
    import streamlit.logger

    from coproarchive.ui.application import make_app

    # Streamlit gives each of its loggers a handler and form of its own, old and new ones.
    streamlit.logger.setup_formatter = pass_on
    app = make_app()
    # Streamlit compares the addresses of pages that open connections with these.
    streamlit.config.set_option("server.address", settings.host)
    streamlit.config.set_option("server.port", settings.port)
    for logger in list(streamlit.logger._loggers.values()):
        pass_on(logger)
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws="websockets-sansio",
        ws_max_size=int(streamlit.get_option("server.maxMessageSize")) * 1_000_000,
        ws_ping_interval=30,
        ws_ping_timeout=30,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:  # before the server was there to take it
        code = STOPPED
    sys.exit(code)
