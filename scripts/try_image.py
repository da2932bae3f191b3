"""Follow deploy/Dockerfile without a container engine: python3 scripts/try_image.py ROOTFS FOLDER.

ROOTFS is a tree with a Python and its venv module, in the place of the base image:

    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm ROOTFS

In FOLDER its instructions are carried out in copies of that tree. What comes out is run as an
engine would run it by deploy/compose.yaml: namespaces of its own, no network but the loopback,
read-only root, tmpfs for /tmp, another user without capabilities. As root, on Linux.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from _environment import ROOT
from image_steps import Stage, parse

OF_THE_HOST = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs", "/opt/wheels")
"""Seen by RUN as here, so that pip finds the registry that this machine uses."""
SECONDS = 120
POST = "# Bread for all\n\nThe millstone turns slowly.\n"

# Run in new namespaces by a shell: $1 the image, $2 archive, $3 "ro" or "rw", $4 index.
ENTER = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount --bind "$2" "$1/srv/talks/archive"
mount -o "remount,bind,nosuid,nodev,$3" "$1/srv/talks/archive"
mount --bind "$4" "$1/srv/talks/index"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777,nosuid,nodev,size=1g tmpfs "$1/tmp"
mount -t tmpfs -o mode=1777,nosuid,nodev,size=64m tmpfs "$1/dev/shm"
mount -o remount,bind,ro "$1"
cd "$1"
pivot_root . .
umount -l .
shift 4
python3 -c 'import fcntl, socket, struct
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 1 | 64))'
exec "$@"
"""


def build(rootfs: Path, folder: Path) -> tuple[Path, Stage]:
    """Carry out the Dockerfile; return the tree of its last stage, and that stage."""
    trees: dict[str, Path] = {}
    stages = parse((ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8"))
    for number, stage in enumerate(stages):
        tree = trees[stage.name] = folder / f"stage-{number}"
        shutil.rmtree(tree, ignore_errors=True)
        run(["cp", "--archive", str(rootfs), str(tree)])
        place = "/"
        for position, step in enumerate(stage.steps):
            if step.name == "WORKDIR":
                place = step.words[0]
                (tree / place[1:]).mkdir(parents=True, exist_ok=True)
            elif step.name == "COPY":
                *names, target = step.words
                source = trees[step.source] if step.source else ROOT
                copy([source / name.lstrip("/") for name in names], tree / target[1:], target)
            elif step.name == "RUN":
                print(f"RUN {step.words[0]}", flush=True)
                variables = stage.arguments | stage.environment_before(position)
                in_tree(tree, place, step.words[0], variables)
    return tree, stages[-1]


def copy(sources: list[Path], target: Path, name: str) -> None:
    """Copy as COPY does: the content of a folder, or files into a folder that ends in a slash."""
    target.mkdir(parents=True, exist_ok=True)
    for source in sources:
        if source.is_dir() and name.endswith("/"):
            raise ValueError(f"COPY of a folder names the folder it becomes: {source}")
        inside = [f"{source}/."] if source.is_dir() else [str(source)]
        run(["cp", "--archive", "--no-preserve=ownership", *inside, str(target)])


def in_tree(tree: Path, place: str, command: str, variables: Mapping[str, str]) -> None:
    """Run a command of the shell in a tree, as root, with the network and registry of this host."""
    bound = ["mount --make-rprivate /", f"mount -t proc proc {tree}/proc"]
    for path in OF_THE_HOST:
        if Path(path).exists():
            make = "mkdir -p" if Path(path).is_dir() else "touch"
            bound += [f"mkdir -p $(dirname {tree}{path})", f"{make} {tree}{path}"]
            bound += [f"mount --bind {path} {tree}{path}"]
    inner = f"cd {place} && {command}"
    script = "; ".join(
        ["set -e", *bound, f"exec /usr/sbin/chroot {tree} /bin/sh -c {shlex.quote(inner)}"]
    )
    pip = {k: v for k, v in os.environ.items() if k.startswith("PIP_")}
    clean = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **pip, **variables}
    run(["unshare", "--mount", "--pid", "--fork", "/bin/sh", "-c", script], clean)


class Container:
    """The built tree, run once; `archive` and `index` are folders of this host.

    Args:
        tree, stage: what `build` returned.
        archive, index: mounted as in deploy/compose.yaml.
        mode: of the archive, "ro" or "rw".
    """

    def __init__(self, tree: Path, stage: Stage, archive: Path, index: Path, mode: str = "ro"):
        self.stage = stage
        user, _, group = stage.last("USER")[0].partition(":")
        self._words = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        self._words += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "env"]
        self._words += [f"--chdir={stage.last('WORKDIR')[0]}", "-i"]
        self._words += [f"{name}={value}" for name, value in stage.environment.items()]
        self._enter = ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork"]
        self._enter += ["--kill-child", "/bin/sh", "-c", ENTER, "enter", str(tree), str(archive)]
        self._enter += [mode, str(index)]

    def once(self, *command: str, code: int = 0) -> str:
        """Run a command in a container of its own; return what it says. Stops on another code."""
        words = [*self._enter, *self._words, *command]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        check(
            done.returncode == code, f"`{shlex.join(command)}` ended with {done.returncode}: {said}"
        )
        return said

    def start(self, log: Path) -> None:
        """Run the image's command, beside which `inside` runs others."""
        words = [*self._enter, *self._words, *self.stage.last("CMD")]
        with log.open("wb") as output:
            self._process = subprocess.Popen(words, stdout=output, stderr=output)
        self._log = log

    def inside(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside the image's own, in its namespaces and as its user."""
        words = ["nsenter", f"--target={self.main}", "--mount", "--net", "--pid", "--ipc", "--uts"]
        words += ["--root", *self._words, *command]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    @property
    def main(self) -> int:
        """Process number, on this host, of the image's command."""
        (child,) = (
            Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        )
        return int(child)

    def wait_until_healthy(self) -> None:
        """Run the health check of the image until it succeeds. Stops when it does not."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            time.sleep(1)
            done = self.inside(*self.stage.last("HEALTHCHECK"))
            if done.returncode == 0:
                return
        check(False, f"not healthy: {done.stderr}\n{self._log.read_text()}")

    def stop(self) -> float:
        """Send SIGTERM as an engine does; return the seconds that it took."""
        started = time.monotonic()
        os.kill(self.main, signal.SIGTERM)
        self._process.wait(30)
        return time.monotonic() - started


def use(tree: Path, stage: Stage, folder: Path) -> None:
    """Fill an archive, serve it read-only, and see what may not be possible."""
    archive, index = folder / "archive", folder / "index"
    owner = int(stage.last("USER")[0].partition(":")[0])
    for path, mode in ((archive, 0o755), (index, 0o700)):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        path.chmod(mode)
        os.chown(path, owner, owner)
    writable = Container(tree, stage, archive, index, "rw")
    writable.once("coproarchive", "init", "--title", "Talks of the mill")
    (archive / "bread.md").write_text(POST, encoding="utf-8")  # where the container sees it
    writable.once("coproarchive", "add", "archive/bread.md", "--title", "Bread for all")
    (archive / "bread.md").unlink()

    container = Container(tree, stage, archive, index)
    refused = container.once("coproarchive", "add", "/opt/coproarchive/pyvenv.cfg", code=60)
    check("can only be read" in refused, f"adding to a read-only archive says: {refused}")
    container.start(folder / "serve.log")
    try:
        container.wait_until_healthy()
        page = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8501{}').read().decode())"
        for address, words in (("/results.csv?q=millstone", "Bread for all"), ("/", "<title>"),
                               ("/help/", "<h1")):  # fmt: skip
            done = container.inside("python3", "-c", page.format(address))
            check(words in done.stdout, f"{address}: {done.stdout[:500]}{done.stderr[-500:]}")
        hits = container.inside("coproarchive", "search", "millstone", "--json").stdout
        check('"total": 1' in hits, f"a search says: {hits}")
        confined(container)
        check((index.stat().st_mode & 0o777) == 0o700, "the index may be read by others")
        seconds = container.stop()
        check(seconds < 10, f"it took {seconds:.1f} seconds to stop")
    finally:
        if container._process.poll() is None:
            container._process.kill()
    print(
        f"init, add, serve, search, health: as deploy/compose.yaml says; stopped in {seconds:.1f} s"
    )


def confined(container: Container) -> None:
    """Stop unless the image's own command has no rights, cannot write and reaches nobody."""
    status = Path(f"/proc/{container.main}/status").read_text()
    for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"):
        check(line in status, f"not so: {line}\n{status}")
    for path in ("/x", "/opt/coproarchive/x", "/srv/talks/x", "/srv/talks/archive/x"):
        done = container.inside("touch", path)
        check("Read-only" in done.stderr, f"{path} can be written to: {done.stderr}")
    check(container.inside("touch", "/tmp/x", "/srv/talks/index/x").returncode == 0, "no /tmp")  # noqa: S108
    reach = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
    done = container.inside("python3", "-c", reach)
    check("Network is unreachable" in done.stderr, f"the network: {done.stderr}")


def run(command: list[str], variables: Mapping[str, str] | None = None) -> None:
    """Run a step; stop with what it said where it fails."""
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    check(
        done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    )


def check(holds: bool, otherwise: str) -> None:
    """Stop with what is wrong, unless it holds."""
    if not holds:
        sys.exit(f"The image does not work: {otherwise}")


if __name__ == "__main__":
    if len(sys.argv) != 3 or os.geteuid() != 0:
        sys.exit(__doc__)
    working = Path(sys.argv[2]).absolute()
    working.mkdir(parents=True, exist_ok=True)
    use(*build(Path(sys.argv[1]).absolute(), working), working)
