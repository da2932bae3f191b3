"""A volunteer at the desk, in a real browser: correct, undo, replace, hide, withdraw, and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from making import make_pdf
from serving import Served

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def correct_title(page: Page, served: Served, item: str, title: str) -> None:
    page.goto(f"{served.address}/desk/edit/item/{item}")
    page.get_by_label("Title").first.fill(title)
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("#notice")).to_be_visible()


@pytest.mark.browser
def test_a_volunteer_corrects_undoes_replaces_hides_and_withdraws(
    page: Page, served: Served, tmp_path: Path
) -> None:
    """And takes all of it back at once in the end, so that the archive is as it was."""
    moment = datetime.now(UTC).isoformat()
    notice, address = page.locator("#notice"), served.address
    correct_title(page, served, "windmills", "Tide mills")
    correct_title(page, served, "a-post", "On cooperation")
    notice.get_by_role("button", name="Undo").click()
    expect(notice).to_contain_text("Taken back")
    page.goto(f"{address}/item/a-post")
    expect(page.get_by_role("heading", level=1)).to_have_text("On co-production of bread")
    page.goto(f"{address}/desk/history?of=windmills")
    page.get_by_role("link", name=re.compile("What changed")).first.click()
    expect(page.locator(".diff .was del")).to_have_text("Windmills")

    page.goto(f"{address}/desk/files/windmills")
    page.get_by_text("Replace, name, show or hide").first.click()
    new = make_pdf(tmp_path / "new.pdf", ["Sails and vanes"])
    page.get_by_label("New version of mill.pdf").set_input_files(new)
    page.get_by_role("button", name="Replace").click()
    expect(notice).to_contain_text("mill.pdf has a new version")
    with page.expect_download() as saved:
        page.get_by_role("link", name=re.compile(r"Download mill\.pdf of")).click()
    assert saved.value.path().read_bytes() != new.read_bytes()

    page.goto(f"{address}/desk/visibility/windmills")
    page.get_by_label("only those who keep the archive").check()
    page.get_by_role("button", name="Save").click()
    expect(notice).to_contain_text("hidden from readers")
    page.get_by_role("link", name="What readers see at its address").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")

    page.goto(f"{address}/desk/visibility/a-post")
    page.get_by_label("Reason, for readers").fill("At the speaker's wish.")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("link", name="What readers see at its address").click()
    expect(page.locator("main")).to_contain_text("At the speaker's wish.")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("desk/history", "desk/files/windmills", "desk/people", "desk/batch?q=bread"):
        page.goto(f"{address}/{path}")
        broken = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
        assert [v["id"] for v in broken.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.goto(f"{address}/desk/undo?since={moment.replace('+', '%2B')}")
    page.get_by_role("button", name="Take back 2 records").click()
    expect(notice).to_contain_text("2 records are as before")
    page.goto(f"{address}/item/windmills")
    expect(page.get_by_role("heading", level=1)).to_have_text("Windmills")
