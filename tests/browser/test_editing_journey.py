"""Two keepers correct one record in a real browser: nothing that either of them typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from coproarchive.store import Store
from coproarchive.web.access import COOKIE
from making import SEMINAR
from serving import Served

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(browser: Browser, served: Served, session_id: str) -> Iterator[Page]:
    """Another keeper's tab, on a phone without script."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, color_scheme="dark"
    )
    context.add_cookies([{"name": COOKIE, "value": session_id, "url": served.address}])
    yield context.new_page()
    context.close()


def test_two_keepers_correct_a_seminar(page: Page, phone: Page, served: Served) -> None:
    """One moves and adds lines of the programme by script; the other, without, wrote before them.

    The first sees both programmes and keeps their own; the other's new place is kept as well.
    """
    moment = quote(datetime.now(UTC).isoformat())
    before = Store(served.archive).read_seminar(SEMINAR)
    address = f"{served.address}/desk/edit/seminar/{SEMINAR}"
    page.goto(f"{served.address}/seminar/{SEMINAR}")
    page.get_by_role("link", name="Edit Seminar 1: Baking together").click()
    expect(page).to_have_url(address)
    phone.goto(address)
    phone.get_by_label("Place").fill("Loafham")
    phone.get_by_role("button", name="Move line 1 down").click()
    expect(phone.get_by_label("Title").nth(1)).to_have_value("Secret")
    phone.get_by_role("button", name="Save").last.click()
    expect(phone.get_by_role("status")).to_contain_text("Saved.")

    programme = page.get_by_role("group", name="Programme")
    programme.get_by_role("button", name="More lines").click()
    last = programme.get_by_role("group").last
    last.get_by_label("Title").fill("Washing up")
    last.get_by_label("People").fill("Ada Baker")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("alert")).to_contain_text("Changed meanwhile")
    broken = Axe().run(page).response["violations"]
    assert [v["id"] for v in broken] == []
    expect(page.get_by_label("Place")).to_have_value("Loafham")
    page.get_by_role("radio", name="Save mine").check()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    seminar = Store(served.archive).read_seminar(SEMINAR)
    assert [s.title for s in seminar.programme] == ["Bread for all", "Secret", "Washing up"]
    assert seminar.place == "Loafham"

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(address)
    programme = page.get_by_role("group", name="Programme")
    titles = programme.get_by_label("Title")
    expect(titles.first).to_have_value("Secret")
    programme.get_by_role("button", name="Move line 1 down").click()
    expect(titles.first).to_have_value("Bread for all")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    page.goto(f"{served.address}/desk/undo?since={moment}")
    page.get_by_role("button", name="Take back 1 record").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert Store(served.archive).read_seminar(SEMINAR) == before
