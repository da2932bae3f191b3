"""Check plain pages with the Nu HTML checker: python scripts/check_html.py ADDRESS [--each 8].

Walks through a running server from its home, its lists and /search, so many pages of each kind, and
pages that are not there; prints what the checker says, with the first page that has it, and ends
with exit code 1 for an error. With `--keeper LINK`, the link that `serve` prints, the desk's pages
are among them. Needs Java and npm, which fetches the checker once into ~/.cache/coproarchive.
"""

from __future__ import annotations

import argparse
import http.cookiejar
import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections import Counter, defaultdict, deque
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

VERSION = "26.9.27"
"""Of npm's vnu-jar; Maven has none that knows popovers."""
HOME = Path.home() / ".cache/coproarchive" / f"vnu-{VERSION}"
STARTS = (
    "/search", "/search?q=talk", "/search?q=talk&view=slides", "/search?q=nothingatall",
    "/search?browse=speaker", "/search?q=talk&page=99", "/search?after=2015&before=2020",
    "/seminars", "/people", "/topics", "/over-time?term=talk&term=slide", "/login",
    "/no-such-page", "/item/no-such-item", "/item/no-such-item/slide/3", "/seminar/no-such",
)  # fmt: skip
STREAMLIT = ("/", "/add")
"""Pages whose frame is Streamlit's."""
FILES = ("/help", "/file/", "/picture/", "/results.", "/feed.")
LAYOUTS = {"q", "view", "browse", "page", "after", "term"}
"""Parameters that make a page look otherwise."""
NAMES = re.compile(r"(?<=/)(slide|page|section|cue|cite|quote|text)(?=/|$)")


def kind_of(path: str) -> str:
    """Return what pages of one template have in common: /item/.../slide, /search?q&page."""
    address = urlsplit(path)
    first = address.path.split("/")[1]
    below = "/".join(NAMES.findall(address.path)) if first == "item" else ""
    names = sorted({pair.partition("=")[0] for pair in address.query.split("&")} & LAYOUTS)
    return f"/{first}/{below}?{'&'.join(names)}"


class Walk:
    """Pages of a server, so many of each kind.

    Args:
        base: what its addresses begin with.
        each: pages of a kind.
        keeper: link that signs in, "" for a reader's pages.
    """

    def __init__(self, base: str, each: int, keeper: str = ""):
        self._base = base.rstrip("/")
        self._each = each
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self._starts: tuple[str, ...] = STARTS
        if keeper:
            self._opener.open(keeper, timeout=30).close()
            self._starts = (*STARTS, "/desk")

    def pages(self) -> dict[str, str]:
        """Return path -> HTML, breadth first."""
        waiting, found = deque(self._starts), {}
        seen, kinds = set(self._starts), Counter(map(kind_of, self._starts))
        while waiting:
            path = waiting.popleft()
            if path.startswith(FILES) or not (html := self.text(path, "text/html")):
                continue
            found[path] = html
            for href in re.findall(r'<a [^>]*?href="([^"#]*)', html):
                target = urljoin(f"{self._base}{path}", unescape(href))
                linked = target.removeprefix(self._base)
                is_ours = (
                    target.startswith(f"{self._base}/") and urlsplit(linked).path not in STREAMLIT
                )
                if is_ours and linked not in seen and kinds[kind_of(linked)] < self._each:
                    seen.add(linked)
                    kinds[kind_of(linked)] += 1
                    waiting.append(linked)
        return found

    def text(self, path: str, media_type: str) -> str:
        """Return what is at a path, an error's page too; "" where it is of another type."""
        try:
            answer = self._opener.open(self._base + path, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            is_asked = answer.headers.get_content_type() == media_type
            return str(answer.read().decode()) if is_asked else ""


def checker() -> Path:
    """Return the checker's jar, which npm fetches the first time."""
    jar = HOME / "node_modules/vnu-jar/build/dist/vnu.jar"
    if not jar.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run([*words, f"vnu-jar@{VERSION}"], cwd=HOME, check=True)
    return jar


def told(pages: dict[str, str], styles: str) -> dict[tuple[str, str], list[str]]:
    """Return (severity, message) -> the pages of which the checker says it, with what they have."""
    with tempfile.TemporaryDirectory() as name:
        folder, paths = Path(name), {}
        for number, (path, html) in enumerate(pages.items()):
            (folder / f"{number}.html").write_text(html, encoding="utf-8")
            paths[f"{number}.html"] = path
        (folder / "site.css").write_text(styles, encoding="utf-8")
        words = ["java", "-jar", str(checker()), "--format", "json", "--also-check-css", name]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = defaultdict(list)
    messages: list[dict[str, Any]] = json.loads(done.stderr)["messages"]
    for message in messages:
        severity = message.get("subType") or message["type"]
        page = paths.get(message["url"].rpartition("/")[2], "site.css")
        extract = " ".join(message.get("extract", "").split())
        found[severity, message["message"]].append(f"{page}: {extract[:200]}")
    return dict(found)


def main() -> int:
    """Walk, check and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="of the server: http://127.0.0.1:8501")
    parser.add_argument("--each", type=int, default=8, help="pages of each kind")
    parser.add_argument("--keeper", default="", help="the link that signs in")
    options = parser.parse_args()
    lacking = [tool for tool in ("java", "npm") if shutil.which(tool) is None]
    if lacking:
        print(f"The checker needs {' and '.join(lacking)}.")
        return 2
    walk = Walk(options.address, options.each, options.keeper)
    pages = walk.pages()
    found = told(pages, walk.text("/look/site.css", "text/css"))
    for (severity, message), places in sorted(found.items()):
        print(f"{severity}: {message} ({len(places)})\n    {places[0]}")
    kinds = Counter(severity for severity, _ in found)
    print(f"{len(pages)} pages of {len(set(map(kind_of, pages)))} kinds: {dict(kinds) or 'clean'}")
    return 1 if kinds["error"] else 0


if __name__ == "__main__":
    sys.exit(main())
