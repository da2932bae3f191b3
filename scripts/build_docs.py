"""Build the documents into the package, where the app serves them at /help.

python scripts/build_docs.py [FOLDER]: `mkdocs build`, with every warning an error.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HELP = ROOT / "src" / "coproarchive" / "web" / "help"


def build(site: Path) -> None:
    """Build the site into a folder.

    Raises:
        subprocess.CalledProcessError: a link is broken, a page is not in the navigation, or another
            warning of mkdocs.
    """
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    command += ["--clean", "--site-dir", str(site)]
    # The theme prints an announcement of its makers at every build.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "true"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    for path in (site / "assets").rglob("*.map"):
        path.unlink()  # for the theme's own developers, and half of the site's bytes


if __name__ == "__main__":
    build(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else HELP)
