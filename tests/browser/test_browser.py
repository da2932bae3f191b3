"""The page in a real browser: searching, narrowing, going back, reading, downloading, adding."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlparse

import pptx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from making import HOSTILE, SEMINAR, make_archive, make_pdf
from serving import Served, serving

pytestmark = pytest.mark.browser

READY = (
    "[data-testid=stApp][data-test-script-state=notRunning]"
    "[data-test-connection-state=CONNECTED]"
)  # fmt: skip


def visit(page: Page, served: Served, path: str = "/") -> None:
    """Open an address of Streamlit's and wait until it is shown."""
    page.goto(served.address + path)
    settle(page)


def settle(page: Page) -> None:
    """Wait until the script has run."""
    page.wait_for_selector(READY, timeout=30_000)
    page.wait_for_selector("footer.foot", timeout=30_000)
    page.wait_for_selector("#coproarchive-live", state="attached", timeout=30_000)


def total(page: Page, text: str) -> None:
    """The number of items found is shown."""
    expect(page.locator(".total").first).to_have_text(re.compile(rf"(^|in ){text}( found)?$"))


def test_searching_narrowing_and_going_back(page: Page, served: Served) -> None:
    """Words, then a choice, then Back twice: the address, the widgets and the hits agree."""
    visit(page, served)
    box = page.get_by_label("Search talks, slides and posts")
    box.fill("bread")
    box.press("Enter")
    total(page, "2 items")
    assert parse_qs(urlparse(page.url).query) == {"q": ["bread"]}
    post = page.get_by_role("checkbox", name="Post", exact=True)
    post.click()
    total(page, "1 item")
    expect(post).to_be_focused()
    assert parse_qs(urlparse(page.url).query) == {"q": ["bread"], "kind": ["post"]}
    page.get_by_role("link", name="Kind: Post, remove").click()
    total(page, "2 items")
    page.go_back()
    total(page, "1 item")
    page.go_back()
    total(page, "2 items")
    expect(post).not_to_be_checked()
    page.go_back()
    expect(page.get_by_role("heading", name="Newest talks")).to_be_visible()
    expect(box).to_have_value("")


WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const shift of list.getEntries())
    window.shifts.push([shift.value, ...shift.sources.map(s => s.node?.className)]);
}).observe({type: "layout-shift", buffered: true});
"""


def test_a_reader_comes_back_to_the_same_place(page: Page, served: Served) -> None:
    """After a talk; nothing moved while the page was drawn, and the first hit is near the top."""
    page.set_viewport_size({"width": 1280, "height": 500})
    page.add_init_script(WATCH_SHIFTS)
    visit(page, served, "/?sort=title")
    total(page, "5 items")
    assert page.locator(".hit h3").first.bounding_box()["y"] < 200  # type: ignore[index]
    shifts = page.evaluate("window.shifts")
    assert sum(shift[0] for shift in shifts) < 0.1, shifts
    last = page.locator(".hit h3 a").last
    last.scroll_into_view_if_needed()
    before = last.bounding_box()
    last.click()
    page.wait_for_url("**/item/**")
    page.go_back()
    settle(page)
    expect(last).to_be_in_viewport()
    assert abs(last.bounding_box()["y"] - before["y"]) < 4  # type: ignore[index]


def test_years_are_chosen_by_dragging(page: Page, served: Served) -> None:
    """From one bar to another; a chip says which."""
    visit(page, served, "/?sort=date")
    bars = page.locator(".years .bar")
    bars.nth(1).hover()
    page.mouse.down()
    bars.nth(2).hover()
    page.mouse.up()
    expect(page.get_by_role("link", name="2018 to 2019, remove")).to_be_visible()
    assert parse_qs(urlparse(page.url).query)["after"] == ["2018"]


def test_suggestions_while_typing(page: Page, served: Served) -> None:
    """Titles, speakers and topics are offered under the box; hidden things are not."""
    visit(page, served)
    box = page.get_by_label("Search talks, slides and posts")
    box.press_sequentially("sour")
    expect(page.locator("#coproarchive-suggestions option[value=Sourdough]")).to_have_count(1)
    box.fill("")
    with page.expect_response("**/suggest?q=zanz"):
        box.press_sequentially("zanz")
    expect(page.locator("#coproarchive-suggestions option")).to_have_count(0)
    box.fill("bread")
    box.press("Enter")
    total(page, "2 items")


def test_a_sent_link_opens_the_same_search(page: Page, served: Served) -> None:
    """Every state is an address; reloading changes nothing; the number is read out."""
    visit(page, served, "/?q=bread&kind=post&sort=title")
    total(page, "1 item")
    expect(page.get_by_role("checkbox", name="Post", exact=True)).to_be_checked()
    expect(page.locator("#coproarchive-live")).to_have_text("1 slide in 1 item")
    page.reload()
    settle(page)
    total(page, "1 item")
    expect(page).to_have_title("bread – Search – Talks on bread")


def test_from_a_hit_to_its_slide_and_back(page: Page, served: Served) -> None:
    """The hit's slide opens in the same tab, marked; Back returns to the results."""
    visit(page, served, "/?q=millstone")
    page.get_by_role("link", name="Slide 3").click()
    page.wait_for_url(f"**/item/{SEMINAR}/bread-for-all/slide/3?q=millstone")
    expect(page.locator(".words mark")).to_have_text("Millstone")
    page.go_back()
    settle(page)
    total(page, "1 item")


def test_a_download_is_the_very_file(page: Page, served: Served) -> None:
    """The bytes that were archived, under their own name."""
    page.goto(f"{served.address}/item/windmills")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="mill.pdf").click()
    assert waiting.value.suggested_filename == "mill.pdf"
    (original,) = served.archive.rglob("mill.pdf")
    assert Path(waiting.value.path()).read_bytes() == original.read_bytes()


def test_a_deck_with_withheld_words_is_downloaded_without_them(page: Page, served: Served) -> None:
    """Under a name that says so."""
    page.goto(f"{served.address}/item/{SEMINAR}/bread-for-all")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="bread.pptx").click()
    assert waiting.value.suggested_filename == "bread-without-hidden-slides.pptx"
    assert len(pptx.Presentation(str(waiting.value.path())).slides) > 0


@pytest.mark.threat(1)
def test_hostile_text_runs_nothing(page: Page, served: Served) -> None:
    """Titles, slides, names and queries with scripts in them are shown as text."""
    for path in ("/?q=loaf", f"/?q={HOSTILE}", "/item/hostile", "/person/hostile"):
        page.goto(served.address + path)
        if path.startswith("/?"):
            settle(page)
    visit(page, served, "/?q=loaf")
    expect(page.locator(".hits h3").first).to_contain_text("<script>alert('x')</script>")
    assert page.locator(".hits script, .hits img[src=x]").count() == 0


def test_a_file_too_many_is_said_on_the_page(browser: Browser, tmp_path: Path) -> None:
    """Why it was not taken and what to do, beside the row of the one that was."""
    files = [make_pdf(tmp_path / f"{name}.pdf", [name]) for name in ("buns", "pies")]
    for file in files:
        with file.open("ab") as pdf:
            pdf.write(b"%" * 700_000)
    archive = make_archive(tmp_path / "archive")
    with serving(tmp_path, archive, COPROARCHIVE_UPLOAD_SESSION_MB="1") as served:
        page = browser.new_page()
        page.goto(served.link)
        visit(page, served, "/add")
        page.set_input_files("input[type=file]", [str(f) for f in files])
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("This page has too many large files.", timeout=30_000)
        expect(alert).to_contain_text("Save those that are here first.")
        expect(page.get_by_role("button", name="Save all 1")).to_be_visible(timeout=30_000)
        page.close()


PATHS = [
    "/", "/?q=bread", "/?q=xylophone", "/?sort=date&view=slides", "/search?q=bread", "/add",
    "/desk/problems", f"/item/{SEMINAR}/bread-for-all",
    f"/item/{SEMINAR}/bread-for-all/slide/3?q=flour", f"/item/{SEMINAR}/bread-for-all/text",
    "/item/a-post?q=bread",
    f"/seminar/{SEMINAR}", "/seminars", "/people", "/topics", "/person/ada-baker", "/nowhere",
    "/desk", f"/desk/edit/seminar/{SEMINAR}", f"/desk/edit/item/{SEMINAR}/bread-for-all",
]  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (320, "light")])
@pytest.mark.parametrize("path", PATHS)
def test_everybody_can_use_it(
    page: Page, served: Served, path: str, width: int, scheme: Literal["dark", "light"]
) -> None:
    """No WCAG 2.2 A or AA rule of axe is broken, and nothing needs scrolling sideways."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto(served.address + path)
    if path.split("?", maxsplit=1)[0] in ("/", "/add"):
        settle(page)
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": rules}})
    broken = found.response["violations"]
    said = [f"{v['id']}: {[n['html'][:150] for n in v['nodes']]}" for v in broken]
    assert not said, "\n".join(said)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_everything(page: Page, served: Served) -> None:
    """On a phone's width the ways to narrow open by their named button; focus can be seen."""
    page.set_viewport_size({"width": 375, "height": 800})
    visit(page, served, "/?q=bread")
    button = page.get_by_role("button", name="Narrow the results")
    post = page.get_by_role("checkbox", name="Post", exact=True)
    expect(post).not_to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    post.focus()
    page.keyboard.press("Space")
    show = page.get_by_role("button", name="Show 1 item")
    expect(show).to_be_visible()  # the drawer is open until it is closed
    page.keyboard.press("Escape")
    expect(post).not_to_be_visible()
    expect(button).to_be_focused()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{served.address}/?q=bread")
    settle(page)
    in_hit = "document.activeElement.closest('.hit') !== null"
    presses = 0  # 12 for a reader: who keeps the archive has two more in the navigation bar
    while presses < 14 and not page.evaluate(in_hit):
        page.keyboard.press("Tab")
        presses += 1
    assert page.evaluate(in_hit)
    page.goto(f"{served.address}/item/{SEMINAR}/bread-for-all")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the text")
    expect(skip).to_be_focused()
    outline = skip.evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"


def test_a_deleted_index_is_a_message_with_the_command(page: Page, served: Served) -> None:
    """While the page runs: what is wrong and the one command to run; then it works again."""
    visit(page, served, "/?q=bread")
    shutil.rmtree(served.index)
    visit(page, served, "/?q=millstone")
    expect(page.get_by_role("alert")).to_contain_text("coproarchive index")
    command = [sys.executable, "-m", "coproarchive", "index"]
    command += ["--archive", str(served.archive), "--index", str(served.index)]
    subprocess.run(command, check=True, capture_output=True)
    visit(page, served, "/?q=millstone")
    total(page, "1 item")
