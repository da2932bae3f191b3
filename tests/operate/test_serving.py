"""`serve` as a real process: what it logs, how it stops, and a port that is busy."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from making import make_archive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Process:
    """A running `serve`: its port, and where its standard error goes."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Return status, X-Request-ID and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers["X-Request-ID"], answer.read().decode()

    def text(self) -> str:
        return self.log.read_text()


@contextlib.contextmanager
def serving(tmp_path: Path, *words: str, **settings: str) -> Iterator[Process]:
    """Serve the small archive until the block ends."""
    archive = tmp_path / "archive"
    if not archive.exists():
        make_archive(archive)
    port, log = free_port(), tmp_path / "log"
    environment = os.environ | {f"COPROARCHIVE_{k.upper()}": v for k, v in settings.items()}
    with log.open("wb") as stderr, (tmp_path / "out").open("wb") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-m", "coproarchive", "serve", "--port", str(port), *words],
            cwd=tmp_path, stdout=stdout, stderr=stderr, env=environment, start_new_session=True,
        )  # fmt: skip
    served = Process(process, port, log)
    try:
        wait_until(lambda: "Serving on" in served.text() or process.poll() is not None)
        yield served
    finally:
        process.kill()
        process.wait()


def wait_until(is_so: object, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def processes_of_session(session: int) -> list[str]:
    """Return the commands of the processes that a server and its children are."""
    listed = subprocess.run(
        ["ps", "-eo", "sid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [line.split(None, 2) for line in listed]
    return [row[2] for row in rows if row[0] == str(session) and not row[1].startswith("Z")]


def test_every_line_has_the_form_that_is_set(tmp_path: Path) -> None:
    """From the first on; no address, word or cookie of a reader; the id is that of the answer.

    Figures are told on the port that is set for them and on no other.
    """
    metrics = free_port()
    with serving(tmp_path, log_format="json", metrics=f"127.0.0.1:{metrics}") as served:
        assert served.get("/metrics")[0] == served.get("/_stcore/metrics")[0] == 404
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=20) as page:
            text = page.read().decode()
        assert 'coproarchive_requests_total{method="GET",route="(unknown)",status="404"}' in text
        status, number, _ = served.get(
            "/item/hidden-word?q=secretword", Cookie="a=cookievalue",
            **{"X-Forwarded-For": "203.0.113.7"},
        )  # fmt: skip
        assert status == 404
        wait_until(lambda: number in served.text())
        served.process.terminate()
        served.process.wait(30)
        lines = [json.loads(line) for line in served.text().splitlines()]
    assert lines[-1]["message"] == "Stopped."
    assert [line["route"] for line in lines if line.get("request_id") == number] == [
        "/item/{item_id}"
    ]
    for word in ("hidden-word", "secretword", "cookievalue", "203.0.113.7"):
        assert word not in served.text()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_of_it(tmp_path: Path, signal_number: signal.Signals) -> None:
    """With a WebSocket and a download open: within bounds, and no process is left."""
    with serving(tmp_path) as served:
        # A download that its reader does not take.
        big = tmp_path / "archive" / "a-post" / "post.md"
        assert big.exists()
        hung = socket.create_connection(("127.0.0.1", served.port))
        hung.sendall(b"GET /file/a-post/post.md HTTP/1.1\r\nHost: 127.0.0.1\r\n")  # never ends
        page = socket.create_connection(("127.0.0.1", served.port))
        page.sendall(
            b"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: streamlit\r\n\r\n"
        )
        assert page.recv(64).startswith(b"HTTP/1.1 101")
        started = time.monotonic()
        served.process.send_signal(signal_number)
        code = served.process.wait(30)
        assert time.monotonic() - started < 21
        hung.close()
        page.close()
        assert code == (130 if signal_number == signal.SIGINT else -signal.SIGTERM)
        assert "Stopped." in served.text()
        assert "Traceback" not in served.text()
        wait_until(lambda: not processes_of_session(served.process.pid), 10)


def test_a_busy_port_is_said_with_a_command_that_helps(tmp_path: Path) -> None:
    """Before anything else is done, and the port that is named is free."""
    make_archive(tmp_path / "archive")
    with socket.socket() as busy, socket.socket() as next_one:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with contextlib.suppress(OSError):
            next_one.bind(("127.0.0.1", port + 1))
            next_one.listen()
        done = subprocess.run(
            [sys.executable, "-m", "coproarchive", "serve", "--port", str(port)],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == CoproArchiveError.exit_code
        assert f"Port {port} is in use" in done.stderr
        assert "Serving on" not in done.stderr
        proposed = int(done.stderr.split("--port")[1].split()[0])
        with socket.socket() as free:
            free.bind(("127.0.0.1", proposed))
    assert not (tmp_path / "index").exists()


def test_an_edit_is_served_without_a_restart_and_a_kill_leaves_nothing(tmp_path: Path) -> None:
    """A record by hand, then one that breaks: the rest goes on, and /healthz says so."""
    with serving(tmp_path) as served:
        record = tmp_path / "archive" / "a-post" / "item.yaml"
        sound = record.read_text()
        record.write_text(sound.replace("title: ", "title: Marmalade "))
        wait_until(lambda: "Indexed: 0 added, 1 updated" in served.text())
        assert "Marmalade" in served.get("/results.csv?q=marmalade")[2]
        record.write_text("titel: [\n")
        wait_until(lambda: "record-broken" in served.get("/healthz")[2])
        assert served.get("/item/windmills")[0] == 200
        record.write_text(sound)
        wait_until(lambda: '"ready"' in served.get("/healthz")[2])
        served.process.kill()
        served.process.wait()
        wait_until(lambda: not processes_of_session(served.process.pid), 20)


def test_sigterm_stops_a_command_as_ctrl_c_does(library: Library) -> None:
    """It says so, releases what it holds, and ends by the signal."""
    settings = library.settings
    words = ["--archive", str(settings.archive), "--index", str(settings.index), "index"]
    with library.index_storage.lock():  # so that it waits
        process = subprocess.Popen(
            [sys.executable, "-m", "coproarchive", *words], stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        assert process.stderr
        assert "waiting" in process.stderr.readline()
        process.terminate()
        _, told = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
    assert "Stopped." in told
    assert "Traceback" not in told
    wait_until(lambda: not processes_of_session(process.pid), 10)


HANGING = """
import os, signal, sys, threading, time, uvicorn
from coproarchive.ui import serving

async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    time.sleep(600)  # a stop that never comes to its end

serving.FORCED_SECONDS = 0.5
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
serving.Server(uvicorn.Config(app, port=int(sys.argv[1]), log_config=None)).run()
"""


def test_a_stop_that_hangs_is_forced() -> None:
    """With the exit code of the signal."""
    done = subprocess.run(
        [sys.executable, "-c", HANGING, str(free_port())], check=False, timeout=60
    )
    assert done.returncode == 128 + signal.SIGTERM


def test_start_stops_what_it_started(tmp_path: Path) -> None:
    """While it sets up, too: what installs or builds is stopped with it."""
    scripts = Path(__file__).resolve().parents[2] / "scripts"
    slow = tmp_path / "slow.py"
    slow.write_text("import time\nprint('busy', flush=True)\ntime.sleep(600)\n")
    text = (
        f"import sys; sys.path.insert(0, {str(scripts)!r})\n"
        "import start, subprocess\n"
        f"start.ensure = lambda lock: subprocess.run([sys.executable, {str(slow)!r}])\n"
        "start.main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    with process.stdout:
        assert process.stdout.readline() == "busy\n"
        process.terminate()
        assert process.wait(20) == 128 + signal.SIGTERM
    wait_until(lambda: not processes_of_session(process.pid), 10)
