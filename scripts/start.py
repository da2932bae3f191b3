"""Set up, index the bundled archive and serve it: python3 scripts/start.py [options of `serve`]."""

from __future__ import annotations

import subprocess
import sys

from _environment import ROOT, ensure


def main() -> int:
    """Return the exit code of `coproarchive serve`."""
    python = ensure("run.txt")
    command = [str(python), "-m", "coproarchive", "serve", *sys.argv[1:]]
    try:
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
