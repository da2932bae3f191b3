"""Threats of docs/develop/threats.md that no other room's tests try, and that each row is tried.

A test that holds a row's promise is marked `@pytest.mark.threat(row)`, wherever it stands.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from urllib.parse import quote

import lxml.etree
import lxml.html
import pytest
import streamlit as st
from starlette.testclient import TestClient

from coproarchive.errors import CoproArchiveError, SidecarError
from coproarchive.library import Library
from coproarchive.model import (
    Asset,
    Contribution,
    Item,
    Kind,
    Link,
    Person,
    Seminar,
    Series,
    Session,
    Topic,
)
from coproarchive.search.language.query import MAX_CHARACTERS, MAX_PAGE, MAX_SIZE, Query
from coproarchive.store import Store
from coproarchive.web.access import Access
from coproarchive.web.desk.routes import TABLE
from coproarchive.web.parts_page import PICTURE
from coproarchive.web.routes import SCRIPTS, routes
from making import HOSTILE, make_deck
from serving import addresses_of, asked_raw, client_of, desk_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "develop" / "threats.md"
ROWS = range(1, 19)


def marked_tests() -> dict[int, set[str]]:
    """Row -> tests that are marked with it, as file::name."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in map(ast.unparse, node.decorator_list):
                if row := re.fullmatch(r"pytest\.mark\.threat\((\d+)\)", mark):
                    name = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
                    found[int(row[1])].add(name)
    return found


def test_every_threat_is_tried_and_the_page_names_the_tests() -> None:
    """A row without a test, a test that is gone, a mark without a row: each fails this one."""
    marked = marked_tests()
    assert sorted(marked) == list(ROWS)
    said: dict[int, set[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if row := re.match(r"\| (\d+) \|", line):
            said[int(row[1])] = set(re.findall(r"`(tests/[\w/.]+::\w+)`", line))
    assert sorted(said) == list(ROWS)
    for number in ROWS:
        assert said[number], f"row {number} names no test"
        unmarked = said[number] - marked[number]
        assert not unmarked, f"row {number}: {unmarked} are not marked"


# ------------------------------------------------------------------- 1: stored scripts


@pytest.fixture
def hostile(tmp_path: Path, open_library: Callable[..., Library]) -> Library:
    """An archive in which every field of every record, and every file, tries to run something."""
    store = Store.create(
        tmp_path / "archive",
        Series(
            title=HOSTILE, subtitle=HOSTILE, description=HOSTILE, contact=HOSTILE, rights=HOSTILE,
            synonyms=((HOSTILE, "other"),), links=(link(),), withhold=(),
        ),
    )  # fmt: skip
    by = (Contribution(person="eve"),)
    store.save_person(
        Person(id="eve", names=(HOSTILE, f"E. {HOSTILE}"), affiliations=(HOSTILE,), bio=HOSTILE,
               links=(link(),))
    )  # fmt: skip
    store.save_topic(Topic(id="t", label=HOSTILE, alternatives=(HOSTILE,), description=HOSTILE))
    line = Session(title=HOSTILE, description=HOSTILE, people=by)
    store.save_seminar(
        Seminar(
            id="s", title=HOSTILE, date="2018-05-04", place=HOSTILE, description=HOSTILE,
            contact=HOSTILE, links=(link(),), programme=(line,), topics=("t",), prepared_by=HOSTILE,
        )
    )  # fmt: skip
    files = {name: tmp_path / f"made{name}" for name in (".md", ".html", ".svg", ".vtt")}
    text = f"{HOSTILE}\n\n[x](javascript:alert(1)) ![x](https://evil.example/x.png)\n"
    for path in files.values():
        path.write_text(text)
    files[".vtt"].write_text(f"WEBVTT\n\n00:00.000 --> 00:09.000\n{HOSTILE}\n")
    files["'><script>alert(1)<.pptx"] = make_deck(tmp_path / "made.pptx", extra_title=HOSTILE)
    item = Item(
        id="s/evil", title=HOSTILE, abstract=f"{HOSTILE}\n\n{HOSTILE}", people=by, topics=("t",),
        rights=HOSTILE, licence=HOSTILE, prepared_by=HOSTILE, held_at=(link(),), source_id=HOSTILE,
    )  # fmt: skip
    named = {f"a{HOSTILE.replace('/', '')[:60]}{name}": path for name, path in files.items()}
    store.add_item(item, named)
    library = open_library(store.root)
    library.update_index()
    return library


def link() -> Link:
    """A link whose words and address try to leave their places."""
    return Link(label=HOSTILE, url="https://x.example/'\"><script>alert(1)</script>")


OUR_SCRIPTS = {(f"/look/{name}.js", None) for name in SCRIPTS}


def assert_harmless(html: str) -> None:
    """Nothing in a page runs, or is loaded from elsewhere, or leads to a script."""
    tree = lxml.html.fromstring(html)
    for script in tree.iter("script"):
        if script.get("src"):  # a file of ours, whole
            assert (script.get("src"), script.text) in OUR_SCRIPTS
            continue
        assert script.get("type") == "application/ld+json"
        json.loads(script.text or "")
    for element in tree.iter(lxml.html.etree.Element):
        assert element.tag not in ("iframe", "object", "embed", "base", "style"), element.tag
        for name, value in ((str(k), str(v)) for k, v in element.attrib.items()):
            assert not name.lower().startswith("on"), f"{element.tag} {name}"
            if (element.tag, element.get("rel"), name) == ("link", "icon", "href"):
                continue  # our own picture, in the page itself
            if (element.tag, name, value) == ("img", "src", PICTURE):
                continue  # the one that the page of parts shows
            if name in ("href", "src", "action", "srcset"):
                assert re.match(r"/(?!/)|#|https?://|mailto:|\?|$", value), value
            if name in ("src", "srcset"):
                assert value.startswith("/"), value


@pytest.mark.threat(1)
def test_no_field_of_a_record_and_no_file_becomes_markup(hostile: Library) -> None:
    """Every page that shows them parses to text, our own elements, and JSON that stays JSON."""
    with client_of(hostile) as client:
        for path in ("/seminars", "/people", "/topics", "/seminar/s", "/person/eve", "/topic/t"):
            page = client.get(path)
            assert page.status_code == 200
            assert HOSTILE[:8] not in page.text
            assert_harmless(page.text)
        for query in ("", f"?q={quote(HOSTILE)}", "?q=alert"):
            for place in ("", "/text", "/slide/1", "/section/1", "/cue/1"):
                page = client.get(f"/item/s/evil{place}{query}")
                assert page.status_code == 200, place
                assert "alert" in page.text
                assert_harmless(page.text)


_HOSTILE_IDS = {
    "item_id:path": ["s/evil", "s/evil/slide/1"], "seminar_id": ["s"], "person_id": ["eve"],
    "topic_id": ["t"], "number:int": ["1"], "format": ["bib", "ris", "csl.json", "txt"],
}  # fmt: skip
_KEPT = ("/look/", "/picture/", "/help")
"""What browsers may keep for a while: of the program, or for this reader alone."""


@pytest.mark.threat(1)
def test_every_route_hands_hostile_text_out_as_text(hostile: Library) -> None:
    """Found by walking the routes: pages are harmless, tables and feeds whole, headers one line.

    What may be hidden tomorrow is kept in no cache.
    """
    table = routes(hostile, Access(hostile.settings))
    kinds = set()
    with client_of(hostile) as client:
        for path in addresses_of(table, _HOSTILE_IDS):
            for query in ("", f"?q={quote(HOSTILE)}&term={quote(HOSTILE)}&slides=1&find=%3Cb"):
                answer = client.get(path + query, follow_redirects=False)
                kind = answer.headers.get("content-type", "").partition(";")[0]
                kinds.add(kind)
                assert_whole(kind, answer.content)
                assert not any(set(value) & set("\r\n\0") for value in answer.headers.values())
                if not path.startswith(_KEPT):
                    assert answer.headers["cache-control"] in ("no-cache", "no-store"), path
    assert kinds >= {"text/html", "text/csv", "application/atom+xml", "text/calendar"}


@pytest.mark.threat(1)
def test_the_desk_shows_its_keeper_hostile_text_as_text(hostile: Library) -> None:
    """What would run there runs with a keeper's rights: every page of the table, and every form."""
    values = {
        "record_id:path": ["s/evil", "s", "eve", "t"], "item_id:path": ["s/evil"],
        "person_id": ["eve"], "topic_id": ["t"], "seminar_id": ["s"], "number:int": ["1"],
    }  # fmt: skip
    rows = [row for row in TABLE if row.show]
    with desk_of(hostile) as desk:
        desk.post("/desk/edit/item/s/evil", {"abstract": HOSTILE, "title": f"New {HOSTILE}"})
        shown = 0
        for path in addresses_of(rows, values):
            for query in ("", f"?find={quote(HOSTILE)}&q={quote(HOSTILE)}&of=s/evil"):
                page = desk.get(path + query)
                assert page.status_code in (200, 404), path
                shown += page.status_code == 200
                assert_harmless(page.text)
        assert shown >= len(rows)


def assert_whole(kind: str, body: bytes) -> None:
    """A body is what its type says, and nothing of ours was ended by what stands in it."""
    if kind == "text/html":
        assert_harmless(body.decode())
    elif kind.endswith("xml"):
        tags = {str(e.tag).rpartition("}")[2] for e in lxml.etree.fromstring(body).iter()}
        assert not tags & {"script", "img"}
    elif kind.endswith("json"):
        json.loads(body)
    elif kind == "text/csv":
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
        assert {len(row) for row in rows} == {len(rows[0])}
    elif kind == "text/calendar":
        assert body.decode().count("BEGIN:VEVENT") == 1


@pytest.mark.threat(1)
def test_an_address_in_a_record_is_one_of_the_web(archive: Path) -> None:
    """A link to a script is refused with its line, and nothing of the record is shown."""
    path = archive / "a-post" / "item.yaml"
    for address in ("javascript:alert(1)", "data:text/html,x", " JavaScript://%0aalert(1)"):
        path.write_text(f"title: x\nheld_at:\n  - label: x\n    url: '{address}'\n")
        with pytest.raises(SidecarError, match="line 4"):
            Store(archive).read_item("a-post")


# ---------------------------------------------------------------- 2: reflected scripts


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    """The routes over the small archive."""
    with client_of(library) as opened:
        yield opened


@pytest.mark.threat(2)
def test_what_was_asked_for_comes_back_as_text(client: TestClient) -> None:
    """In an address that is not there, in words to mark, in a suggestion's query."""
    asked = quote(HOSTILE.replace("/", "|"))
    places = ("/item/", "/seminar/", "/person/", "/topic/", "/file/x/", "/")
    for before, rest in product(places, (asked, f"x?q={asked}", f"x?{asked}={asked}")):
        page = client.get(before + rest)
        assert page.status_code == 404
        assert_harmless(page.text)
    suggestions = client.get(f"/suggest?q={asked}")
    assert suggestions.headers["content-type"] == "application/json"


# --------------------------------------------------- 3: files of ours that would run


@pytest.mark.threat(3)
def test_files_that_could_run_are_handed_over_not_shown(hostile: Library) -> None:
    """HTML and SVG come as attachments, sandboxed, under the type that the record says."""
    assets = hostile.public().items["s/evil"].assets
    with client_of(hostile) as client:
        for asset in assets:
            answer = client.get(f"/file/s/evil/{quote(asset.path)}")
            assert answer.status_code == 200, asset.path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
            if asset.media_type in ("text/html", "image/svg+xml"):
                assert answer.headers["content-disposition"].startswith("attachment")
    assert {"text/html", "image/svg+xml"} <= {asset.media_type for asset in assets}


# --------------------------------------------------------------- 4: paths that climb


CLIMBING = [
    "../archive.yaml", "../../etc/passwd", "a-post/../archive.yaml", "a-post/..\\..\\secret",
    "a-post/post.md\0.pdf", "/etc/passwd", "//etc/passwd", "a-post/item.yaml", "./a-post/post.md",
    "a-post//post.md", "a-post/post.md/", "..", "a-post/../a-post/post.md", "C:\\x", "%2e%2e/x",
    "a-post/.lock", "people.yaml", "a-post/..%2f..%2farchive.yaml", "~/x", "\u2025/x",
]  # fmt: skip


@pytest.mark.threat(4)
def test_no_address_leads_out_of_its_item(client: TestClient) -> None:
    """Decoded or not, absolute, doubled, with NUL or backslashes: there is no such thing."""
    assert client.portal is not None
    for route, climbing in product(("/file/", "/picture/", "/item/", "/help/"), CLIMBING):
        status, body = client.portal.call(asked_raw, client.app, route + climbing)
        assert status == 404, route + climbing
        assert b"root:" not in body
        assert b"Bakers and eaters" not in body


@pytest.mark.threat(4)
@pytest.mark.parametrize(
    "name", ["../people.yaml", "/etc/passwd", ".hidden", "a\nb", "a\0b", "a\\b"]
)
def test_a_record_names_no_file_outside_its_folder(archive: Path, name: str) -> None:
    """A sidecar that says otherwise is a mistake; the item is left out."""
    path = archive / "a-post" / "item.yaml"
    path.write_text(path.read_text().replace("path: post.md", f"path: {json.dumps(name)}"))
    with pytest.raises(SidecarError, match="path"):
        Store(archive).read_item("a-post")


# ------------------------------------------------------- 5: headers made of names


@pytest.mark.threat(5)
@pytest.mark.parametrize("name", ['a"b; filename=evil.exe.md', "ä ö.md", "100%; x=y.md"])
def test_a_files_name_stays_in_its_header(
    archive: Path, open_library: Callable[..., Library], tmp_path: Path, name: str
) -> None:
    """Quotes, semicolons, encoded line ends and letters that are no ASCII."""
    text = tmp_path / "text.md"
    text.write_text(f"# {name}\n")
    store = Store(archive)
    added = store.add_item(Item(id="odd", title="Odd", kind=Kind.POST), {name: text})
    kept = added.assets[0].path
    with client_of(open_library(archive)) as client:
        answer = client.get(f"/file/odd/{quote(kept, safe='')}")
    assert answer.status_code == 200
    assert "x-evil" not in answer.headers
    disposition = answer.headers["content-disposition"]
    assert disposition.isascii()
    assert re.fullmatch(
        r"(inline|attachment); filename(=\"[^\"\\]+\"|\*=utf-8''[\w.%~-]+)", disposition
    )


# --------------------------------------------------------------- 6: redirects


LEADING = [
    "/help", "//evil.example/help", "/help?next=https://evil.example", "/2019/01/on-bread/",
    "/2019/01/on-bread/?next=//evil.example", "//evil.example/2019/01/on-bread", "/add/",
    "/\\evil.example/add/", "/login?next=https://evil.example/", "//evil.example/add/",
]  # fmt: skip


@pytest.mark.threat(6)
def test_redirects_stay_on_this_site(client: TestClient) -> None:
    """Wherever an address leads on, it is a path of ours, whatever else stands in it."""
    for address in LEADING:
        answer = client.get(f"http://127.0.0.1:8501{address}", follow_redirects=False)
        location = answer.headers.get("location", "/")
        assert re.match(r"/(?![/\\])", location), location
        assert "evil" not in location


# ------------------------------------------------------------- 11: what costs much


@pytest.mark.threat(11)
def test_a_search_has_bounds_whatever_is_asked() -> None:
    """Length, page and size are cut; the parser's work grows with what is left only."""
    query = Query.from_params(
        {"q": ["a* " * 100_000], "page": [str(10**18)], "size": [str(10**9)], "year": ["x"] * 9999}
    )
    assert len(query.text) <= MAX_CHARACTERS
    assert query.page <= MAX_PAGE
    assert query.size <= MAX_SIZE
    assert len(query.facets.get("year", ())) <= 1


@pytest.mark.threat(11)
def test_a_search_of_everything_is_answered(client: TestClient) -> None:
    """Stars and signs alone are no expensive search and no failure."""
    for asked in ("*", "a*", "???", "-a", '"', "e* a* i* o* u*", "() OR OR"):
        params = {"q": asked, "page": "99999"}
        assert client.get("/results.csv", params=params).status_code == 200


@pytest.mark.threat(11)
def test_many_ranges_of_a_file_are_one_answer_of_bounded_size(client: TestClient) -> None:
    """Thousands of overlapping ranges give no more than the file and a little."""
    size = len(client.get("/file/windmills/mill.pdf").content)
    overlapping = "bytes=" + ",".join(f"{n}-" for n in range(1000))
    answer = client.get("/file/windmills/mill.pdf", headers={"Range": overlapping})
    assert len(answer.content) <= 2 * size


# --------------------------------------------------------- 12: uploads


@pytest.mark.threat(12)
def test_an_upload_is_bounded_by_the_server_before_it_is_read() -> None:
    """The app's own configuration says how much; see also tests of uploads in tests/web."""
    config = ROOT / "src" / "coproarchive" / "ui" / "server" / ".streamlit" / "config.toml"
    size = re.search(r"maxUploadSize = (\d+)", config.read_text())
    assert size
    assert 0 < int(size[1]) <= 500
    assert st.get_option("server.maxUploadSize") >= 0


# ------------------------------------------------------------ 16: what errors tell


@pytest.mark.threat(16)
def test_an_error_tells_readers_no_path_and_no_name(client: TestClient, archive: Path) -> None:
    """Archive gone, record broken, index gone: a sentence, and nothing of this machine."""
    (archive / "archive.yaml").rename(archive / "elsewhere.yaml")
    for path in ("/seminars", "/item/a-post", "/healthz", "/results.csv", "/sitemap.xml", "/x"):
        client.app.state.unused = path  # type: ignore[attr-defined]
        body = client.get(path).text
        assert str(archive.parent) not in body
        assert "Traceback" not in body


# ------------------------------------------------------------- 14: code in data


@pytest.mark.threat(14)
@pytest.mark.parametrize(
    "line",
    ["x: !!python/object/apply:os.system [id]", "x: !!python/name:os.system", "x: !!binary aGk=",
     "abstract: &a x\nrights: *a", "title: x\n<<: {abstract: y}", "%TAG ! tag:x:\n---\ntitle: x"],
)  # fmt: skip
def test_a_record_makes_no_object_of_python(archive: Path, line: str) -> None:
    """Tags, anchors, merges: refused as they stand, before anything is made of them."""
    (archive / "a-post" / "item.yaml").write_text(f"title: x\n{line}\n")
    with pytest.raises(CoproArchiveError):
        Store(archive).read_item("a-post")


@pytest.mark.threat(17)
def test_an_asset_that_became_a_link_is_not_handed_out(
    client: TestClient, archive: Path, tmp_path: Path
) -> None:
    """A file or folder swapped for a link after it was added leads nowhere."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "mill.pdf").write_bytes(b"%PDF-private")
    (archive / "a-post" / "post.md").unlink()
    (archive / "a-post" / "post.md").symlink_to(secret / "mill.pdf")
    (archive / "windmills").rename(tmp_path / "moved")
    (archive / "windmills").symlink_to(secret)
    for path in ("/file/a-post/post.md", "/file/windmills/mill.pdf"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert b"private" not in answer.content


def test_a_plain_name_is_a_name() -> None:
    """The validator that row 4 rests on lets names of files through."""
    sha = "0" * 64
    Asset(path="Überblick (2).pdf", media_type="application/pdf", size=1, sha256=sha)
