"""Build the wheel and use it as a stranger would: python3 scripts/try_wheel.py [FOLDER].

In a fresh virtual environment and an empty folder outside the clone: init, add, index, search and
serve. Stops with a message at the first thing that is not as it should be.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from _environment import ROOT, ensure

POST = "# Bread for all\n\nThe millstone turns slowly.\n"
SECONDS = 60
"""How long the page may take to answer for the first time."""


def main(folder: Path) -> int:
    """Return 0 when everything works."""
    developer = str(ensure("dev.txt"))
    if (ROOT / "mkdocs.yml").exists():
        run([developer, str(ROOT / "scripts" / "build_docs.py")], ROOT)
    build = [developer, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run([*build, "--wheel-dir", str(folder), str(ROOT)], folder)
    (wheel,) = folder.glob("coproarchive-*.whl")
    bin_folder = install(wheel, folder / "venv")
    empty = folder / "empty"
    empty.mkdir()
    use(str(bin_folder / "coproarchive"), empty)
    print(f"{wheel.name}: init, add, index, search and serve work outside the clone", flush=True)
    return 0


def install(wheel: Path, venv: Path) -> Path:
    """Install the wheel with the locked dependencies; return the folder of its commands."""
    run([sys.executable, "-m", "venv", str(venv)], venv.parent)
    commands = venv / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(commands / "python"), "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check"]
    locked = str(ROOT / "requirements" / "run.txt")
    run([*pip, "--require-hashes", "-r", locked], venv.parent)
    run([*pip, "--no-deps", str(wheel)], venv.parent)
    run([str(commands / "python"), "-m", "pip", "check"], venv.parent)
    return commands


def use(command: str, folder: Path) -> None:
    """Make an archive in an empty folder, search it and serve it."""
    says(command, folder, "--version", expect="coproarchive ")
    says(command, folder, "init", "--title", "Talks of the mill", expect="archive.yaml")
    (folder / "bread.md").write_text(POST, encoding="utf-8")
    says(command, folder, "add", "bread.md", expect="added")
    says(command, folder, "index", expect="1 added")
    hits = json.loads(says(command, folder, "search", "millstone", "--json", expect="bread"))
    check(hits["total"] == 1, f"search answers {hits['total']} instead of 1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder.parent / "serve.log"
    with log.open("wb") as output:
        serve = subprocess.Popen(
            [command, "serve", "--port", str(port)], cwd=folder, stdout=output, stderr=output
        )
    try:
        address = f"http://127.0.0.1:{port}"
        check(wait_for(f"{address}/healthz", serve), f"no answer:\n{log.read_text()}")
        check("Talks of the mill" in get(f"{address}/people"), "/people does not name the archive")
        check("<title>" in get(f"{address}/"), "/ is no page")
        check("Bread for all" in get(f"{address}/results.csv?q=millstone"), "a search has no hit")
        check("<h1" in get(f"{address}/help/"), "/help is not there")
    finally:
        serve.terminate()
        serve.wait(20)


def says(command: str, folder: Path, *words: str, expect: str) -> str:
    """Run a command of the wheel; return what it prints, which must hold `expect`."""
    output = run([command, *words], folder)
    check(expect in output, f"`coproarchive {' '.join(words)}` says:\n{output}")
    return output


def run(command: list[str], folder: Path) -> str:
    """Run a step with nothing of the clone in its environment; return its output."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COPROARCHIVE_"))}
    done = subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
    check(not done.returncode, f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_for(address: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether the server answers before SECONDS are over or it ends."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            return bool(get(address))
        except OSError:
            time.sleep(0.3)
    return False


def get(address: str) -> str:
    """Return the text of an address of this machine; an answer other than 200 raises OSError."""
    with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - http, as built above
        return str(answer.read().decode())


def check(holds: bool, otherwise: str) -> None:
    """Stop with what is wrong, unless it holds."""
    if not holds:
        sys.exit(f"The wheel does not work: {otherwise}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    scratch = Path(tempfile.mkdtemp(prefix="coproarchive-wheel-"))
    try:
        sys.exit(main(scratch))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
