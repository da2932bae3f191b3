"""What a reading process may not do: use much memory, reach the network, write, start programmes.

Two walls. The system's: a limit on address space, and where Linux allows it a network namespace
with nothing in it, which holds for C libraries and for LibreOffice too. Python's: an audit hook,
which cannot be taken off again, refuses what a library written in Python would try.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from pathlib import Path

from coproarchive.extract.office_guard import leave_the_network

_NETWORK = (
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
    "socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request",
)  # fmt: skip
_PROGRAMMES = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Events that change the folder tree, and how many of their first arguments are paths.
_CHANGES = {
    "os.mkdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2, "os.truncate": 1, "os.chmod": 1,
    "os.chown": 1, "os.remove": 1, "os.rmdir": 1,
}  # fmt: skip
_GUARD = str(Path(__file__).with_name("office_guard.py"))


def confine(memory: int, scratch: str) -> None:
    """Take from this process, for good, what reading does not need.

    Args:
        memory: bytes of address space.
        scratch: the only folder that may be written to; "" for none.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    sys.dont_write_bytecode = True
    with contextlib.suppress(OSError, AttributeError):
        leave_the_network()
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_Rules(scratch))
    # What is loaded by now stays, and a file's pages are many small objects that live shortly: the
    # collector need not look at them often (8% of the time of reading PDFs).
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class _Rules:
    """The audit hook (PEP 578): raising from it stops what was about to happen."""

    def __init__(self, scratch: str):
        self._scratch = os.path.realpath(scratch) + os.sep if scratch else ""

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Refuse what is against the rules. Raises PermissionError."""
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING:
                self._only_scratch(event, path)
        elif event in _CHANGES:
            by_handle = isinstance(arguments[-1], int) and arguments[-1] >= 0
            for path in arguments[: _CHANGES[event]]:
                # A tree is taken down by names relative to an opened folder.
                if not (by_handle and event in ("os.remove", "os.rmdir")):
                    self._only_scratch(event, path)
        elif event == "subprocess.Popen":
            if _GUARD not in list(arguments[1]):  # type: ignore[call-overload]
                raise PermissionError("no programmes are started while reading files")
        elif event in _NETWORK:
            raise PermissionError("no network while reading files")
        elif event in _PROGRAMMES:
            raise PermissionError("no programmes are started while reading files")

    def _only_scratch(self, event: str, path: object) -> None:
        if isinstance(path, int) or path == os.devnull:
            return
        name = os.path.realpath(os.fsdecode(path))  # type: ignore[arg-type]
        if not self._scratch or not f"{name}{os.sep}".startswith(self._scratch):
            raise PermissionError(f"nothing is written while reading files ({event} {name})")
