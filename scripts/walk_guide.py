"""Follow docs/guide/volunteer.md in a browser: python scripts/walk_guide.py [FOLDER OF PICTURES].

From an empty folder to twenty invented files that were added, described, corrected, undone,
replaced, hidden, withdrawn, backed up and restored. It fails where the guide would stop. Needs a
Chromium, or its path in COPRO_CHROMIUM.
"""

from __future__ import annotations

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from making import make_deck, make_pdf  # noqa: E402 - invented files, as the tests have them
from screenshots import launch, save  # noqa: E402
from serving import serving  # noqa: E402

PORT = 8598
ADDRESS = f"http://127.0.0.1:{PORT}"
CROPS = (
    "Barley", "Oats", "Rye", "Spelt", "Millet", "Buckwheat", "Sorghum", "Emmer", "Einkorn",
    "Triticale", "Maize", "Teff", "Quinoa", "Amaranth", "Durum", "Farro", "Fonio", "Kamut",
)  # fmt: skip
"""One talk each; with the two forms of a nineteenth they are twenty files."""


def make_files(folder: Path) -> list[Path]:
    """Make the twenty files that a seminar left behind."""
    files = [
        make_pdf(
            folder / f"{crop.lower()}.pdf", [f"{crop} on our fields", f"How {crop.lower()} is sown"]
        )
        for crop in CROPS
    ]
    files.append(make_deck(folder / "closing.pptx", extra_title="What we take home"))
    files.append(make_pdf(folder / "closing.pdf", ["What we take home\nby Ada Baker"]))
    return files


def command(*words: str | Path) -> None:
    """Run coproarchive; stop where it fails."""
    subprocess.run([sys.executable, "-m", "coproarchive", *map(str, words)], check=True)


class Walk:
    """One volunteer at one browser.

    Args:
        page: of the browser.
        pictures: folder for the guide's pictures.
    """

    def __init__(self, page: Page, pictures: Path):
        self.page = page
        self.notice = page.locator("#notice")
        self._pictures = pictures

    def take(self, name: str) -> None:
        """Take a picture of what the volunteer sees."""
        self.page.wait_for_timeout(500)
        save(self.page.screenshot(), self._pictures / f"volunteer-{name}.png")

    def add(self, files: list[Path]) -> None:
        """Add all files as one table."""
        page = self.page
        page.goto(f"{ADDRESS}/add")
        page.locator("input[type=file]").set_input_files(files)
        page.get_by_role("button", name="Discard all of these").wait_for(timeout=120_000)
        seminar = page.get_by_label("Seminar (choose")
        seminar.fill("Old grains")
        seminar.press("Enter")
        page.get_by_label("Date (2017").fill("2019-05")
        page.get_by_role("button", name="Set in all rows").click()
        looked = page.get_by_role("button", name="I have looked at all of this")
        page.wait_for_timeout(4_000)
        page.locator("[data-testid=stDataFrame]").scroll_into_view_if_needed()
        self.take("add")
        if looked.is_enabled():
            looked.click()
        page.get_by_role("button", name="Save all 19").click(timeout=60_000)
        expect(page.get_by_text("Saved:")).to_be_visible(timeout=120_000)

    def search(self) -> None:
        """Find a word of a talk."""
        self.page.goto(f"{ADDRESS}/search?q=buckwheat")
        link = self.page.locator('a[href^="/item/old-grains/"]').first
        expect(link).to_be_visible(timeout=60_000)

    def correct(self, name: str, title: str) -> None:
        """Correct a title, found from the desk."""
        self.page.goto(f"{ADDRESS}/desk")
        self.page.get_by_label("Find a record to correct").fill(name)
        self.page.get_by_role("button", name="Find").click()
        self.page.locator('a[href^="/desk/edit/item/"]').first.click()
        self.page.get_by_label("Title").first.fill(title)
        self.page.get_by_role("button", name="Save").last.click()
        expect(self.notice).to_be_visible()

    def describe_slide(self) -> None:
        """Describe a slide for those who cannot see it."""
        self.page.goto(f"{ADDRESS}/item/old-grains/rye-on-our-fields/page/2")
        self.page.get_by_role("link", name="Edit Page 2").click()
        described = self.page.get_by_label("Description, for those who cannot see it")
        described.fill("A hand sows rye in rows, seen from above.")
        self.take("slide")
        self.page.get_by_role("button", name="Save", exact=True).click()
        expect(self.notice).to_be_visible()

    def replace(self, new: Path) -> None:
        """Put a new version of a file in the place of the old."""
        self.page.goto(f"{ADDRESS}/desk/files/old-grains/oats-on-our-fields")
        self.page.get_by_text("Replace, name, show or hide").first.click()
        self.page.get_by_label("New version of oats.pdf").set_input_files(new)
        self.take("files")
        self.page.get_by_role("button", name="Replace").click()
        expect(self.notice).to_contain_text("oats.pdf has a new version")

    def hide_and_withdraw(self) -> None:
        """Hide one talk, and take another back."""
        self.page.goto(f"{ADDRESS}/desk/visibility/old-grains/teff-on-our-fields")
        self.page.get_by_label("only those who keep the archive").check()
        self.page.get_by_role("button", name="Save").click()
        expect(self.notice).to_contain_text("hidden from readers")
        self.page.goto(f"{ADDRESS}/desk/visibility/old-grains/fonio-on-our-fields")
        self.page.get_by_label("Reason, for readers").fill("At the speaker’s wish.")
        self.page.get_by_role("button", name="Take it back").click()
        self.page.get_by_role("link", name="What readers see at its address").click()
        expect(self.page.locator("main")).to_contain_text("At the speaker’s wish.")
        self.take("withdrawn")

    def look(self, name: str) -> None:
        """Look at a page of the desk."""
        self.page.goto(f"{ADDRESS}/desk/{name}")
        self.page.wait_for_timeout(6_000 if name == "problems" else 500)
        self.take(name)


def main(pictures: Path) -> None:
    """Follow the guide from an empty folder; leave nothing but its pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive, backups = folder / "talks", folder / "backups"
        files = make_files(folder / "files")
        command("--archive", archive, "init", "--title", "Our seminars")
        with (
            serving(folder, archive, PORT, COPROARCHIVE_OFFICE="off") as served,
            sync_playwright() as playwright,
        ):
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(served.link)
            walk = Walk(page, pictures)
            walk.add(files)
            walk.search()
            walk.correct("barley", "Barley, and the beer of it")
            walk.correct("millet", "Millet in dry years")
            walk.take("undo")
            walk.notice.get_by_role("button", name="Undo").click()
            expect(walk.notice).to_contain_text("Taken back")
            walk.describe_slide()
            walk.replace(make_pdf(folder / "new.pdf", ["Oats on our fields", "Oats, told anew"]))
            walk.hide_and_withdraw()
            walk.look("problems")
            browser.close()
        command("--archive", archive, "backup", backups)
        command("--archive", archive, "verify")
        command("restore", backups, folder / "restored")
        compared = filecmp.dircmp(archive / "old-grains", folder / "restored" / "old-grains")
        assert not (compared.left_only or compared.right_only or compared.diff_files)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "img")
