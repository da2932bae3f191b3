"""Worker processes start from any script: guarded or not, a file, `-c`, standard input."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coproarchive.extract.worker import Job, Reader
from making import make_deck

SRC = Path(__file__).resolve().parents[2] / "src"

SCRIPT = """
from hashlib import sha256
from pathlib import Path
with open("runs.txt", "a") as file:
    file.write("run\\n")
from coproarchive.extract.base import Limits
from coproarchive.extract.worker import Job, Reader
reader = Reader(Path("index/extracted"), Limits(workers=2))
paths = [Path(f"{n}.md") for n in range(5)]
jobs = [Job(p, sha256(p.read_bytes()).hexdigest(), "text/markdown") for p in paths]
for job, extraction in reader.read_many(jobs):
    print(extraction.leaves[0].title, *[n.code for n in extraction.notices])
reader.close()
"""


@pytest.mark.parametrize("way", ["file", "module", "-c", "stdin", "notebook"])
def test_a_script_without_a_guard_runs_once(tmp_path: Path, way: str) -> None:
    """Its body is not run by the workers, and what it reads is right."""
    for number in range(5):
        (tmp_path / f"{number}.md").write_text(f"# Loaf {number}\n")
    (tmp_path / "script.py").write_text(SCRIPT)
    # A notebook's __main__ names a file that is no script.
    notebook = f"import __main__\n__main__.__file__ = 'x.ipynb'\nexec({SCRIPT!r})"
    words = {
        "file": ["script.py"],
        "module": ["-m", "script"],
        "-c": ["-c", SCRIPT],
        "stdin": ["-"],
        "notebook": ["-c", notebook],
    }[way]
    done = subprocess.run(
        [sys.executable, *words],
        input=SCRIPT, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    )  # fmt: skip
    assert done.stdout.split("\n") == [*(f"Loaf {n}" for n in range(5)), ""], done.stderr
    assert (tmp_path / "runs.txt").read_text() == "run\n"
    assert done.stderr == ""


def test_other_processes_of_the_caller_still_know_its_main(tmp_path: Path) -> None:
    """A script's own pool runs the script's functions, after workers were started."""
    (tmp_path / "0.md").write_text("# Loaf\n")
    (tmp_path / "script.py").write_text(
        "import multiprocessing\nfrom pathlib import Path\n"
        "from coproarchive.extract.worker import Job, Reader\n"
        "def twice(x): return 2 * x\n"
        "if __name__ == '__main__':\n"
        "    with Reader(Path('index/extracted')) as reader:\n"
        "        reader.read(Path('0.md'), '0' * 64, 'text/markdown')\n"
        "        for method in ('spawn', 'forkserver'):\n"
        "            with multiprocessing.get_context(method).Pool(1) as pool:\n"
        "                print(pool.map(twice, [1, 2]))\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=60, env={**os.environ, "PYTHONPATH": str(SRC)},
    )  # fmt: skip
    assert done.stdout == "[2, 4]\n" * 2, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_does_not_reach_workers_that_start(tmp_path: Path) -> None:
    """Nor the server that forks them: both would answer it with a traceback on the terminal."""
    (tmp_path / "script.py").write_text(
        "import signal\nfrom coproarchive.extract.processes import WorkerContext\n"
        "def told(): print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))\n"
        "if __name__ == '__main__':\n"
        "    worker = WorkerContext().Process(target=signal.pthread_sigmask, args=(0, ()))\n"
        "    worker.start()\n    worker.join()\n    told()\n"
        "    from multiprocessing.forkserver import _forkserver\n"
        "    status = open(f'/proc/{_forkserver._forkserver_pid}/status').read()\n"
        "    print(int(status.split('SigBlk:')[1].split()[0], 16) >> (signal.SIGINT - 1) & 1)\n"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells which signals a process holds back")
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=60, env={**os.environ, "PYTHONPATH": str(SRC)},
    )  # fmt: skip
    assert done.stdout == "False\n1\n", done.stderr


def test_workers_start_again_when_the_server_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server that forks workers may be killed, by a user or for want of memory."""
    forkserver = pytest.importorskip("multiprocessing.forkserver")._forkserver
    monkeypatch.chdir(tmp_path)
    path = make_deck(tmp_path / "deck.pptx")
    deck = Job(
        path,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    )
    with Reader(tmp_path / "index" / "extracted") as reader:
        assert reader.read(*_fields(deck)).leaves
    if forkserver._forkserver_pid is None:
        pytest.skip("workers are spawned here")
    os.kill(forkserver._forkserver_pid, 9)
    # Until it has ended: its exit status stays for multiprocessing to collect.
    os.waitid(os.P_PID, forkserver._forkserver_pid, os.WEXITED | os.WNOWAIT)
    with Reader(tmp_path / "other" / "extracted") as reader:
        assert reader.read(*_fields(deck)).leaves


def _fields(job: Job) -> tuple[Path, str, str]:
    return job.path, job.sha256, job.media_type
