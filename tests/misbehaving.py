"""Functions that workers are made to run: what readers of hostile files may do to their process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from coproarchive.extract.base import Extraction, Helpers, Limits
from coproarchive.model import Leaf, Part, Source


def read(path: Path, media_type: str, limits: Limits, helpers: Helpers) -> Extraction:
    """Stands in for table.extract: does what the file says."""
    what = path.read_text().strip()
    if what == "hang":
        time.sleep(60)
    elif what.startswith("slow "):
        time.sleep(float(what.removeprefix("slow ")))
    elif what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif what == "crash once" and not (seen := Path(helpers.scratch) / "seen").exists():
        seen.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "exit":
        os._exit(3)
    elif what == "memory":
        bytearray(limits.memory)
    count = int(what.removeprefix("words ")) if what.startswith("words ") else 0
    parts = (Part(Source.TEXT, "w" * count),) if count else ()
    return Extraction((Leaf(1, "section", what, parts),), extractor="misbehaving 1")


def break_out(folder: str, port: int) -> dict[str, str]:
    """Try everything that a worker may not do; what came of each."""
    here = Path(folder)
    tries: dict[str, Callable[[], object]] = {
        "write": lambda: (here / "written").write_text("x"),
        "append": lambda: os.open(here / "there", os.O_WRONLY | os.O_APPEND),
        "folder": (here / "made").mkdir,
        "rename": lambda: os.rename(here / "there", here / "moved"),
        "remove": (here / "there").unlink,
        "link": lambda: os.symlink("/etc/passwd", here / "link"),
        "temporary": lambda: tempfile.mkdtemp(dir=here),
        "programme": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "shell": lambda: os.system("true"),
        "fork": os.fork,
        "connect": lambda: socket.create_connection(("127.0.0.1", port), 1),
        "name": lambda: socket.getaddrinfo("localhost", port),
        "listen": lambda: socket.socket().bind(("127.0.0.1", 0)),
    }
    came: dict[str, str] = {}
    for name, attempt in tries.items():
        try:
            attempt()
            came[name] = "done"
        except PermissionError:
            came[name] = "refused"
        except OSError as error:
            came[name] = type(error).__name__
    came["read"] = (here / "there").read_text()
    return came


def write_in_scratch(folder: str) -> str:
    """What conversions need: a folder and files of their own, taken down again."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        (Path(made) / "in").mkdir()
        (Path(made) / "in" / "file").write_text("x")
    return "done"
