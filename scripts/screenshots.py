"""Take screenshots of a running page: python scripts/screenshots.py ADDRESS FOLDER [PATH...]."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = {"wide": (1280, 900), "phone": (375, 800)}
PATHS = ("/", "/?q=co-production", "/seminars", "/people", "/add", "/problems")


def settled(page: Page) -> None:
    """Wait until Streamlit has run its script; plain pages are ready at once."""
    app = page.locator("[data-testid=stApp]")
    if app.count():
        page.wait_for_selector(
            "[data-testid=stApp][data-test-script-state=notRunning]"
            "[data-test-connection-state=CONNECTED]",
            timeout=30_000,
        )
        page.wait_for_selector("footer.foot", timeout=30_000)
        page.wait_for_timeout(400)


def main(address: str, folder: Path, paths: tuple[str, ...]) -> None:
    """Each path at each width, in light and dark."""
    browser_path = os.environ.get("COPRO_CHROMIUM") or shutil.which("chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        for scheme in ("light", "dark"):
            for name, (width, height) in WIDTHS.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                page = context.new_page()
                for path in paths:
                    page.goto(address + path)
                    settled(page)
                    slug = re.sub(r"\W+", "-", path).strip("-") or "start"
                    page.screenshot(path=folder / f"{slug}-{name}-{scheme}.png")
                context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), tuple(sys.argv[3:]) or PATHS)
