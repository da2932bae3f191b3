"""Pass the tests: python3 scripts/test.py [options of pytest]: ruff, mypy --strict, pytest.

With --tests-only first: pytest alone.
"""

from __future__ import annotations

import subprocess
import sys

from _environment import ROOT, ensure


def main() -> int:
    """Run every check, also after one failed; return 0 only when all passed."""
    python = str(ensure("dev.txt"))
    options = sys.argv[1:]
    checks = [
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "mypy"],
    ]
    if options[:1] == ["--tests-only"]:
        checks, options = [], options[1:]
    checks.append([python, "-m", "pytest", *options])
    failed = []
    for command in checks:
        print("\n$ " + " ".join(["python", *command[1:]]), flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(" ".join(command[2:4]))
    print("\nfailed: " + ", ".join(failed) if failed else "\nall checks passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
