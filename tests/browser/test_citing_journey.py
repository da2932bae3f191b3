"""From an empty page to the pasted reference of the right slide, in a real browser."""

from __future__ import annotations

import pytest
import rispy
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from making import SEMINAR
from serving import Served

SLIDE = f"/item/{SEMINAR}/bread-for-all/slide/3"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.mark.browser
def test_a_researcher_pastes_the_reference_of_a_slide_in_five_actions(
    page: Page, served: Served
) -> None:
    """Type, Enter, the slide, Copy RIS, paste; then other styles, and the card of the slide."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{served.address}/search")
    page.get_by_role("searchbox").first.fill("millstone")  # 1
    page.keyboard.press("Enter")  # 2
    page.locator(f'a[href^="{SLIDE}"]').first.click()  # 3
    page.get_by_role("button", name="Copy RIS").click()  # 4
    expect(page.get_by_role("status").filter(has_text="Copied: RIS")).to_be_visible()
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<textarea id=paste></textarea>')")
    page.locator("#paste").focus()
    page.keyboard.press("Control+V")  # 5
    (reference,) = rispy.loads(page.locator("#paste").input_value())
    assert (reference["title"], reference["start_page"]) == ("Bread for all", "3")
    assert reference["urls"] == [f"{served.address}{SLIDE}"]

    page.get_by_label("Style").select_option("MLA")
    expect(page.locator("#cite-text")).to_contain_text("‘Bread for All’")
    expect(page.locator("#cite-text")).to_contain_text("(Baker, slide 3)")
    page.set_viewport_size({"width": 320, "height": 800})
    for path in (f"{SLIDE}/cite", f"{SLIDE}/quote", "/privacy"):
        page.goto(served.address + path)
        broken = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
        assert [v["id"] for v in broken.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.goto(f"{served.address}{SLIDE}/quote")
    page.get_by_role("button", name="Copy the card").click()
    expect(page.get_by_role("status").filter(has_text="Copied the card")).to_be_visible()
    kinds = page.evaluate("navigator.clipboard.read().then((items) => items[0].types)")
    assert {"text/html", "text/plain"} <= set(kinds)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as one image").click()
    assert saved.value.suggested_filename == f"{SEMINAR}-bread-for-all-slide-3.png"
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
