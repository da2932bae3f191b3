"""A real server over the small archive, and a real Chromium that asks it."""

from __future__ import annotations

import http.cookiejar
import os
import shutil
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from coproarchive.web.access import COOKIE
from making import make_archive
from serving import Served, serving

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`coproarchive serve` as an archivist starts it, over the small archive."""
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, make_archive(folder / "archive")) as page:
        yield page


@pytest.fixture(scope="session")
def session_id(served: Served) -> str:
    """The keeper's session, opened by the printed link."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.open(served.link, timeout=20).close()
    return next(str(cookie.value) for cookie in jar if cookie.name == COOKIE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; where it is missing, a skip, or a failure where it was asked for."""
    chromium = os.environ.get("COPRO_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        if os.environ.get("COPRO_REQUIRE_BROWSER"):
            pytest.fail("there is no chromium on this machine")
        pytest.skip("no chromium: set COPRO_CHROMIUM to its path")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, served: Served, session_id: str) -> Iterator[Page]:
    """A keeper's tab, which fails the test when a script of the page does."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": COOKIE, "value": session_id, "url": served.address}])
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}"))
    yield tab
    context.close()
    assert not errors
