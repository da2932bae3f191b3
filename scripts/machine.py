"""A Debian with its own systemd, booted in namespaces of this machine. As root, on Linux.

The tree is made once:

    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates,systemd,\
systemd-sysv,dbus,nginx-light,sudo,curl,rsync,openssl,iproute2 bookworm TREE

Booted, it has its processes, loopback, /tmp and /run to itself and no other network. Files outside
those stay in the tree, so boot a copy of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup/unified")
"""The unified hierarchy of this machine; where it is the only one, its parent."""
SECONDS = 60

BOOT = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t sysfs -o ro sysfs "$1/sys"
mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$1/run"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
mkdir "$1/dev/pts" "$1/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
for name in null zero full random urandom tty; do
    touch "$1/dev/$name"
    mount --bind "/dev/$name" "$1/dev/$name"
done
ln -s pts/ptmx "$1/dev/ptmx"
ln -s /proc/self/fd "$1/dev/fd"
hostname talks
cd "$1"
pivot_root . .
umount -l .
ip link set lo up
exec env -i container=trial PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""


class Machine:
    """A tree, booted; `close` ends all that runs in it.

    Args:
        tree: a Debian with systemd.
    """

    def __init__(self, tree: Path):
        self.tree = tree
        root = CGROUP if CGROUP.is_dir() else CGROUP.parent
        self._group = root / f"coproarchive-trial-{os.getpid()}"
        self._group.mkdir()
        enter = f'echo $$ > {self._group}/cgroup.procs; exec unshare "$@"'
        words = ["bash", "-c", enter, "machine", "--mount", "--pid", "--net", "--ipc", "--uts"]
        words += ["--cgroup", "--fork", "--kill-child", "bash", "-c", BOOT, "boot", str(tree)]
        self._process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._wait_for_boot()

    @property
    def init(self) -> int:
        """Number, on this machine, of the process that is its systemd."""
        number = self._process.pid
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        return int(children[0])

    def _wait_for_boot(self) -> None:
        until = time.monotonic() + SECONDS
        state = ""
        while time.monotonic() < until and self._process.poll() is None:
            time.sleep(0.5)
            state = self.run("systemctl is-system-running").stdout.strip()
            if state == "running":
                return
        failed = self.run("systemctl --failed --no-pager").stdout
        self.close()
        sys.exit(f"the machine did not start ({state or 'no answer'}): {failed}")

    def entered(self, *, network_alone: bool = False) -> list[str]:
        """Return the words that run what stands behind them in this machine."""
        words = ["nsenter", f"--target={self.init}"]
        return [*words, "--net"] if network_alone else [*words, "--all", "--root"]

    def run(self, command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a line of bash as root in /root.

        Args:
            command: the line.
            given: what it reads from its standard input.
        """
        try:
            words = [*self.entered(), "env", "-i", "--chdir=/root", "HOME=/root", "LANG=C.UTF-8"]
        except (OSError, IndexError):  # not begun, or ended
            return subprocess.CompletedProcess([], 1, "", "the machine does not run")
        words += ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        return subprocess.run(
            [*words, "bash", "-c", command],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def path(self, inside: str) -> Path:
        """Return where a path of the machine, its /tmp included, is on this one."""
        return Path(f"/proc/{self.init}/root/{inside.lstrip('/')}")

    def close(self) -> None:
        """End it, with every process in it."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)  # which takes its child, and that all others
        self._process.wait()
        for _ in range(50):
            time.sleep(0.1)
            try:
                for group in sorted(self._group.rglob("*/"), reverse=True):
                    group.rmdir()
                self._group.rmdir()
            except OSError:
                continue
            return
