"""Faults at the n-th system call below a folder: faults.c, compiled and preloaded when needed.

It reaches whatever writes through the C library: Python, SQLite, shutil's sendfile. Not reached are
writes to mapped memory and C's own FILE buffers (numpy's tofile); neither is used in src/.
"""

from __future__ import annotations

import ctypes
import enum
import os
import shutil
import subprocess
import sys
from pathlib import Path

_SOURCE = Path(__file__).with_name("faults.c")
_PRELOAD = "LD_PRELOAD"


class Call(enum.IntFlag):
    """Kinds of system calls."""

    WRITE = 1
    SYNC = 2
    RENAME = 4
    CREATE = 8
    MKDIR = 16
    UNLINK = 32
    TRUNCATE = 64
    OPEN = 128


CHANGES = Call(127)
"""All that change something on the disk."""


class Effect(enum.IntEnum):
    """What happens at the n-th call; TORN: after half of the bytes, where it is a write."""

    COUNT = 0
    KILL_BEFORE = 1
    KILL_AFTER = 2
    KILL_TORN = 3
    FAIL = 4
    FAIL_TORN = 5
    FAIL_FROM_THEN_ON = 6


class Fault:
    """A fault to inject.

    Args:
        effect: what happens.
        calls: kinds that are counted.
        at: at which of them, from 1.
        error: errno of those that fail.
    """

    def __init__(self, effect: Effect, calls: Call = CHANGES, at: int = 0, error: int = 0):
        self.effect, self.calls, self.at, self.error = effect, calls, at, error

    def __str__(self) -> str:
        name = self.effect.name.lower().replace("_", " ")
        kinds = "change" if self.calls == CHANGES else str(self.calls.name).lower()
        with_error = f" with {os.strerror(self.error)}" if self.error else ""
        return f"{name} at {kinds} {self.at}{with_error}"


COUNTING = Fault(Effect.COUNT)


def restart_with_injector(folder: Path) -> str:
    """Run this very programme again with the injector preloaded, unless it is.

    Args:
        folder: for the compiled library; removed by the programme that is started.

    Returns:
        "" where the injector is there, else why it is not.
    """
    if is_loaded():
        os.environ.pop(_PRELOAD, None)  # what a trial starts (LibreOffice) suffers no faults
        return ""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        return "no C compiler is installed" if sys.platform == "linux" else "this is not Linux"
    library = folder / "faults.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"faults.c does not compile here: {done.stderr.strip()[:200]}"
    environment = os.environ | {_PRELOAD: str(library), "DRILL_FOLDER": str(folder)}
    return os.execve(sys.executable, [sys.executable, *sys.argv], environment)


def is_loaded() -> bool:
    """Tell whether faults can be injected into this process."""
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "faults_arm")


def arm(folder: Path | None, fault: Fault) -> None:
    """Inject a fault into this process and those forked from it; None ends that."""
    if is_loaded():
        name = None if folder is None else os.fsencode(folder)
        what = (ctypes.c_long(fault.at), int(fault.calls), int(fault.effect), fault.error)
        if ctypes.CDLL(None).faults_arm(name, *what):
            raise MemoryError("no page for the counters of faults")


def counted() -> tuple[int, int]:
    """Return how many calls were seen and how many suffered since `arm`, in all processes."""
    if not is_loaded():
        return 0, 0
    library = ctypes.CDLL(None)
    library.faults_seen.restype = library.faults_injected.restype = ctypes.c_long
    return int(library.faults_seen()), int(library.faults_injected())


def victim() -> str:
    """Return the path of the file that suffered last, "" where none did."""
    if not is_loaded():
        return ""
    library = ctypes.CDLL(None)
    library.faults_victim.restype = ctypes.c_char_p
    return os.fsdecode(library.faults_victim())


def counted_by_kind() -> dict[Call, int]:
    """Return how many calls of each kind were seen since `arm`; all that change, under CHANGES."""
    if not is_loaded():
        return {}
    library = ctypes.CDLL(None)
    library.faults_seen_of.restype = ctypes.c_long
    calls = {kind: int(library.faults_seen_of(bit)) for bit, kind in enumerate(Call)}
    return calls | {CHANGES: sum(n for kind, n in calls.items() if kind in CHANGES)}
