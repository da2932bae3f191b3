"""Build the documents into the package, where the app serves them at /help.

python scripts/build_docs.py [FOLDER]

Any warning is an error. Pages must work where a policy allows scripts from the site alone, so each
inline script becomes a file.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HELP = ROOT / "src" / "coproarchive" / "web" / "help"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_NOT_SERVED = ("**/*.map", "sitemap.xml.gz")


def build(site: Path) -> None:
    """Build the site strictly into a folder.

    Raises:
        subprocess.CalledProcessError: a link is broken, a page is not in the navigation, or another
            warning of mkdocs.
    """
    shutil.rmtree(site, ignore_errors=True)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    command += ["--site-dir", str(site)]
    # The theme prints an announcement of its makers at every build.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "true"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    for pattern in _NOT_SERVED:
        for path in site.glob(pattern):
            path.unlink()
    for page in site.rglob("*.html"):
        page.write_text(without_inline_scripts(page, site), encoding="utf-8")


def without_inline_scripts(page: Path, site: Path) -> str:
    """Return the page's text with each inline script moved to a file named after its content."""

    def moved(match: re.Match[str]) -> str:
        name = f"inline-{hashlib.sha256(match[1].encode()).hexdigest()[:12]}.js"
        folder = site / "assets" / "javascripts"
        (folder / name).write_text(match[1], encoding="utf-8")
        return f'<script src="{os.path.relpath(folder / name, page.parent)}"></script>'

    return _INLINE.sub(moved, page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    build(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else HELP)
