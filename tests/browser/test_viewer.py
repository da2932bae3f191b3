"""A talk's pages in a real browser: addresses of old, keys, and without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from making import SEMINAR
from serving import Served

pytestmark = pytest.mark.browser

BREAD = f"/item/{SEMINAR}/bread-for-all"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scripted", [True, False])
def test_an_address_of_old_arrives(
    browser: Browser, served: Served, width: int, scripted: bool
) -> None:
    """The slide stands at the top of the window: on its page, or without script on the overview."""
    size = {"width": width, "height": 844}
    context = browser.new_context(viewport=size, java_script_enabled=scripted)  # type: ignore[arg-type]  # a dictionary of two numbers
    tab = context.new_page()
    for number in (2, 4):
        tab.goto(f"{served.address}{BREAD}#slide-{number}")
        if scripted:
            tab.wait_for_url(f"**{BREAD}/slide/{number}#slide-{number}")
        box = tab.locator(f"#slide-{number}").bounding_box()
        assert box is not None
        assert abs(box["y"]) < 40
    context.close()


def test_a_talk_is_walked_by_keys(page: Page, served: Served) -> None:
    """Arrows, a slash to search in it, a larger picture, all slides over this one."""
    page.goto(f"{served.address}{BREAD}/slide/1")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**{BREAD}/slide/2")
    page.wait_for_function("document.readyState === 'complete'")
    page.keyboard.press("f")
    expect(page.locator("dialog.larger img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.larger")).to_have_count(0)
    page.keyboard.press("o")
    grid = page.get_by_role("dialog", name="All slides")
    expect(grid.locator("a[aria-current]")).to_be_focused()
    expect(grid.locator(".shot")).to_have_count(4)
    page.keyboard.press("ArrowRight")
    expect(grid.locator("a").nth(2)).to_be_focused()
    page.keyboard.press("o")
    expect(grid).to_have_count(0)
    page.keyboard.press("/")
    expect(page.locator("#inside")).to_be_focused()
    page.keyboard.type("millstone")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{BREAD}/slide/2?q=millstone")
    page.get_by_role("link", name="Next hit").click()
    page.wait_for_url(f"**{BREAD}/slide/3?q=millstone")
    expect(page.locator(".words mark")).to_have_text("Millstone")
