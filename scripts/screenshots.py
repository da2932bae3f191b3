"""Take the documents' pictures: python scripts/screenshots.py [FOLDER].

Serves the bundled archive on a port of its own and takes SHOTS at the widths of a desk and of a
phone into docs/img. Needs a Chromium, or its path in COPRO_CHROMIUM; with LibreOffice, decks have
their pictures.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from serving import serving  # noqa: E402 - as tests serve an archive

PORT = 8597
ADDRESS = f"http://127.0.0.1:{PORT}"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = {"desk": (1280, 900), "phone": (375, 800)}
DRAW_SECONDS = 30
"""How long LibreOffice is given to draw the bundled decks."""
COLOURS = 128


class Shot(NamedTuple):
    """A picture to take.

    Attributes:
        name: of the file, before the width.
        width: of WIDTHS.
        path: address below the server's.
        scroll: CSS selector of what is to stand at the top, "" for the page's beginning.
        theme: light or dark; the picture's name has "dark" behind the width.
        is_whole: whether the picture goes on to the page's end.
    """

    name: str
    width: str
    path: str
    scroll: str = ""
    theme: Literal["light", "dark"] = "light"
    is_whole: bool = False


SEARCH = "/?q=%22power+sharing%22"
ITEM = "/item/6-coercive-environments/guide?q=power+sharing"
SLIDE = "/item/6-coercive-environments/guide/slide/9?q=power+sharing"
SHOTS = (
    Shot("search", "desk", SEARCH),
    Shot("search", "phone", SEARCH),
    Shot("item", "desk", ITEM),
    Shot("slide", "desk", SLIDE),
    Shot("slide", "phone", SLIDE),
    Shot("seminar", "desk", "/seminar/6-coercive-environments"),
    Shot("add", "desk", "/add"),
    Shot("parts", "desk", "/look/parts", is_whole=True),
    Shot("parts", "desk", "/look/parts", theme="dark", is_whole=True),
)


def launch(playwright: Playwright) -> Browser:
    """Start the Chromium that COPRO_CHROMIUM names, or the one that is found."""
    browser_path = os.environ.get("COPRO_CHROMIUM") or shutil.which("chromium")
    return playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)


def save(picture: bytes, path: Path) -> None:
    """Write a picture, in few colours so that the repository stays small."""
    taken = Image.open(io.BytesIO(picture))
    taken.convert("RGB").quantize(COLOURS).save(path, optimize=True)


def settle(page: Page) -> None:
    """Wait until Streamlit has run its script and pictures in view are there."""
    if page.locator("[data-testid=stApp]").count():
        page.wait_for_selector(
            "[data-testid=stApp][data-test-script-state=notRunning]"
            "[data-test-connection-state=CONNECTED]",
            timeout=30_000,
        )
        page.wait_for_selector("footer.foot", timeout=30_000)
        page.wait_for_timeout(400)
    page.wait_for_load_state("networkidle")


def take(page: Page, shot: Shot, path: Path) -> None:
    """Take one picture."""
    page.emulate_media(color_scheme=shot.theme)
    page.goto(ADDRESS + shot.path)
    settle(page)
    if shot.scroll:
        page.locator(shot.scroll).evaluate("e => e.scrollIntoView()")
        settle(page)
    save(page.screenshot(full_page=shot.is_whole), path)


def main(folder: Path) -> None:
    """Take every picture at every width into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name), ROOT / "archive", PORT) as served,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        page = browser.new_page(color_scheme="light")
        page.goto(served.link)
        page.goto(ADDRESS + ITEM)
        settle(page)  # slides are drawn when they are first asked for
        time.sleep(DRAW_SECONDS)
        for shot in SHOTS:
            width, height = WIDTHS[shot.width]
            page.set_viewport_size({"width": width, "height": height})
            theme = "-dark" if shot.theme == "dark" else ""
            take(page, shot, folder / f"{shot.name}-{shot.width}{theme}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "img")
