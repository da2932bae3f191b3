"""Set up, index the bundled archive and serve it: python3 scripts/start.py [options of `serve`]."""

from __future__ import annotations

import os
import sys

from _environment import ROOT, ensure


def main() -> None:
    """Become `coproarchive serve`: a signal that ends this process leaves no other behind."""
    python = str(ensure("run.txt"))
    os.chdir(ROOT)
    os.execv(python, [python, "-m", "coproarchive", "serve", *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
