"""Runs a command and sees to its end: python office_guard.py SECONDS COMMAND...

A process of its own, started by office.py. It kills the command and all that the command started
when the time is up (exit code 124) or when its standard input ends, which is when whoever started
it has died. It imports nothing of coproarchive, so that it starts in a blink.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time

TOO_SLOW = 124
GONE = 125
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of sched.h


def leave_the_network() -> bool:
    """Move this process into a network namespace of its own, where Linux allows it."""
    if not sys.platform.startswith("linux"):
        return False
    user, group = os.getuid(), os.getgid()
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    if unshare is None:
        return False
    if unshare(_NEW_NET) == 0:
        return True
    if unshare(_NEW_USER | _NEW_NET) != 0:
        return False
    # Still the same user to the programmes that ask.
    with contextlib.suppress(OSError):
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    return True


def main(arguments: list[str]) -> int:
    """Run, watch, and leave nothing behind."""
    seconds, command = float(arguments[0]), arguments[1:]
    leave_the_network()
    started = time.monotonic()
    is_posix = os.name == "posix"
    process = subprocess.Popen(  # noqa: S603 - the command is office.py's own
        command, stdin=subprocess.DEVNULL, start_new_session=is_posix
    )
    try:
        while process.poll() is None:
            if time.monotonic() - started > seconds:
                return TOO_SLOW
            if not is_posix:
                time.sleep(0.05)
            elif select.select([0], [], [], 0.05)[0] and not os.read(0, 1):
                return GONE
        return process.returncode
    finally:
        with contextlib.suppress(OSError):
            # The whole group: soffice is a script that starts a programme that starts another.
            if is_posix:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) & 0xFF)
