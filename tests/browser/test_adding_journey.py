"""Adding in a real browser: dropped, described as a table, reloaded in the middle, saved, found."""

from __future__ import annotations

import base64
import contextlib
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, TimeoutError, expect

from coproarchive.desk.drafts import Shelf
from making import make_deck, make_pdf
from serving import Served

pytestmark = pytest.mark.browser

DROP = """
([target, files]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files)
    transfer.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name));
  for (const kind of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(kind, {dataTransfer: transfer, bubbles: true}));
}
"""
TALKS = ("muffins", "crumpets", "bagels", "pretzels")
TABLE = "[data-testid=stDataFrame]"


def drop(page: Page, files: list[Path]) -> None:
    """Drag files over the place for them, and let go."""
    zone = page.get_by_test_id("stFileUploaderDropzone").element_handle()
    data = [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
    page.evaluate(DROP, [zone, data])


def type_title(page: Page, title: str) -> None:
    """Type into the cell of the first row's title."""
    table = page.locator(TABLE)
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box
    page.mouse.dblclick(box["x"] + 300, box["y"] + 40 + 38)
    page.locator("#portal textarea").wait_for(timeout=3000)  # else the keys go to the table
    page.keyboard.press("Control+a")
    page.keyboard.type(title)
    page.keyboard.press("Enter")


def test_six_files_are_added_at_once(page: Page, served: Served, tmp_path: Path) -> None:
    """Two forms of a talk and four others: five rows, one seminar for all, one cell, one save."""
    files = [make_pdf(tmp_path / f"{name}.pdf", [f"All about {name}"]) for name in TALKS]
    files.append(make_deck(tmp_path / "scones.pptx", extra_title="Scones at dawn"))
    files.append(make_pdf(tmp_path / "scones.pdf", ["Scones at dawn", "tea@crumbs.example"]))
    page.goto(f"{served.address}/add")
    drop(page, files)
    expect(page.get_by_role("button", name="Save 4 of 5")).to_be_visible(timeout=60_000)
    page.locator(f"{TABLE} canvas").first.wait_for()
    shelf = Shelf(served.archive)
    (set_id,) = shelf.ids()
    for _ in range(60):  # the table is shown anew, once, when the first slides are drawn
        if "Boiled bagels" in [row.values.title for row in shelf.read(set_id).rows]:
            break
        with contextlib.suppress(TimeoutError):
            type_title(page, "Boiled bagels")
        page.wait_for_timeout(1000)  # an edit is sent a moment after it was made
    page.reload()
    expect(page.get_by_text("Boiled bagels").first).to_be_attached(timeout=60_000)

    seminar = page.get_by_label("Seminar (choose")
    seminar.fill("Tea time")
    seminar.press("Enter")
    page.get_by_label("Date (2017").fill("2019-05")
    page.get_by_role("button", name="Set in all rows").click()
    page.get_by_role("button", name="I have looked at all of this").click()
    broken = Axe().run(page, options={"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa"]}})
    rules = {violation["id"] for violation in broken.response["violations"]}
    assert not rules
    page.get_by_role("button", name="Save all 5").click()
    expect(page.get_by_text("Saved:")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="Boiled bagels")).to_be_visible()
    assert Shelf(served.archive).ids() == []
    folders = sorted(p.name for p in (served.archive / "tea-time").iterdir() if p.is_dir())
    assert folders == [
        "all-about-crumpets", "all-about-muffins", "all-about-pretzels", "boiled-bagels",
        "scones-at-dawn",
    ]  # fmt: skip
    for word in (*TALKS, "scones"):
        page.goto(f"{served.address}/search?q={word}")
        expect(page.locator(f'a[href^="/item/tea-time/"]:has-text("{word}")').first).to_be_visible()

    shutil.rmtree(served.archive / "tea-time")  # other journeys walk the archive as it was
    for _ in range(60):
        page.goto(f"{served.address}/search")
        if "tea-time" not in page.content():
            return
        page.wait_for_timeout(1000)
    pytest.fail("what was taken out by hand is still found")
