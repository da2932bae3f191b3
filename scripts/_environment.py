"""Make the project's own virtual environment with nothing but Python 3.11-3.14."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(os.environ.get("COPRO_VENV") or ROOT / ".venv")
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


def ensure(lock: str) -> Path:
    """Install what the lock file names, once for each state of the lock and of pyproject.toml.

    Args:
        lock: name of the lock file in requirements/.

    Returns:
        The environment's Python.
    """
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        sys.exit(
            f"coproarchive needs Python 3.11 to 3.14; this is {sys.version.split()[0]}.\n"
            "Run the same command with one of those, e.g. python3.12."
        )
    requirements = ROOT / "requirements" / lock
    digest = hashlib.sha256(
        requirements.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    ).hexdigest()
    stamp = VENV / f"installed-{lock}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == digest:
        return PYTHON
    if not _has_pip():
        print(f"Making a virtual environment in {VENV} ...", flush=True)
        try:
            venv.create(VENV, with_pip=True, clear=True)
        except (subprocess.CalledProcessError, OSError) as error:
            sys.exit(
                f"The virtual environment could not be made ({error}).\n"
                "On Debian and Ubuntu: apt-get install python3-venv. Then run this again."
            )
    print(
        f"Installing what requirements/{lock} names (a few minutes the first time) ...", flush=True
    )
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(requirements)])
    _run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    stamp.write_text(digest)
    return PYTHON


def _has_pip() -> bool:
    """Whether the environment was made as a whole: a stopped run leaves half of one."""
    command = [str(PYTHON), "-m", "pip", "--version"]
    if not PYTHON.exists():
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: list[str]) -> None:
    """Run a step of the installation; say in a sentence that it failed."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit("The installation did not finish. Is this machine on line? Run it again.")
