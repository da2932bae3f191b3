"""The composition root: settings, archive and index opened once, HTTP routes and Streamlit pages.

`coproarchive serve` makes it by `make_app` (serving.py); `streamlit run app.py` in a clone looks
for an `App(...)` in the script itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from streamlit import runtime

from coproarchive.logs import current_request_id, log
from coproarchive.operate.pictures_ahead import PicturesAhead
from coproarchive.ui.session_messages import SessionMessages
from coproarchive.ui.state import AppState, app_state
from coproarchive.ui.warming import Warmer, settle_heap
from coproarchive.web.access import Visitor
from coproarchive.web.compressed import Compressed
from coproarchive.web.hosts import HostNames
from coproarchive.web.metrics import LibraryCollector, MetricsServer
from coproarchive.web.middleware import NotFound, Protect
from coproarchive.web.observe import Observe
from coproarchive.web.pages import Pages
from coproarchive.web.routes import routes
from coproarchive.web.shell import STYLES, Shell
from coproarchive.web.upload_route import UploadsToDisk

SCRIPT = Path(__file__).parent / "server" / "page.py"
SWEEP_SECONDS = 15.0
"""How often uploads are looked through for those that nobody can save any more."""


def make_app() -> st.App:
    """Return the application: Streamlit's pages, our routes, and what stands before both."""
    return st.App(
        SCRIPT,
        lifespan=lifespan,
        routes=http_routes(),
        middleware=middleware(),
        on_script_error=say_failure,
    )


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Load what is heavy, once; stop the reading processes at the end."""
    import pandas  # noqa: F401 - loaded here so that settle_heap() covers it
    import pyarrow  # noqa: F401

    warmer = Warmer(app_state().library)
    if not warmer.look():
        settle_heap(0)
    app_state().uploads.start()
    app_state().shelf.sweep()
    sweeping = asyncio.create_task(_sweep_uploads())
    _print_keeper_link()
    with _running(app_state(), warmer):
        yield
    sweeping.cancel()
    app_state().uploads.close()
    app_state().library.close()


@contextlib.contextmanager
def _running(state: AppState, warmer: Warmer) -> Iterator[None]:
    """Keep caches warm, and the index up to date and figures at hand as the settings say."""
    with contextlib.ExitStack() as stack:
        warmer.start()
        stack.callback(warmer.stop)
        if state.reindexer is not None:
            state.reindexer.start()
            stack.callback(state.reindexer.stop)
        if state.incoming is not None:
            state.incoming.start()
            stack.callback(state.incoming.stop)
        if state.library.settings.pictures_ahead == "on":
            ahead = PicturesAhead(state.library)
            ahead.start()
            stack.callback(ahead.stop)
        if state.library.settings.metrics:
            collector = LibraryCollector(state.library, state.reindexer, state.limits)
            server = MetricsServer(*state.library.settings.metrics_place(), collector)
            stack.callback(server.close)
        yield


async def _sweep_uploads() -> None:
    """Remove uploads of closed pages and of whoever was signed out, again and again."""

    def may_add(visitor: Visitor) -> bool:
        return app_state().access.may("add", visitor)

    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await run_in_threadpool(app_state().uploads.sweep, _is_open, may_add)


def _is_open(session_id: str) -> bool:
    """Tell whether a page of Streamlit's is connected."""
    return runtime.exists() and runtime.get_instance().is_active_session(session_id)


def _print_keeper_link() -> None:
    """Print the link that lets a browser at this machine add, where there is no password."""
    if link := app_state().access.link:
        host, port = st.get_option("server.address"), st.get_option("server.port")
        host = f"[{host}]" if ":" in host else host
        address = f"http://{host}:{port}{link.path}"
        # Not on standard error: that is the log, which has no secrets.
        sys.stdout.write(f"To add talks, open this link (once):\n  {address}\n")
        sys.stdout.flush()


def http_routes() -> list[BaseRoute]:
    """Return the routes of everything that is not a page of Streamlit."""
    state = app_state()
    own_routes = routes(state.library, state.access, state.reindexer, state.limits)
    return [*own_routes, Route(STYLES, _app_css)]


def _app_css(_: Request) -> Response:
    """Serve the styles that Streamlit's pages need before its scripts have run."""
    css = files("coproarchive.ui").joinpath("static/app.css").read_text(encoding="utf-8")
    headers = {"Cache-Control": "max-age=3600"}
    return Response(css, media_type="text/css; charset=utf-8", headers=headers)


def middleware() -> list[Middleware]:
    """Return what stands before every answer: protection, then the page for what is not there."""
    shell = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    return [
        Middleware(Observe, routes=http_routes()),
        Middleware(
            Protect, access=app_state().access, names=HostNames(app_state().library), shell=shell
        ),
        Middleware(Compressed),
        Middleware(Shell, library=app_state().library),
        Middleware(NotFound, pages=Pages(app_state().library), routes=http_routes()),
        Middleware(UploadsToDisk, uploads=app_state().uploads, is_open=_is_open),
        Middleware(SessionMessages, script=SCRIPT.name),
    ]


def say_failure(error: Exception) -> bool:
    """Report an exception of a page that nobody meant; tell the reader its number alone."""
    log(logging.ERROR, "A page failed.", error=error)
    st.error(
        "Something went wrong here, and it was not you. Please try again in a moment. If it stays "
        f"so, tell the keeper of the archive this number: {current_request_id()}"
    )
    return True
