"""Every page and act of the desk, found by walking its table: who may not is refused, all of it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from coproarchive.library import Library
from coproarchive.web.desk.frame import FORM_BYTES, DeskRoute
from coproarchive.web.desk.routes import TABLE
from making import SEMINAR
from serving import HERE, DeskClient, client_of, desk_of

BREAD = f"{SEMINAR}/bread-for-all"
EXAMPLES = {
    "/desk/edit/item/{item_id:path}/slide/{number:int}": f"/desk/edit/item/{BREAD}/slide/2",
    "/desk/edit/item/{item_id:path}/page/{number:int}": "/desk/edit/item/windmills/page/1",
    "/desk/edit/item/{record_id:path}": f"/desk/edit/item/{BREAD}",
    "/desk/edit/seminar/{record_id:path}": f"/desk/edit/seminar/{SEMINAR}",
    "/desk/edit/person/{record_id:path}": "/desk/edit/person/ada-baker",
    "/desk/names": "/desk/names?noun=person&find=ad",
    "/desk/edit/topic/{record_id:path}": "/desk/edit/topic/sourdough",
    "/desk/files/{item_id:path}": f"/desk/files/{BREAD}",
    "/desk/files/{item_id:path}/download/{name}": "/desk/files/windmills/download/mill.pdf",
    "/desk/visibility/{item_id:path}": f"/desk/visibility/{BREAD}",
    "/desk/people/{key}": "/desk/people/ada-baker",
    "/desk/topics/{key}": "/desk/topics/sourdough",
    "/desk/history/{change}": "/desk/history/last",
    "/desk/undo": "/desk/undo?since=2099-01-01",
}
"""Address of each row whose path has parameters, or that asks for some."""
FIELDS: dict[str, Any] = {"title": "Taken over", "names": "Taken over", "label": "Taken over",
                          "who": "Mallory", "seen": "{}", "act": "save"}  # fmt: skip
"""What a stranger sends, in the hope that it changes something."""


def test_each_address_stands_in_the_table_once() -> None:
    """A row twice would be a link twice in the desk's bar."""
    paths = [row.path for row in TABLE]
    assert len(paths) == len(set(paths))


def address_of(row: DeskRoute) -> str:
    assert "{" not in row.path or row.path in EXAMPLES, f"EXAMPLES lacks {row.path}"
    return EXAMPLES.get(row.path, row.path)


def digest_of(archive: Path) -> str:
    """What the whole archive holds, its history too."""
    files = sorted(path for path in archive.rglob("*") if path.is_file())
    parts = [f"{path}:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    return "\n".join(parts)


@pytest.mark.threat(8)
def test_no_act_is_done_for_who_may_not(library: Library, archive: Path) -> None:
    """Signed out, with a made-up cookie, with a wrong token or none, from a foreign page or none.

    Each act of the table is posted; nothing is written, and the answer says nothing of a record.
    """
    before = digest_of(archive)
    acts = [address_of(row) for row in TABLE if row.act]
    assert len(acts) > 5
    with desk_of(library) as desk:
        right = {"token": desk.token()}
        for address in acts:
            for fields, headers in (
                (FIELDS, {}),
                (FIELDS | {"token": "0" * 64}, {}),
                (FIELDS | right, {"Origin": "http://127.0.0.1:9"}),
                (FIELDS | right, {"Origin": "null"}),
                (FIELDS | right, {"Origin": ""}),
                (FIELDS | right, {"X-Forwarded-For": "192.0.2.1"}),
            ):
                sent = {"Origin": HERE.origin} | headers
                data = {"token": ""} | fields
                answer = desk.client.post(address, data=data, headers=sent, follow_redirects=False)
                assert answer.status_code == 403, (address, fields, headers)
        token = right["token"]
    with client_of(library, address="127.0.0.1") as stranger:
        for address in acts:
            for cookie in ("", "coproarchive_keeper=guess"):
                refused = stranger.post(
                    address,
                    data=FIELDS | {"token": token},
                    headers={"Origin": HERE.origin, "Cookie": cookie},
                    follow_redirects=False,
                )
                assert refused.status_code == 403, address
                assert "Baker" not in refused.text
    assert digest_of(archive) == before


@pytest.mark.threat(8)
def test_no_address_stands_twice_in_the_table() -> None:
    """The second would never answer, and its part would stand twice in the desk's bar."""
    addresses = [row.path for row in TABLE]
    assert len(addresses) == len(set(addresses))


@pytest.mark.threat(8)
def test_no_page_is_shown_to_strangers(library: Library) -> None:
    """Each is refused with what to do; whoever may gets each, kept by no cache and no engine."""
    pages = [address_of(row) for row in TABLE if row.show]
    with client_of(library, address="127.0.0.1") as stranger:
        for address in pages:
            refused = stranger.get(address)
            assert refused.status_code == 403, address
            assert "those who keep the archive" in refused.text
            assert "Baker" not in refused.text
            assert_private(refused)
    with desk_of(library) as desk:
        for address in pages:
            shown = desk.get(address)
            assert shown.status_code == 200, (address, shown.text)
            assert_private(shown)
            is_page = shown.headers["content-type"].startswith("text/html")
            assert not is_page or 'action="/logout"' in shown.text


def assert_private(answer: Response) -> None:
    """No cache keeps it, no search engine lists it."""
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["x-robots-tag"] == "noindex"


@pytest.mark.threat(7)
def test_every_posting_form_of_the_desk_has_the_token(library: Library) -> None:
    """A form without it would be refused: each page's forms are looked at."""
    with desk_of(library) as desk:
        for row in TABLE:
            if row.show is None:
                continue
            html = desk.get(address_of(row)).text
            for form in re.findall(r'<form method="post".*?</form>', html, re.DOTALL):
                assert 'action="/logout"' in form or f'value="{desk.token()}"' in form


@pytest.mark.threat(12)
@pytest.mark.parametrize("length", [FORM_BYTES + 1, None])
def test_a_form_has_a_largest_size(library: Library, length: int | None) -> None:
    """Said by its length, or noticed while it is read: refused, and not kept in memory."""
    body = b"title=" + b"x" * (FORM_BYTES + 1)
    headers = {"Origin": HERE.origin, "Content-Type": "application/x-www-form-urlencoded"}

    def pieces() -> Any:
        yield from (body[n : n + 65536] for n in range(0, len(body), 65536))

    with desk_of(library) as desk:
        content = body if length else pieces()
        address = f"/desk/edit/item/{BREAD}"
        assert desk.client.post(address, content=content, headers=headers).status_code == 413


def test_what_was_typed_outlives_a_sign_in(library: Library) -> None:
    """The session ends while somebody types: the refusal keeps it, and the next form shows it."""
    address = f"/desk/edit/item/{BREAD}"
    with desk_of(library) as desk:
        fields = desk.form(address) | {"title": "Typed for an hour"}
        session = dict(desk.client.cookies)
        desk.post("/logout")
        desk.client.cookies.update(session)
        refused = desk.post(address, fields)
        assert refused.status_code == 403
        assert 'name="title" value="Typed for an hour"' in refused.text
    with desk_of(library) as desk:
        again = desk.post(address, fields)
        assert again.status_code == 403
        assert 'value="Typed for an hour"' in again.text
        assert library.store.read_item(BREAD).title == "Bread for all"
        saved = desk.post(address, fields | {"token": desk.token()})
        assert saved.status_code == 303
        assert library.store.read_item(BREAD).title == "Typed for an hour"


def test_the_history_names_who_says_so(library: Library) -> None:
    """A name is given once for a browser; what is typed there is no markup."""
    with desk_of(library) as desk:
        answer = desk.post("/desk", {"who": "Øyvind <b>Nord</b>"})
        assert "Path=/;" in answer.headers["set-cookie"]  # what is added at /add is named too
        said = desk.follow(answer)
        assert "names you as Øyvind &lt;b&gt;Nord&lt;/b&gt;" in said.text
        wrong = desk.post("/desk", {"who": "x" * 101})
        assert wrong.status_code == 422
        assert "at most 100 characters" in wrong.text
        change_title(desk, "Bread, again")
        assert library.store.recorder.log.of_record(f"{BREAD}/item.yaml")[0].activity.who == (
            "Øyvind <b>Nord</b>"
        )


def change_title(desk: DeskClient, title: str) -> None:
    address = f"/desk/edit/item/{BREAD}"
    assert desk.post(address, desk.form(address) | {"title": title}).status_code == 303


def test_readers_pages_have_the_desks_links_for_keepers_alone(library: Library) -> None:
    """And no cache gives a keeper's page to a reader, nor a reader's to a keeper."""
    with desk_of(library) as desk:
        kept = desk.client.get(f"/item/{BREAD}")
        assert 'href="/desk"' in kept.text
        assert kept.headers["cache-control"] == "private, no-store"
        assert "Cookie" in kept.headers["vary"]
        desk.client.cookies.clear()
        read = desk.client.get(f"/item/{BREAD}")
        assert "/desk" not in read.text
        assert read.headers["cache-control"] == "no-cache"
        assert "Cookie" in read.headers["vary"]


@pytest.mark.threat(8)
@pytest.mark.parametrize(
    "seen",
    ["", "[", "[" * 100_000, '{"title": ' + "[" * 5_000 + "]" * 5_000 + "}", '{"title": 5}',
     '{"topics": 7}', '{"title": [1, [2]]}', '["title"]'],
)  # fmt: skip
def test_a_form_that_was_cut_or_made_up_is_refused_in_words(library: Library, seen: str) -> None:
    """What it says that it was shown is no record's; nothing is written, and nothing fails."""
    address = f"/desk/edit/item/{BREAD}"
    with desk_of(library) as desk:
        before = library.store.digest(f"{BREAD}/item.yaml")
        answer = desk.post(address, {"title": "Other", "seen": seen})
        assert answer.status_code == 422
        assert "came incomplete" in answer.text
        assert library.store.digest(f"{BREAD}/item.yaml") == before


@pytest.mark.threat(6)
@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/x", "/\\evil.example", "http://[x", "\r\nA: b",
           "javascript:alert(1)"],
)  # fmt: skip
def test_after_an_act_a_browser_stays_on_this_site(library: Library, to: str) -> None:
    """Whatever address the form of an undo names."""
    address = f"/desk/edit/item/{BREAD}"
    with desk_of(library) as desk:
        saved = desk.post(address, desk.form(address) | {"title": "Other"})
        assert saved.status_code == 303
        answer = desk.post("/desk/undo", {"change": "last", "to": to})
        assert answer.status_code == 303
        assert re.match(r"/(?![/\\])[^\r\n]*$", answer.headers["location"])


@pytest.mark.threat(10)
@pytest.mark.parametrize("act", ["visibility", "remove", "replace", "title", "later"])
def test_an_act_on_a_file_names_it(library: Library, act: str) -> None:
    """A form that came without the name would show, or hide, the whole item."""
    address = f"/desk/files/{SEMINAR}/hidden-talk"
    before = library.store.read_item(f"{SEMINAR}/hidden-talk")
    with desk_of(library) as desk:
        answer = desk.post(address, {"act": act, "who": "public", "title": "T"})
        assert answer.status_code == 404
        assert "No file was named" in answer.text
    assert library.store.read_item(f"{SEMINAR}/hidden-talk") == before


def test_a_page_of_a_change_that_is_no_number_is_the_first(library: Library) -> None:
    """However many digits it has."""
    with desk_of(library) as desk:
        desk.post(f"/desk/edit/item/{BREAD}", {"title": "Other"})
        assert desk.get(f"/desk/history/last?page={'9' * 5_000}").status_code == 404
        assert desk.get(f"/desk/people?page={'9' * 5_000}").status_code == 200
        assert desk.get("/desk/history/last?page=x").status_code in (200, 404)
