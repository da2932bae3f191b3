"""Pictures of pages and slides: made aside, kept, and never shown to whom the slide is hidden."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from coproarchive import pictures
from coproarchive.extract.base import Limits
from coproarchive.extract.drawing import Drawing
from coproarchive.extract.office import find_office
from coproarchive.extract.worker import Job
from coproarchive.library import Library
from coproarchive.pictures import Pictures, card
from coproarchive.web.access import Access
from coproarchive.web.routes import routes
from making import SEMINAR, make_deck, make_pdf

PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


@pytest.fixture
def open_pictures(tmp_path: Path) -> Iterator[Callable[..., Pictures]]:
    opened: list[Pictures] = []

    def open_it(office: str = "", seconds: float = 60) -> Pictures:
        opened.append(Pictures(tmp_path / "index" / "pictures", Limits(seconds=seconds), office))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


def job(path: Path, media_type: str = PDF) -> Job:
    return Job(path, hashlib.sha256(path.read_bytes()).hexdigest(), media_type)


def soon(get: Callable[[], Path | None], seconds: float = 60) -> Path | None:
    """What it gives within the time, asked as a reader's browser would: again and again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = get()
        if found is not None:
            return found
        time.sleep(0.05)
    return None


def settled(made: Pictures) -> None:
    """Wait until nothing is being drawn."""
    until = time.monotonic() + 60
    while made._requests and time.monotonic() < until:
        time.sleep(0.02)
    assert not made._requests


def test_pages_are_drawn_aside_and_kept(
    tmp_path: Path, open_pictures: Callable[..., Pictures]
) -> None:
    """The first question answers at once with nothing; later there is a WebP of the width."""
    asked = job(make_pdf(tmp_path / "a.pdf", ["One", "Two", "Three"]))
    made = open_pictures()
    assert made.get(asked, 2, 320, 3) is None
    found = soon(lambda: made.get(asked, 2, 320, 3))
    assert found is not None
    with Image.open(found) as picture:
        assert (picture.format, picture.width) == ("WEBP", 320)
    # Its neighbours came with it, and all survive the process.
    settled(made)
    made.close()
    assert open_pictures().get(asked, 3, 320, 3) is not None


def test_what_cannot_be_drawn_is_not_tried_again(
    tmp_path: Path, open_pictures: Callable[..., Pictures]
) -> None:
    """A broken file, with the reason kept; another time limit tries again."""
    broken = tmp_path / "a.pdf"
    broken.write_bytes(b"%PDF-1.4")
    made = open_pictures()
    assert made.get(job(broken), 1, 320, 1) is None
    settled(made)
    (why,) = (tmp_path / "index").rglob("not-drawn.txt")
    assert "cannot be drawn" in why.read_text()
    assert made.get(job(broken), 1, 320, 1) is None
    assert not made._requests
    again = open_pictures(seconds=61)
    again.get(job(broken), 1, 320, 1)
    assert again._requests


def test_a_disk_that_fails_is_no_fault_of_the_file(
    tmp_path: Path, open_pictures: Callable[..., Pictures], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No reason is kept: the file is drawn by who asks later."""
    asked = job(make_pdf(tmp_path / "a.pdf", ["One"]))
    made = open_pictures()
    failed: Future[Drawing] = Future()
    failed.set_exception(OSError(errno.EIO, "Input/output error"))
    folder, scratch = made._folder_of(asked.sha256), made._workers.scratch
    made._keep(failed, (asked.sha256, 1, 320), folder, scratch)
    assert not list((tmp_path / "index").rglob("not-drawn.txt"))
    assert made.get(asked, 1, 320, 1) is None
    assert not made.is_drawing  # not at once: LibreOffice would be started for every reader
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 61)
    assert soon(lambda: made.get(asked, 1, 320, 1)) is not None


def test_decks_without_libreoffice_have_no_pictures(
    tmp_path: Path, open_pictures: Callable[..., Pictures]
) -> None:
    """And nothing is started for them; posts neither."""
    made = open_pictures()
    assert made.get(job(make_deck(tmp_path / "d.pptx"), PPTX), 1, 320, 5) is None
    assert made.get(job(make_pdf(tmp_path / "a.pdf", ["One"]), "text/html"), 1, 320, 1) is None
    assert not made._requests


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for LibreOffice")
def test_a_drawing_with_other_pages_than_slides_is_not_shown(
    tmp_path: Path, open_pictures: Callable[..., Pictures]
) -> None:
    """It would be the picture of another slide."""
    drawn = make_pdf(tmp_path / "drawn.pdf", ["One", "Two"])
    office = tmp_path / "soffice"
    # The folder for the result is the last argument but one.
    office.write_text(
        '#!/bin/sh\nwhile [ "$1" != "--outdir" ]; do shift; done\nmkdir -p "$2"\n'
        f'cp {drawn} "$2/in.pdf"\n'
    )
    office.chmod(office.stat().st_mode | stat.S_IXUSR)
    asked = job(make_deck(tmp_path / "d.pptx"), PPTX)
    made = open_pictures(str(office))
    assert made.get(asked, 1, 320, 5) is None
    settled(made)
    (why,) = (tmp_path / "index").rglob("not-drawn.txt")
    assert "2 pages of 5 slides" in why.read_text()
    other = make_deck(tmp_path / "e.pptx", extra_title="Another")
    assert soon(lambda: made.get(job(other, PPTX), 2, 320, 2)) is not None
    assert list((tmp_path / "index").rglob("slides.*.pdf"))


@pytest.mark.skipif(not find_office(""), reason="LibreOffice is not installed")
@pytest.mark.timeout(170)
def test_slides_are_drawn_by_libreoffice(
    tmp_path: Path, open_pictures: Callable[..., Pictures]
) -> None:
    """All five, the hidden one too, so that numbers agree."""
    asked = job(make_deck(tmp_path / "d.pptx"), PPTX)
    made = open_pictures(find_office(""))
    found = soon(lambda: made.get(asked, 5, 1000, 5), seconds=120)
    assert found is not None
    with Image.open(found) as picture:
        assert picture.width == 1000


def test_a_card_stands_in(tmp_path: Path) -> None:
    """Of the width asked for, in a slide's shape, whatever the words are."""
    said = (("Bread", "Words " * 80), ("", ""), ("Хлеб", "хлеб"), ("x" * 300, "y" * 900))
    for title, text in said:
        for width in pictures.WIDTHS:
            with Image.open(io.BytesIO(card("Slide 1", title, text, width))) as picture:
                assert (picture.format, picture.size) == ("WEBP", (width, width * 9 // 16))
    assert card("Slide 1", "Bread", "", 320) != card("Slide 1", "Cake", "", 320)


# ------------------------------------------------------------------ the address


@pytest.fixture
def client(archive: Path, open_library: Callable[..., Library]) -> Iterator[TestClient]:
    library = open_library(archive, office="off")
    library.update_index()
    app = Starlette(routes=routes(library, Access(library.settings)))
    with TestClient(app, base_url="http://127.0.0.1:8501") as opened:
        yield opened


def test_the_address_answers_at_once_and_later_with_the_picture(client: TestClient) -> None:
    """A card that nobody keeps, then the page itself."""
    first = client.get("/picture/windmills/mill.pdf/1-320.webp")
    assert (first.status_code, first.headers["content-type"]) == (200, "image/webp")

    def real() -> Path | None:
        answer = client.get("/picture/windmills/mill.pdf/1-320.webp")
        return Path("x") if answer.headers["cache-control"] != "no-store" else None

    assert first.headers["cache-control"] == "no-store"
    assert soon(real) is not None
    deck = client.get(f"/picture/{SEMINAR}/bread-for-all/bread.pptx/2-1000.webp")
    assert deck.status_code == 200
    with Image.open(io.BytesIO(deck.content)) as picture:
        assert picture.width == 1000


@pytest.mark.parametrize(
    "path",
    [
        f"{SEMINAR}/hidden-talk/secret.md/1-320.webp",
        f"{SEMINAR}/bread-for-all/bread.pptx/5-320.webp",
        f"{SEMINAR}/bread-for-all/bread.pptx/99-320.webp",
        f"{SEMINAR}/bread-for-all/bread.pptx/1-321.webp",
        f"{SEMINAR}/bread-for-all/other.pptx/1-320.webp",
        "a-post/post.md/1-320.webp",
        "withdrawn/x.pdf/1-320.webp",
        "../../etc/passwd",
    ],
)
def test_hidden_slides_and_what_is_not_there_have_none(client: TestClient, path: str) -> None:
    """Hidden items, hidden slides, posts, other widths, other numbers."""
    assert client.get(f"/picture/{path}").status_code == 404


def test_the_item_page_shows_them_beside_the_text(client: TestClient) -> None:
    """Loaded when they come into view; the text is there, so they need no words of their own."""
    page = client.get(f"/item/{SEMINAR}/bread-for-all").text
    assert page.count('<img class="shot" loading="lazy" alt=""') == 4
    assert f"/picture/{SEMINAR}/bread-for-all/bread.pptx/2-320.webp" in page
    assert "/picture/" not in client.get("/item/a-post").text


def test_a_picture_has_a_hash_by_which_it_is_known_again(
    tmp_path: Path, open_pictures: Callable[..., Pictures]
) -> None:
    """The same page of another file has nearly the same; a name that was not written is none."""
    words = ["The wind mill\nStones turn slowly", "Grist\nand grain\nin heaps", "Flour"]
    made = open_pictures()
    hashes = []
    for name, pages in (("a", words), ("b", words[::-1])):
        asked = job(make_pdf(tmp_path / f"{name}.pdf", pages))
        for width in (320, 1000):
            assert soon(lambda: made.get(asked, 1, width, 3))  # noqa: B023 - asked at once
        settled(made)
        hashes.append(made.hashes_of(asked.sha256))
    assert hashes[0].keys() == hashes[1].keys() == {1, 2, 3}
    assert hashes[0][2] == hashes[1][2]
    assert (
        (hashes[0][1] ^ hashes[1][3]).bit_count() <= 2 < (hashes[0][1] ^ hashes[0][3]).bit_count()
    )
    stray = next((tmp_path / "index" / "pictures").rglob("1.*.dhash"))
    stray.rename(stray.with_name(f"1.{'f' * 16}.{stray.name.split('.')[2]}.dhash"))
    assert 1 not in made.hashes_of(stray.parent.name)
    assert made.hashes_of("0" * 64) == {}
