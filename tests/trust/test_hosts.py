"""Whatever name a request makes up, no answer hands it on: links, tables, the site map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from coproarchive.library import Library
from coproarchive.web.access import Access, host_name
from making import SEMINAR
from serving import client_of

EVIL = "evil.example"
PATHS = (
    f"/item/{SEMINAR}/bread-for-all", f"/seminar/{SEMINAR}", "/person/ada-baker",
    "/topic/sourdough", "/seminars", "/people", "/topics", "/login", "/keeper", "/robots.txt",
    "/sitemap.xml", "/results.csv?q=bread", "/suggest?q=ada", "/healthz", "/help", "/help/",
    "/seminars/", "/unheard-of", "/2019/01/on-bread/", "//evil.example/item", "/item/a-post/",
)  # fmt: skip


def answers(client: TestClient, path: str, headers: dict[str, str]) -> str:
    """Everything that the answer says, headers included."""
    answer = client.get(path, headers=headers, follow_redirects=False)
    return f"{answer.status_code} {dict(answer.headers)} {answer.text}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": EVIL},
        {"Host": f"{EVIL}:8501"},
        {"X-Forwarded-Host": EVIL},
        {"Forwarded": f"host={EVIL}"},
        {"Host": f"127.0.0.1:8501@{EVIL}"},
        {"Host": f"127.0.0.1.{EVIL}"},
        {"Host": f'127.0.0.1:8501"><script>{EVIL}'},
        {"Host": f"localhost/{EVIL}"},
    ],
)
def test_a_made_up_name_is_in_no_answer(library: Library, headers: dict[str, str]) -> None:
    """Every address, every header that names a host; what is relative stays so."""
    with client_of(library) as client:
        for path in PATHS:
            said = answers(client, path, headers)
            if path != "//evil.example/item":  # its 404 has no link to what was asked for
                assert EVIL not in said, path
            assert f"<script>{EVIL}" not in said.replace('<script type="application/ld+json">', "")
        table = client.get("/results.csv?q=bread", headers=headers).text
        if "Host" in headers:
            assert f",/item/{SEMINAR}/bread-for-all" in table


def test_known_names_make_whole_addresses(
    archive: Path, library: Library, open_library: Callable[..., Library]
) -> None:
    """This machine's own, the address that was connected to, allowed ones, the archive's own."""
    where = f"/item/{SEMINAR}/bread-for-all"
    allowed = open_library(archive, allowed_hosts="talks.lan, Talks.Example.")
    for opened, host in (
        (library, "localhost:8501"),
        (library, "[::1]:8501"),
        (allowed, "talks.lan"),
        (allowed, "TALKS.example:80"),
        (allowed, "127.0.0.1"),
    ):
        with client_of(opened) as client:
            assert f'href="http://{host}{where}"' in client.get(where, headers={"Host": host}).text
    with (archive / "archive.yaml").open("a") as record:
        record.write("address: https://archive.example/\n")
    library.changed()
    with client_of(library) as client:
        page = client.get(where, headers={"Host": EVIL}).text
        assert f'href="https://archive.example{where}"' in page
        assert EVIL not in page


def test_names_that_are_not_allowed_are_refused(
    archive: Path, open_library: Callable[..., Library]
) -> None:
    """Where the setting names some, everything else is a plain 400, pages and files alike."""
    library = open_library(archive, allowed_hosts="talks.lan")
    with client_of(library, Access(library.settings)) as client:
        for path in PATHS:
            answer = client.get(path, headers={"Host": EVIL}, follow_redirects=False)
            assert answer.status_code == 400
            assert EVIL not in answer.text
        assert client.get("/seminars", headers={"Host": "talks.lan:80"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1:8501", "127.0.0.1"), ("[::1]:80", "::1"), ("LocalHost.", "localhost"),
        ("a.example:99999", "a.example"), ("a b", ""), ("a@b", ""), ("a:b", ""), ("[::1", ""),
        ("", ""), ("localhost:80:80", ""), ("localhost\n", ""), ("ａ.example", ""),
    ],
)  # fmt: skip
def test_a_host_is_a_name_and_a_port(host: str, name: str) -> None:
    """With any other character in it, it is none."""
    assert host_name(host) == name
