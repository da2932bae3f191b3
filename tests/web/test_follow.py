"""What readers take along: references and tables, feeds, a seminar's files and its day."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import feedparser
import pybtex.database
import pytest
import rispy
from icalendar import Calendar, Event
from starlette.testclient import TestClient

from coproarchive.library import Library
from coproarchive.model import Contribution, Item, Seminar, Session
from coproarchive.public_copies import Download
from coproarchive.publish import seminar_files
from coproarchive.publish.calendar_file import to_icalendar
from coproarchive.publish.zip_stream import BLOCK, ZipEntry, zip_stream
from coproarchive.store import SITE_TEXTS, Store
from coproarchive.web.site_pages import NAMES
from making import HOSTILE, SEMINAR
from serving import client_of

BASE = "http://127.0.0.1:8501"


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with client_of(library) as opened:
        yield opened


# ---------------------------------------------------------------------- results


def test_references_of_results_are_those_of_the_search(client: TestClient) -> None:
    """All hits, in their order, narrowed as the search is."""
    everything = rispy.loads(client.get("/results.ris?sort=title").text)
    assert [r["title"] for r in everything] == sorted(
        (r["title"] for r in everything), key=str.casefold
    )
    assert len(everything) == 5
    ada = pybtex.database.parse_string(client.get("/results.bib?speaker=ada-baker").text, "bibtex")
    assert set(ada.entries) == {f"{SEMINAR}:bread-for-all", "a-post"}
    assert rispy.loads(client.get("/results.ris?q=zanzibar").text) == []
    assert 'filename="results.bib"' in client.get("/results.bib").headers["content-disposition"]


def test_a_table_has_a_row_a_slide(client: TestClient) -> None:
    """Slides that answer, at their addresses; all of them where no word is asked for."""

    def rows(query: str) -> list[dict[str, str]]:
        answer = client.get(f"/results.csv?{query}&slides=1")
        assert answer.headers["content-type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    (millstone,) = rows("q=millstone")
    assert (millstone["place"], millstone["heading"]) == ("slide 3", "Flours")
    assert millstone["address"] == f"{BASE}/item/{SEMINAR}/bread-for-all/slide/3"
    assert "Millstone" in millstone["text"]
    places = [r["place"] for r in rows(f"seminar={SEMINAR}")]
    assert places == ["slide 1", "slide 2", "slide 3", "slide 4"]  # the fifth is hidden
    (elsewhere,) = [r for r in rows("") if r["id"] == "held-elsewhere"]
    assert (elsewhere["place"], elsewhere["address"]) == ("", f"{BASE}/item/held-elsewhere")
    assert len(list(csv.reader(io.StringIO(client.get("/results.csv").text)))) == 6


@pytest.mark.threat(15)
def test_no_cell_of_slides_is_a_formula(
    archive: Path, tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """Nor of references: what a title or a slide begins with is a spreadsheet's text."""
    (tmp_path / "x.md").write_text("# =cmd|' /C calc'!A0\n\n\u200b\uff1dHYPERLINK(1) sum\n")
    Store(archive).add_item(Item(id="sums", title="@SUM(1+1) sum"), {"x.md": tmp_path / "x.md"})
    library = open_library(archive)
    library.update_index()
    with client_of(library) as opened:
        for query in ("q=sum&slides=1", "q=sum"):
            answer = opened.get(f"/results.csv?{query}").content.decode("utf-8-sig")
            (row, *_) = csv.DictReader(io.StringIO(answer))
            cells = [cell for cell in row.values() if cell]
            assert row["title"] == "'@SUM(1+1) sum"
            assert not any(cell.lstrip("\u200b").startswith(tuple("=+-@\uff1d")) for cell in cells)


# ------------------------------------------------------------------------ feeds


@pytest.mark.parametrize(
    ("query", "titles", "of"),
    [
        ("", {"Bread for all", "Windmills", "On co-production of bread", "A talk held elsewhere",
              f"Loaf {HOSTILE}"}, "Talks on bread"),
        (f"seminar={SEMINAR}", {"Bread for all"}, "Seminar 1: Baking together – Talks on bread"),
        ("speaker=bo-miller", {"Windmills", "On co-production of bread"},
         "Bo Miller – Talks on bread"),
        ("topic=milling&q=turn", {"Windmills"}, "“turn”, Milling – Talks on bread"),
        ("q=zanzibar", set(), "“zanzibar” – Talks on bread"),
    ],
)  # fmt: skip
def test_a_search_is_followed(client: TestClient, query: str, titles: set[str], of: str) -> None:
    """Well-formed, with the addresses of talks; names and titles are text, whatever they say."""
    answer = client.get(f"/feed.atom?{query}")
    feed = feedparser.parse(answer.content, sanitize_html=False)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.feed.title == of
    assert {entry.title for entry in feed.entries} == titles
    assert all(entry.id.startswith(f"{BASE}/item/") for entry in feed.entries)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    dates = [entry.updated for entry in feed.entries if not entry.updated.startswith("1970")]
    assert dates == sorted(dates, reverse=True)


def test_a_feed_has_who_spoke_when_and_of_what(client: TestClient) -> None:
    """As feed readers show it."""
    feed = feedparser.parse(client.get("/feed.atom?topic=sourdough&speaker=bo-miller").content)
    (entry,) = feed.entries
    assert [author.name for author in entry.authors] == ["Ada Baker", "Bo Miller"]
    assert {tag.label for tag in entry.tags} == {"Sourdough", "Milling"}
    assert entry.published == "2019-01-01T00:00:00Z"
    assert entry.link == f"{BASE}/item/a-post"


# ---------------------------------------------------------------------- seminars


def test_a_seminar_is_one_zip(client: TestClient, archive: Path) -> None:
    """Public copies of public files, by right names; the hidden talk is not in it."""
    answer = client.get(f"/seminar/{SEMINAR}/files.zip")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert package.testzip() is None
        names = package.namelist()
        assert names == [
            f"{SEMINAR}/contents.txt",
            f"{SEMINAR}/bread-for-all/bread-without-hidden-slides.pptx",
        ]
        contents = package.read(names[0]).decode()
        deck = package.read(names[1])
    assert "Ada Baker (2018). Bread for all [presentation]." in contents
    assert f"{BASE}/item/{SEMINAR}/bread-for-all" in contents
    assert deck == client.get(f"/file/{SEMINAR}/bread-for-all/bread.pptx").content
    assert deck != (archive / SEMINAR / "bread-for-all" / "bread.pptx").read_bytes()
    assert "hidden slides" in contents  # what the copy is without
    assert "anzibar" not in contents
    assert client.get("/seminar/nothing/files.zip").status_code == 404


@pytest.mark.threat(4)
def test_names_in_a_zip_differ_on_every_disk(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy may be called as another file is; of two of a name unpacking would keep one."""
    catalogue = library.public()
    item = catalogue.items[f"{SEMINAR}/bread-for-all"]
    names = iter(["Talk.pptx", "talk.pptx", "..\\..\\start:up.exe"])
    wanted = {"assets": item.assets[:1] * 3}
    monkeypatch.setitem(catalogue.items, item.id, item.model_copy(update=wanted))
    vars(catalogue).pop("_by_seminar", None)
    monkeypatch.setattr(
        library, "download", lambda *_, **__: Download(tmp_path, next(names), "text/plain")
    )
    made = seminar_files.seminar_files(library, catalogue, catalogue.seminar(SEMINAR), "")
    written = [entry.name.removeprefix(f"{item.id}/") for entry in made.entries[1:]]
    assert written == ["Talk.pptx", "talk-2.pptx", "startup.exe"]
    assert "talk-2.pptx" in bytes(made.entries[0].content).decode()


@pytest.mark.threat(11)
def test_a_zip_is_bounded(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much at once is not begun."""
    monkeypatch.setattr("coproarchive.web.follow.MAX_BYTES", 100)
    answer = client.get(f"/seminar/{SEMINAR}/files.zip")
    assert answer.status_code == 413
    assert "from the pages of the talks" in answer.text
    assert seminar_files.MAX_BYTES > 1024**3


def test_a_zip_is_made_while_it_is_sent(tmp_path: Path) -> None:
    """No piece is larger than a block and its frame, whatever the size of a file."""
    large = tmp_path / "ünïcode film.mp4"
    large.write_bytes(bytes(5 * BLOCK))
    pieces = list(zip_stream([ZipEntry("a/ünïcode film.mp4", large), ZipEntry("b.txt", b"x")]))
    assert max(map(len, pieces)) < BLOCK + 1_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as package:
        assert package.namelist() == ["a/ünïcode film.mp4", "b.txt"]
        assert package.read("a/ünïcode film.mp4") == large.read_bytes()
        assert package.read("b.txt") == b"x"


def event_of(text: str) -> Event:
    """The one event of a calendar."""
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert isinstance(event, Event)
    return event


def test_a_seminar_is_in_calendars(client: TestClient, library: Library) -> None:
    """From its first session to the end of its last, in the time of its place."""
    event = event_of(client.get(f"/seminar/{SEMINAR}/event.ics").text)
    assert event["summary"] == "Seminar 1: Baking together"
    assert event["location"] == "Crumbtown"
    assert event.start == datetime.datetime(2018, 5, 4, 10, 0)
    assert event.end == datetime.datetime(2018, 5, 4, 11, 0)
    assert "10:00–11:00 Bread for all (Ada Baker)" in str(event["description"])
    assert "Secret" not in str(event["description"])
    assert event["url"] == f"{BASE}/seminar/{SEMINAR}"
    assert client.get("/seminar/nothing/event.ics").status_code == 404


@pytest.mark.parametrize(
    ("date", "start", "end"),
    [
        ("2018-05-04", "2018-05-04", "2018-05-05"),
        ("2018-05-04/2018-05-06", "2018-05-04", "2018-05-07"),
    ],
)
def test_a_seminar_without_times_lasts_whole_days(
    library: Library, date: str, start: str, end: str
) -> None:
    """The end is the day after, as calendars have it; signs of the format are only text."""
    title = "Bread; butter, \\n and\nmore"
    seminar = Seminar(id="x", title=title, date=date, programme=(
        Session(title="Open, end", start="10:00", people=(Contribution(person="ada-baker"),)),
    ))  # fmt: skip
    body = to_icalendar(seminar, library.public(), "https://x.example/seminar/x")
    event = event_of(body.decode())
    assert (str(event.start), str(event.end)) == (start, end)
    assert event["summary"] == title
    assert event["uid"] == "x@x.example"


@pytest.mark.parametrize("date", ["2018-05", "2018-05-04/9999-12-31"])
def test_what_has_no_last_day_is_in_no_calendar(
    archive: Path, open_library: Callable[..., Library], date: str
) -> None:
    """A month, or an open end: no calendar file, and no link to one."""
    store = Store(archive)
    store.save_seminar(store.read_seminar(SEMINAR).model_copy(update={"date": date}))
    with client_of(open_library(archive)) as opened:
        assert opened.get(f"/seminar/{SEMINAR}/event.ics").status_code == 404
        assert "event.ics" not in opened.get(f"/seminar/{SEMINAR}").text


def test_pages_lead_to_what_is_taken_along(client: TestClient) -> None:
    """Feeds, references, tables; of a seminar its files and its day, too."""
    seminar = client.get(f"/seminar/{SEMINAR}").text
    for path in ("files.zip", "event.ics"):
        assert f'href="/seminar/{SEMINAR}/{path}"' in seminar
    assert f'type="application/atom+xml" title="Seminar 1: Baking together" href="/feed.atom?seminar={SEMINAR}"' in seminar  # fmt: skip # noqa: E501
    for page, narrowing in (("/person/ada-baker", "speaker=ada-baker"), ("/topic/milling", "topic=milling")):  # fmt: skip # noqa: E501
        text = client.get(page).text
        for path in ("/feed.atom", "/results.bib", "/results.ris", "/results.csv"):
            assert f'href="{path}?{narrowing}"' in text


# ------------------------------------------------------------- the archive's own pages


@pytest.mark.parametrize("name", list(NAMES))
def test_a_page_that_an_archive_owes(client: TestClient, archive: Path, name: str) -> None:
    """Has a text of ours, which the archive's own takes the place of; its markup is text."""
    ours = client.get(f"/{name}")
    assert ours.status_code == 200
    assert f"<h1>{NAMES[name]}</h1>" in ours.text
    assert f'href="/{name}"' in client.get("/people").text
    text = f"# Our *own* {name}\n\n{HOSTILE}\n\n[x](javascript:alert(1)) [y](https://y.example)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"  # noqa: E501
    (archive / f"{name}.md").write_text(text, encoding="utf-8")
    page = client.get(f"/{name}").text
    assert f"<h1>Our <em>own</em> {name}</h1>" in page
    assert page.count("<h1") == 1
    assert "<script>alert" not in page
    assert "<img" not in page.partition("<main")[2]
    assert 'href="javascript' not in page
    assert "<td>1</td>" in page


def test_own_texts_are_known_and_bounded(
    client: TestClient, library: Library, archive: Path
) -> None:
    """`check` knows their names; a link out of the archive and a book are left alone."""
    assert {f"{name}.md" for name in NAMES} == set(SITE_TEXTS)
    (archive / "privacy.md").write_text("We keep nothing.")
    assert "file-unlisted" not in {p.code for p in library.check()}
    (archive / "about.md").symlink_to("/etc/hostname")
    (archive / "contact.md").write_text("x" * 300_000)
    for name in ("about", "contact"):
        assert f"<h1>{NAMES[name]}</h1>" in client.get(f"/{name}").text
