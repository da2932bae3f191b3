"""Set up, index the bundled archive and serve it: python3 scripts/start.py [options of `serve`]."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from _environment import ROOT, ensure
from build_docs import HELP


def main() -> None:
    """Become `coproarchive serve`: a signal that ends this process leaves no other behind."""
    # An exit that Python notices: what `subprocess.run` has started by then is stopped with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    python = str(ensure("run.txt"))
    os.chdir(ROOT)
    if not (HELP / "index.html").exists():
        _build_help()
    os.execv(python, [python, "-m", "coproarchive", "serve", *sys.argv[1:]])  # noqa: S606


def _build_help() -> None:
    """Build the documents for /help, once; without them the page is served all the same."""
    print("Building the help ...", flush=True)
    try:
        python = str(ensure("docs.txt"))
        subprocess.run([python, str(ROOT / "scripts" / "build_docs.py")], cwd=ROOT, check=True)
    except (SystemExit, subprocess.CalledProcessError) as error:
        if isinstance(error, SystemExit) and error.code == 128 + signal.SIGTERM:
            raise
        print(f"The help could not be built ({error}); it is served without.", file=sys.stderr)


if __name__ == "__main__":
    main()
