"""Children of one warm process: each is forked with everything imported, and runs one thing.

A command takes .7 s to import; a fork of a process that has imported it, some milliseconds.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import io
import multiprocessing
import os
import pickle
import pkgutil
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coproarchive
from coproarchive.errors import CoproArchiveError, FileSystemError
from drills import injector
from drills.injector import Fault

SECONDS = 240.0
"""A child that runs longer hangs; two seconds of CPU may take a minute on a busy machine."""
TRACEBACK = "Traceback (most recent call last)"
_NOT_IMPORTED = ("coproarchive.ui", "coproarchive.__main__")
"""Streamlit starts threads, which a fork would lose; what its pages call is imported."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended.

    Attributes:
        code: exit code; None where it was killed.
        output, errors: what it printed.
        seconds: how long it ran.
        seen, injected: calls counted and calls that suffered, in it and the processes it forked.
        victim: path of the file that suffered last.
        hung: whether it had to be ended after SECONDS.
    """

    code: int | None
    output: str
    errors: str
    seconds: float
    seen: int
    injected: int
    victim: str = ""
    hung: bool = False


def warm_up() -> None:
    """Import what commands import, so that children need not; and have workers forked too.

    The forkserver that workers come from otherwise would import the readers anew in every trial.
    """
    for module in pkgutil.walk_packages(coproarchive.__path__, "coproarchive."):
        if not module.name.startswith(_NOT_IMPORTED):
            with contextlib.suppress(ImportError):  # an extra that is not installed
                importlib.import_module(module.name)
    for name in ("asyncio", "docx", "filelock", "lxml.html", "pptx", "pypdf", "rapidfuzz"):
        importlib.import_module(name)
    import typer.main

    from coproarchive.cli import app
    from coproarchive.extract import worker

    # Made once: to make the parser of all commands takes as long as most commands.
    parser = typer.main.get_command(app)
    setattr(typer.main, "get_command", lambda _: parser)  # noqa: B010 - of one application
    fork = multiprocessing.get_context("fork")
    gc.freeze()  # children share what was imported, as no collection touches it
    setattr(worker, "WorkerContext", lambda: fork)  # noqa: B010 - a type takes its place


def run_command(words: list[str]) -> None:
    """Run `coproarchive` as the terminal does; exits."""
    from coproarchive.cli import main

    main(words)


def run_quietly(words: list[str]) -> tuple[int, str, str]:
    """Run a command inside a child; return its exit code and what it printed."""
    output, errors = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            run_command(words)
        except SystemExit as stop:
            code = stop.code or 0
        except Exception:  # noqa: BLE001 - what the terminal would show
            traceback.print_exc()
            code = 1
    return code if isinstance(code, int) else 1, output.getvalue(), errors.getvalue()


def run_child(
    work: Callable[[], None],
    output: Path,
    *,
    suffering: tuple[Path, Fault] | None = None,
    kill_after: float | None = None,
) -> Ended:
    """Run something in a process group of its own, to its end or until it is killed.

    Args:
        work: what to do; may exit, may raise.
        output: folder, outside what suffers, for what it prints.
        suffering: the folder below which a fault is injected, and the fault.
        kill_after: seconds after which the whole group is killed with SIGKILL.
    """
    injector.arm(None, injector.COUNTING)  # the counters are shared with the child
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(work, output, suffering)
    hung = False
    if kill_after is None:
        hung = not _wait(child, started + SECONDS)
        if hung:
            os.kill(child, signal.SIGABRT)  # says where
            _wait(child, time.monotonic() + 2)
    else:
        _wait(child, started + kill_after)
    status = _end(child)
    seconds = time.monotonic() - started
    code = os.waitstatus_to_exitcode(status)
    printed, complained = (
        (output / name).read_text(errors="replace") for name in ("out.txt", "err.txt")
    )
    killed = code == -signal.SIGKILL
    seen, injected = injector.counted()
    return Ended(
        None if killed else code, printed, complained, seconds, seen, injected, injector.victim(),
        hung,
    )  # fmt: skip


def _become(work: Callable[[], None], output: Path, suffering: tuple[Path, Fault] | None) -> None:
    """Be the child: a session of its own, its output in files, its fault armed; never returns."""
    code: Any = 70
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, name in ((1, "out.txt"), (2, "err.txt")):
            handle = os.open(output / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(handle, number)
            os.close(handle)
        faulthandler.enable()
        if suffering is not None:
            injector.arm(*suffering)
        try:
            work()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        except (CoproArchiveError, OSError) as refusal:  # a page shows them, see ui/main.py
            error = FileSystemError(refusal) if isinstance(refusal, OSError) else refusal
            sys.stderr.write(f"Error: {error}\n")
            code = error.exit_code
        except BaseException:  # noqa: BLE001 - what the terminal would show
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code if isinstance(code, int) else 70)


def _wait(child: int, until: float) -> bool:
    """Wait for a child to end, without taking its status; tell whether it did in time."""
    if not hasattr(os, "pidfd_open"):  # elsewhere than on Linux
        while time.monotonic() < until:
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return True
            time.sleep(0.005)
        return False
    handle = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([handle], [], [], max(0.0, until - time.monotonic()))
        return bool(ready)
    finally:
        os.close(handle)


def _end(child: int) -> int:
    """Kill what is left of a child's group; return the child's status."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)  # it may not have come to have a group of its own
    _, status = os.waitpid(child, 0)
    return status


def result_of(work: Callable[[], Any], output: Path) -> Any:
    """Return what `work` returns, computed in a child so that this process stays as it is.

    Raises:
        RuntimeError: it raised or hung; with what it printed.
    """
    path = output / "result.pickle"
    path.unlink(missing_ok=True)

    def kept() -> None:
        path.write_bytes(pickle.dumps(work()))

    ended = run_child(kept, output)
    if ended.code != 0 or not path.exists():
        how = "hung" if ended.hung else f"ended with {ended.code}"
        raise RuntimeError(f"a child {how}: {ended.errors[-2000:]}")
    return pickle.loads(path.read_bytes())
