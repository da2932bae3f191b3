"""Every HTTP address beside Streamlit's own, asked as a browser or a crawler would."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import argon2
import pytest
from starlette.testclient import TestClient

from coproarchive.library import Library
from coproarchive.model import WordSource
from coproarchive.settings import Settings
from coproarchive.store import Store
from coproarchive.web import render
from coproarchive.web.access import Access, Visitor
from making import HOSTILE, SEMINAR
from ocr_fakes import pretend
from serving import asked_raw, client_of, keeper_here

BREAD = f"/item/{SEMINAR}/bread-for-all"


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with client_of(library) as opened:
        opened.library = library  # type: ignore[attr-defined]
        yield opened


def test_an_item_is_described_shown_and_cited(client: TestClient) -> None:
    """Title, people, seminar, each slide at its own address, machine-readable head."""
    page = client.get(BREAD)
    assert page.status_code == 200
    for text in (
        '<h1 lang="en-GB">Bread for all</h1>', 'href="/person/ada-baker"',
        f'href="/seminar/{SEMINAR}"',
        'id="slide-3"', f'href="{BREAD}/slide/3"', 'name="citation_title"',
        "application/ld+json", "Seminar 1: Baking together",
    ):  # fmt: skip
        assert text in page.text
    assert "Secret recipe" not in page.text
    assert 'About <a href="/item/a-post">' in page.text
    assert "hidden-talk" not in page.text
    assert "Ada Baker (2018). Bread for all [presentation]. Seminar 1" in page.text
    notes = client.get(f"{BREAD}/slide/2").text
    assert "Remember the rye anecdote" in notes
    assert "Ada Baker (2018). Bread for all [presentation, slide 2]. Seminar 1" in notes
    assert f"http://127.0.0.1:8501{BREAD}/slide/2" in notes
    marked = client.get(BREAD, params={"q": "millstone"})
    assert "<mark>Millstone</mark>" in marked.text


def test_an_archive_that_declares_no_language_has_pages(
    archive: Path, open_library: Callable[..., Library]
) -> None:
    """Items, lists of them and feeds: English is what says nothing of itself."""
    record = archive / "archive.yaml"
    lines = record.read_text().splitlines(keepends=True)
    at = lines.index("languages:\n")
    record.write_text("".join(lines[:at] + lines[at + 2 :]))
    library = open_library(archive)
    library.update_index()
    with client_of(library) as client:
        for address in ("/item/a-post", "/person/ada-baker", f"/seminar/{SEMINAR}", "/feed.atom"):
            assert client.get(address).status_code == 200, address


def test_words_in_pictures_are_said_to_be_read_by_a_machine(
    archive: Path, library: Library, open_library: Callable[..., Library]
) -> None:
    """With how sure it was, under the slide they were seen on; the reader's name says so too."""
    pretend(library, f"{SEMINAR}/bread-for-all", "Proving <basket>", 0.913)
    with client_of(open_library(archive)) as opened:
        page = opened.get(f"{BREAD}/slide/3").text
        overview = opened.get(BREAD).text
    assert re.search(
        r'id="slide-3".*?<p class="source">Read from a picture by a machine, 91% sure</p>'
        r"<p[^>]*>Proving &lt;basket&gt;</p>",
        page,
        re.DOTALL,
    )
    assert " + ocr 3" in overview


def test_a_download_is_the_very_file(client: TestClient, archive: Path) -> None:
    """Where all of it is released: bytes, name, type and length; ranges; no compression on top."""
    store = Store(archive)
    item = store.read_item(f"{SEMINAR}/bread-for-all")
    store.save_item(item.model_copy(update={"release": tuple(WordSource)}))
    original = (archive / SEMINAR / "bread-for-all" / "bread.pptx").read_bytes()
    address = f"/file/{SEMINAR}/bread-for-all/bread.pptx"
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.content == original
    assert answer.headers["content-length"] == str(len(original))
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"].endswith("presentationml.presentation")
    assert 'filename="bread.pptx"' in answer.headers["content-disposition"]
    part = client.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, original[10:20])


@pytest.mark.threat(4)
@pytest.mark.parametrize(
    "path",
    ["/item/nothing", "/item/../archive.yaml", f"/item/{SEMINAR}/hidden-talk", "/seminar/nope",
     "/person/cy-secret", "/topic/hidden-topic", f"/file/{SEMINAR}/hidden-talk/secret.md",
     f"/file/{SEMINAR}/bread-for-all/item.yaml", "/file/archive.yaml", "/file/..%2farchive.yaml",
     "/unheard-of", "/item/", "/wp-login.php",
     "/topics/x", "/seminarsfoo", "/loginx", "/seminar/a/b", "/problems/x", "/add/y"],
)  # fmt: skip
def test_what_is_not_for_readers_is_not_found(client: TestClient, path: str) -> None:
    """A real 404 with a way on, for hidden things as for things that never were."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Search the archive" in answer.text
    assert "zanzibar" not in answer.text.casefold()


@pytest.mark.threat(6)
def test_addresses_of_the_old_blog_lead_to_its_posts(client: TestClient) -> None:
    """When the archive takes the blog's place, links to it go on working."""
    moved = client.get("/2019/01/on-bread/", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (301, "/item/a-post")


@pytest.mark.threat(10)
def test_a_withdrawn_item_is_a_tombstone(client: TestClient) -> None:
    """410, with the date and the reason and nothing else."""
    answer = client.get("/item/withdrawn")
    assert answer.status_code == 410
    assert "The speaker asked for it." in answer.text
    for kept_back in ("zanzibar", "Secret", "secret", "hidden-topic"):
        assert kept_back not in answer.text


@pytest.mark.threat(1)
def test_what_documents_say_is_text(client: TestClient) -> None:
    """Titles, names, slides and queries never become markup; a policy forbids scripts besides."""
    for path in ("/item/hostile", "/person/hostile", "/people", "/item/hostile?q=" + HOSTILE):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        scripts = answer.headers["content-security-policy"].partition("script-src ")[2]
        assert scripts.partition(";")[0] in ("", "'self'")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_browsing(client: TestClient) -> None:
    """Seminars with their programme, speakers and topics with their items."""
    assert "Seminar 1: Baking together" in client.get("/seminars").text
    seminar = client.get(f"/seminar/{SEMINAR}").text
    assert "10:00" in seminar
    assert f'href="{BREAD}"' in seminar
    assert "hidden-talk" not in seminar
    ada = client.get("/person/ada-baker").text
    assert "Oven College" in ada
    assert "At seminars" in ada
    assert "Windmills" in client.get("/topic/milling").text
    assert "Cy Secret" not in client.get("/people").text


def test_what_crawlers_ask(client: TestClient) -> None:
    """Health, robots and a sitemap of what everybody may see."""
    health = client.get("/healthz").json()
    assert health == {"ok": True, "status": "ready", "reasons": [], "items": 5}
    sitemap = client.get("/sitemap.xml").text
    assert f"/item/{SEMINAR}/bread-for-all</loc>" in sitemap
    assert "hidden" not in sitemap
    assert "Sitemap:" in client.get("/robots.txt").text


def test_pages_live_without_an_index(client: TestClient, library: Library) -> None:
    """A deleted index is told by /healthz with the command to run; reading goes on."""
    shutil.rmtree(library.settings.index)
    health = client.get("/healthz")
    assert health.status_code == 503
    assert "coproarchive index" in health.json()["hint"]
    assert client.get(BREAD, params={"q": "bread"}).status_code == 200


def test_a_file_that_is_gone_is_said_to_be_missing(client: TestClient, archive: Path) -> None:
    """The record stays; the download says what happened."""
    (archive / "windmills" / "mill.pdf").unlink()
    answer = client.get("/file/windmills/mill.pdf")
    assert answer.status_code == 404
    assert "missing" in answer.text


def settings_of(**given: object) -> Settings:
    return Settings(**given)  # type: ignore[arg-type]  # checked by pydantic


def test_only_who_sits_here_may_add_without_a_password() -> None:
    """Loopback server, loopback name, loopback client: all three."""
    here = Visitor("127.0.0.1:8501", "127.0.0.1", {}, "http://127.0.0.1:8501")
    access = Access(settings_of())
    assert not access.may("add", here)
    here = keeper_here(access, here)
    assert access.may("add", here)
    six = Visitor("[::1]:8501", "::1", {}, "http://[::1]:8501")
    other = Access(settings_of())
    assert other.may("add", keeper_here(other, six))
    assert not other.may("add", here)
    # Even with the cookie: from another page, by another name, from another address.
    assert not access.may("add", replace(here, origin=""))
    assert not access.may("add", replace(here, origin="http://localhost:3000"))
    assert not access.may("add", replace(here, host="evil.example:8501"))
    assert not access.may("add", replace(here, address="192.0.2.1"))
    # Behind a proxy on this machine: its own address, its own name for us, anybody's browser.
    assert not access.may("add", replace(here, origin="https://archive.example"))
    assert not access.may("add", replace(here, proxied=True))
    hashed = argon2.PasswordHasher().hash("a password")
    for served in (settings_of(host="0.0.0.0"), settings_of(password_hash=hashed)):
        assert Access(served).link is None
        assert not Access(served).may("add", here)


def test_a_hash_that_a_shell_has_spoilt_is_named() -> None:
    """Rather than that every password is wrong, for ever."""
    with pytest.raises(ValueError, match="single quotes"):
        settings_of(password_hash="=19=65536,t=3,p=4=abc")


@pytest.mark.threat(8)
def test_uploads_are_taken_from_keepers_only(library: Library) -> None:
    """Streamlit's own route would keep anybody's files in memory."""
    address = "/_stcore/upload_file/session/file"
    access = Access(library.settings)
    with client_of(library, access) as client:
        assert client.put(address, content=b"x").status_code == 403
        here = {"Origin": "http://127.0.0.1:8501"}
        app = client.app
        local = TestClient(app, base_url="http://127.0.0.1:8501", client=("127.0.0.1", 5))
        assert local.put(address, content=b"x", headers=here).status_code == 403
        link = access.link
        assert link
        local.get(link.path)
        assert local.put(address, content=b"x", headers=here).text == "streamlit"
        other = {"Origin": "http://127.0.0.1:9000"}
        assert local.put(address, content=b"x", headers=other).status_code == 403


@pytest.mark.threat(16)
def test_a_broken_archive_is_a_sentence_for_readers(client: TestClient, archive: Path) -> None:
    """503 everywhere, without the mistakes, which are the keeper's business."""
    client.get("/seminars")
    (archive / "archive.yaml").write_text("titel: secret words\n")
    client.library.changed()  # type: ignore[attr-defined]  # put there by the fixture
    for path in ("/seminars", "/unheard-of", BREAD, "/healthz"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "titel" not in answer.text


@pytest.mark.threat(7)
def test_signing_out_is_asked_for_by_our_own_page(library: Library) -> None:
    """Another site's form cannot do it; odd cookies are no errors."""
    hashed = argon2.PasswordHasher().hash("a long password")
    access = Access(settings_of(password_hash=hashed))
    with client_of(library, access) as client:
        evil = client.post("/logout", headers={"Origin": "https://evil.example"})
        assert evil.status_code == 403
        own = client.post(
            "/logout", headers={"Origin": "http://127.0.0.1:8501"}, follow_redirects=False
        )
        assert own.status_code == 303
    for cookie in ("9999999999.é", "².x", "", "1"):
        assert not access.is_signed_in(Visitor(cookies={"coproarchive_keeper": cookie}))


@pytest.mark.threat(7)
def test_signing_in_with_the_password(
    library: Library, open_library: Callable[..., Library]
) -> None:
    """A form with a token, a signed cookie; a wrong password and a forged cookie are nothing."""
    password = "a long enough password"
    settings = settings_of(host="0.0.0.0", password_hash=argon2.PasswordHasher().hash(password))
    access = Access(settings)
    with client_of(library, access) as client:
        form = client.get("/login").text
        token = re.search(r'name="token" value="(\w+)"', form)
        assert token
        no_token = client.post("/login", data={"password": password})
        assert no_token.status_code == 403
        form = client.get("/login").text
        token = re.search(r'name="token" value="(\w+)"', form)
        assert token
        wrong = client.post("/login", data={"password": "wrong", "token": token[1]})
        assert wrong.status_code == 403
        token = re.search(r'name="token" value="(\w+)"', wrong.text)
        assert token
        right = client.post(
            "/login", data={"password": password, "token": token[1]}, follow_redirects=False
        )
        assert (right.status_code, right.headers["location"]) == (303, "/desk")
        cookie = right.cookies["coproarchive_keeper"]
    assert access.may("add", Visitor(cookies={"coproarchive_keeper": cookie}))
    forged = cookie[:-1] + ("0" if cookie[-1] != "0" else "1")
    assert not access.may("add", Visitor(cookies={"coproarchive_keeper": forged}))
    assert not Access(settings).may("add", Visitor(cookies={"coproarchive_keeper": cookie}))


def test_guessing_passwords_is_slowed_down(library: Library) -> None:
    """After ten wrong ones, even the right one has to wait."""
    access = Access(settings_of(password_hash=argon2.PasswordHasher().hash("right one, long")))
    for _ in range(10):
        assert access.sign_in("wrong") is None
    with pytest.raises(Exception, match="too many"):
        access.sign_in("right one, long")
    assert library


def test_suggestions_and_tables_are_routes(client: TestClient) -> None:
    """JSON for what may be meant, CSV for all that an address finds; nothing of what is hidden."""
    found = client.get("/suggest", params={"q": "ada"}).json()
    assert found[0] == {"text": "Ada Baker", "kind": "speaker", "id": "ada-baker", "count": 2}
    assert client.get("/suggest", params={"q": "zanz"}).json() == []
    assert client.get("/suggest").json() == []
    table = client.get("/results.csv", params={"q": "bread", "kind": ["post", "presentation"]})
    assert table.headers["content-type"].startswith("text/csv")
    assert "attachment" in table.headers["content-disposition"]
    assert f"http://127.0.0.1:8501/item/{SEMINAR}/bread-for-all" in table.text
    assert "Zanzibar" not in client.get("/results.csv").text


def test_the_styles_are_whole(client: TestClient) -> None:
    """What is opened is closed in each file: of a rule without end browsers drop all the rest."""
    for name in ("base", "pages", "parts", "search", "citing", "viewer"):
        styles = render.stylesheet(name)
        assert styles.endswith("\n")
        assert styles.count("{") == styles.count("}"), name
        assert styles in client.get("/look/site.css").text


@pytest.fixture
def helped(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """The routes with a built help, and a file beside it that is not part of it."""
    folder = tmp_path / "built" / "help"
    (folder / "guide").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<title>Manual</title><style>p{color:red}</style><script>var a = "ü";</script>'
        '<script src="assets/a.js"></script>'
    )
    (folder / "guide" / "index.html").write_text("<title>Guide</title>")
    (folder / "404.html").write_text("mkdocs' own 404")
    (folder / "search.json").write_text("{}")
    (folder / "a.js").write_text("let b;")
    (tmp_path / "built" / "secret.txt").write_text("not for readers")
    (folder / "link.txt").symlink_to(tmp_path / "built" / "secret.txt")
    monkeypatch.setattr("coproarchive.web.help.FOLDER", folder)
    with client_of(library) as opened:
        yield opened


def test_the_help_is_served(helped: TestClient) -> None:
    """Pages, folders, scripts and data have their types; every page has a link to it."""
    assert '<a href="/help/">Help</a>' in helped.get("/people").text
    moved = helped.get("/help", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (308, "/help/")
    page = helped.get("/help/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Manual" in page.text
    assert "Guide" in helped.get("/help/guide").text
    for path, kind in (("a.js", "text/javascript"), ("search.json", "application/json")):
        assert helped.get(f"/help/{path}").headers["content-type"].startswith(kind)


@pytest.mark.threat(3)
def test_the_help_runs_its_own_scripts_only(helped: TestClient) -> None:
    """Inline scripts and styles of a page are allowed by hash, and still are where it is cached."""
    page = helped.get("/help/")
    policy = page.headers["content-security-policy"]
    scripts, styles = policy.split("; ")[1:3]
    digest = base64.b64encode(hashlib.sha256('var a = "ü";'.encode()).digest()).decode()
    assert scripts == f"script-src 'self' 'sha256-{digest}'"
    assert styles.startswith("style-src 'self' 'sha256-")
    assert "unsafe" not in policy
    cached = helped.get("/help/", headers={"If-None-Match": page.headers["etag"]})
    assert cached.status_code == 304
    assert cached.headers["content-security-policy"] == policy


@pytest.mark.threat(4)
@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "guide/..%2f..%2fsecret.txt",
        "..%5csecret.txt", "/etc/passwd", "%2fetc%2fpasswd", "link.txt", "nothing.html", "%00",
        "x" * 5000, "no/such/folder/",
    ],
)  # fmt: skip
def test_the_help_serves_nothing_else(helped: TestClient, path: str) -> None:
    """What leads out of the folder, or to nothing, is our own 404."""
    response = helped.get(f"/help/{path}")
    assert response.status_code == 404
    assert "not for readers" not in response.text
    assert "mkdocs' own" not in response.text


def test_help_that_was_not_built_says_so(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain page says what is missing and how it is made."""
    library = client.library  # type: ignore[attr-defined]
    monkeypatch.setattr("coproarchive.web.help.FOLDER", tmp_path / "nothing")
    with client_of(library) as unbuilt:
        page = unbuilt.get("/help/")
    assert page.status_code == 404
    assert "was not built" in page.text
    assert "scripts/build_docs.py" in page.text


@pytest.mark.threat(5)
@pytest.mark.parametrize("path", ["/unheard-of", "/item/a-post", "/login", "/results.csv", "/"])
def test_any_bytes_of_a_query_are_answered(client: TestClient, path: str) -> None:
    """Browsers encode them; others need not, and Starlette would fail on what is no UTF-8."""
    assert client.portal is not None
    status, _ = client.portal.call(asked_raw, client.app, path, b"q=\x80\xff&\xc0")
    assert status in (200, 404)


@pytest.mark.threat(1)
def test_a_refusal_has_the_headers_that_protect_readers(client: TestClient) -> None:
    """What is refused before anything is asked is an answer like the others."""
    refused = client.put("/_stcore/upload_file/session/file", content=b"x")
    assert refused.status_code == 403
    for header in ("x-content-type-options", "content-security-policy", "x-frame-options"):
        assert header in refused.headers


@pytest.mark.threat(3)
@pytest.mark.parametrize("path", ["", "nothing", "a-post/nothing.md", "windmills/mill.pdf"])
def test_every_answer_below_file_has_a_policy(client: TestClient, path: str) -> None:
    """A missing file's page as any page's; a PDF's lets its viewer run and nobody frame it."""
    policy = client.get(f"/file/{path}").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert ("default-src 'none'" in policy) is not path.endswith(".pdf")


@pytest.mark.threat(10)
@pytest.mark.parametrize("path", [BREAD, "/people", "/file/windmills/mill.pdf", "/sitemap.xml"])
def test_caches_ask_again_whether_it_may_be_seen(client: TestClient, path: str) -> None:
    """A file has a date, from which a proxy would guess that it may go on serving it for days."""
    assert client.get(path).headers["cache-control"] == "no-cache"
