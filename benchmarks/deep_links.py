"""Where a reader stands who follows a link to a slide: 60 slides of 6 real decks, two widths.

    python benchmarks/deep_links.py [--shared DIR] [--slides 10] [--json]

Decks of 4:3 and 16:9 and a PDF of portrait pages, served as `coproarchive serve` does, their
pictures not yet drawn; Chromium with an empty cache for each link. Of a slide's own address the
slide must stay within 40 px of where it was first laid out, and in the first screen; of an address
of old (/item/ID#slide-3), with script and without, it must stand within 40 px of the window's top.
Ends with exit code 1 where one does not. Chromium: COPRO_CHROMIUM, or the one that is found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from coproarchive.model import Item, Series
from coproarchive.store import Store

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from serving import serving

DECKS = (
    ("talks/gjbex+training-material/Debugging__debugging.pptx", "slide", 222),
    ("talks/jbogard+presentations/DDDWithVSA__DDDWithVSA.pptx", "slide", 24),
    ("talks/akpoff+talks/slides__2015__texaslinuxfest__bsd_for_linux_users.pdf", "page", 41),
    ("talks/microsoft+AI-System/docs__SystemforAI-7-Platform.pdf", "page", 46),
    ("talks/deanwampler+Presentations/Hive-SQLforHadoop__Hive-SQLforHadoop.pdf", "page", 48),
    ("talks/ocbe-uio+public-slides/Example-Code__Masterclass-Bootstrap-2023-01__SPSS__"
     "Masterclass-bootstrap-eks-SPSS.pdf", "page", 14),
)  # fmt: skip
"""File below the shared corpus, kind of its leaves, and how many it has at least."""
WIDTHS = (1280, 390)
HEIGHT = 844
MOST_PIXELS = 40.0
PLACES = """
() => {
  window.places = [];
  const look = () => {
    const figure = document.querySelector(".leaf-figure");
    if (figure) window.places.push(figure.getBoundingClientRect().top);
    requestAnimationFrame(look);
  };
  look();
}
"""
"""Notes where the slide is at every frame, from the first."""


class Link(NamedTuple):
    """A link to a slide that was followed, and how many pixels beside its place the slide was."""

    address: str
    width: int
    way: str
    pixels: float


def make(root: Path, corpus: Path) -> None:
    """Make an archive of the decks, an item each: d0, d1, ..."""
    store = Store.create(root, Series(title="Six decks"))
    for number, (file, _, _) in enumerate(DECKS):
        source = corpus / file
        store.add_item(Item(id=f"d{number}", title=source.stem), {f"deck{source.suffix}": source})


def follow(browser: Browser, base: str, path: str, kind: str, number: int) -> Iterator[Link]:
    """Follow the links to one slide at both widths, each with an empty cache."""
    for width in WIDTHS:
        for way in ("address", "fragment", "without script"):
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHT},
                java_script_enabled=way != "without script",
            )
            tab = context.new_page()
            if way == "address":
                tab.add_init_script(f"({PLACES})()")
                tab.goto(f"{base}{path}/{kind}/{number}")
                places = tab.evaluate("window.places")
                last = tab.locator(".leaf-figure").bounding_box()
                assert last is not None
                beyond = max(last["y"] - HEIGHT / 2, 0.0)
                pixels = max(abs(last["y"] - places[0]), beyond) if places else beyond
            else:
                tab.goto(f"{base}{path}#{kind}-{number}")
                if way == "fragment":
                    tab.wait_for_url(f"**{path}/{kind}/{number}#*")
                    tab.wait_for_load_state()
                box = tab.locator(f"#{kind}-{number}").bounding_box()
                pixels = abs(box["y"]) if box else float("inf")
            context.close()
            yield Link(f"{path}/{kind}/{number}", width, way, round(pixels, 1))


def main() -> int:
    """Serve the decks, follow the links and print how far off each was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=os.environ.get("COPRO_SHARED", "../shared"))
    parser.add_argument("--slides", type=int, default=10, help="of each deck")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chromium = os.environ.get("COPRO_CHROMIUM") or shutil.which("chromium")
    draw = random.Random(15)
    links: list[Link] = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        root = Path(name)
        make(root / "archive", Path(options.shared) / "corpus")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        quiet = {"COPROARCHIVE_PICTURES_AHEAD": "off"}
        with serving(root, root / "archive", **quiet) as served:
            for deck, (_, kind, count) in enumerate(DECKS):
                for number in sorted(draw.sample(range(1, count + 1), options.slides)):
                    links += follow(browser, served.address, f"/item/d{deck}", kind, number)
        browser.close()
    off = [link for link in links if link.pixels > MOST_PIXELS]
    figures = {
        "links": len(links),
        "slides": len({link.address for link in links}),
        "most_pixels": {
            way: max(link.pixels for link in links if link.way == way)
            for way in dict.fromkeys(link.way for link in links)
        },
        "off": [link._asdict() for link in off],
    }
    print(json.dumps(figures, indent=None if options.json else 2))
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
