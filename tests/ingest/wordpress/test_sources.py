"""Sites over REST, saved pages, and how files are fetched: politely, bounded, nowhere private."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from blogs import UPLOADS
from coproarchive.catalogue import Catalogue
from coproarchive.errors import IngestError
from coproarchive.ingest.wordpress import Options, import_site
from coproarchive.ingest.wordpress.detect import forget_pages, source_of
from coproarchive.ingest.wordpress.fetch import Fetcher, is_public
from coproarchive.ingest.wordpress.media import Media, unsound
from coproarchive.ingest.wordpress.rest import RestSource
from coproarchive.ingest.wordpress.saved import SavedSource
from coproarchive.store import Store
from making import make_deck

Answers = dict[
    str, "tuple[int, dict[str, str], bytes] | Callable[[str], tuple[int, dict[str, str], bytes]]"
]


class Server:
    """A web server on the loopback that gives prepared answers and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: Answers = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                found = outer.answers.get(urlsplit(self.path).path, (404, {}, b"{}"))
                status, headers, body = found(self.path) if callable(found) else found
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def say(self, path: str, value: object, **headers: str) -> None:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.answers[path] = (200, named, json.dumps(value).encode())

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(allow_private=True, pause=0, timeout=5, sleep=lambda _: None)


def rest_post(number: int, title: str, content: str, **more: object) -> dict[str, object]:
    return {
        "id": number, "date": "2018-05-04T10:00:00", "slug": title.lower().replace(" ", "-"),
        "status": "publish", "type": "post", "link": f"https://bread.example.org/{number}/",
        "title": {"rendered": title}, "content": {"rendered": content, "protected": not content},
        "_embedded": {
            "author": [{"name": "Ada Baker"}],
            "wp:term": [[{"name": "Rye &amp; spelt", "slug": "rye", "taxonomy": "post_tag"}]],
        },
        **more,
    }  # fmt: skip


def serve_site(server: Server) -> None:
    pages = {
        "1": [
            rest_post(
                1,
                "A loaf",
                f'<p>Words. <a href="{server.address}/up/deck.pptx">Bo Miller’s slides</a></p>',
            )
        ],
        "2": [rest_post(2, "Locked", "")],
    }

    def posts(path: str) -> tuple[int, dict[str, str], bytes]:
        number = parse_qs(urlsplit(path).query)["page"][0]
        return 200, {"X-WP-TotalPages": "2"}, json.dumps(pages[number]).encode()

    server.say(
        "/wp-json/", {"name": "Bread &amp; co", "home": server.address, "namespaces": ["wp/v2"]}
    )
    server.say(
        "/wp-json/wp/v2/types",
        {"post": {"rest_base": "posts"}, "wp_block": {"rest_base": "blocks"}},
    )
    server.answers["/wp-json/wp/v2/posts"] = posts
    server.say("/wp-json/wp/v2/pages", [])
    media = {
        "id": 9,
        "type": "attachment",
        "status": "inherit",
        "date": "2018-05-04T10:00:00",
        "post": 1,
        "title": {"rendered": "deck"},
        "source_url": f"{server.address}/up/deck.pptx",
    }
    server.say("/wp-json/wp/v2/media", [media])


def test_a_site_by_its_address(
    server: Server, fetcher: Fetcher, store: Store, tmp_path: Path
) -> None:
    serve_site(server)
    deck = make_deck(tmp_path / "deck.pptx").read_bytes()
    server.answers["/up/deck.pptx"] = (200, {}, deck)
    source = RestSource(f"{server.address}/", fetcher, tmp_path / "work")
    report = import_site(store, source, Options(download=True), fetcher=fetcher)
    found = Catalogue.load(store)
    assert report.counts == {"post": 2, "attachment": 1}
    post = found.items["a-loaf"]
    assert [c.person for c in post.people] == ["ada-baker"]
    assert found.topics["rye-spelt"].label == "Rye & spelt"
    talk = found.items["presentation-by-bo-miller"]
    assert [a.size for a in talk.assets] == [len(deck)]
    assert [s.why for s in report.of("skipped")] == ["not public: password"]
    assert not any("blocks" in path for path in server.asked)


def test_a_stopped_reading_goes_on_from_its_pages(
    server: Server, fetcher: Fetcher, tmp_path: Path
) -> None:
    serve_site(server)
    whole = server.answers.pop("/wp-json/wp/v2/media")
    server.answers["/wp-json/wp/v2/pages"] = (403, {}, b"{}")
    source = RestSource(server.address, fetcher, tmp_path / "work")
    with pytest.raises(IngestError, match="403"):
        list(source.posts())
    serve_site(server)
    server.answers["/wp-json/wp/v2/media"] = whole
    server.asked.clear()
    again = RestSource(server.address, fetcher, tmp_path / "work")
    assert [p.title for p in again.posts()] == ["A loaf", "Locked", "deck"]
    assert [urlsplit(p).path for p in server.asked] == [
        "/wp-json/wp/v2/pages",
        "/wp-json/wp/v2/media",
    ]
    forget_pages(tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_a_site_without_pretty_addresses(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    def route(path: str) -> tuple[int, dict[str, str], bytes]:
        asked = parse_qs(urlsplit(path).query)["rest_route"][0]
        value: object = {"/": {"name": "B", "home": server.address, "namespaces": ["wp/v2"]},
                         "/wp/v2/posts": [rest_post(1, "A loaf", "x")]}.get(asked, [])  # fmt: skip
        return 200, {}, json.dumps(value).encode()

    server.answers["/index.php"] = route
    assert [p.title for p in RestSource(server.address, fetcher, tmp_path).posts()] == ["A loaf"]


def test_a_site_of_wordpress_com(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    com = "/v1.1/sites/bread.wordpress.com"
    server.say(com, {"name": "Bread", "URL": "https://bread.wordpress.com"})
    one = {"ID": 5, "title": "A &#8216;loaf&#8217;", "URL": "https://bread.wordpress.com/5/",
           "slug": "a-loaf", "status": "publish", "type": "post",
           "date": "2018-05-04T01:00:00+00:00", "content": "<p>x</p>",
           "author": {"name": "Ada Baker"}, "tags": {"Rye": {"name": "Rye", "slug": "rye"}},
           "attachments": {"7": {"ID": 7, "URL": f"{UPLOADS}/a.pdf", "title": "a", "post_ID": 5}},
           }  # fmt: skip

    def posts(path: str) -> tuple[int, dict[str, str], bytes]:
        asked = parse_qs(urlsplit(path).query)
        if asked["type"] == ["page"]:
            return 200, {}, json.dumps({"posts": []}).encode()
        second = "page_handle" in asked
        meta = {} if second else {"next_page": "abc"}
        shown = [{**one, "ID": 6, "attachments": {}}] if second else [one]
        return 200, {}, json.dumps({"posts": shown, "meta": meta}).encode()

    server.answers[f"{com}/posts/"] = posts
    source = RestSource(
        "https://bread.wordpress.com", fetcher, tmp_path, wordpress_com=f"{server.address}/v1.1"
    )
    assert [(p.id, p.type, p.title) for p in source.posts()] == [
        ("5", "post", "A ‘loaf’"), ("6", "post", "A ‘loaf’"), ("7", "attachment", "a"),
    ]  # fmt: skip
    assert source.site.key == "bread.wordpress.com"


def test_a_busy_server_is_asked_again_later(server: Server) -> None:
    waits: list[float] = []
    answers = [(429, {"Retry-After": "7"}, b""), (503, {}, b""), (200, {}, b"[1]")]
    server.answers["/x"] = lambda _: answers.pop(0)
    polite = Fetcher(allow_private=True, pause=0.5, sleep=waits.append)
    assert polite.get(f"{server.address}/x").json() == [1]
    assert waits == [7.0, 0.5, 2.0, 0.5]


def test_a_server_that_stays_busy_is_given_up(server: Server, fetcher: Fetcher) -> None:
    server.answers["/x"] = (503, {}, b"")
    with pytest.raises(IngestError, match="503"):
        fetcher.get(f"{server.address}/x")
    assert len(server.asked) == 5


@pytest.mark.threat(13)
def test_redirects_are_bounded_and_looked_at(server: Server, fetcher: Fetcher) -> None:
    server.answers["/loop"] = (302, {"Location": "/loop"}, b"")
    server.answers["/file"] = (302, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises(IngestError, match="redirects"):
        fetcher.get(f"{server.address}/loop")
    with pytest.raises(IngestError, match="only http"):
        fetcher.get(f"{server.address}/file")


@pytest.mark.threat(13)
def test_private_addresses_are_not_fetched_unless_allowed(server: Server) -> None:
    careful = Fetcher(pause=0, sleep=lambda _: None)
    for url in (f"{server.address}/x", "http://localhost/", "http://[::1]/", "http://0.0.0.0/"):
        with pytest.raises(IngestError, match="not fetched"):
            careful.get(url)
    assert server.asked == []


@pytest.mark.threat(13)
@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("fe80::1%eth0", False),
        ("224.0.0.1", False),
        ("nonsense", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_files_are_bounded_whatever_is_declared(
    server: Server, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.answers["/big.pdf"] = (200, {}, b"%PDF" + b"x" * 5_000)
    with pytest.raises(IngestError, match="bytes"):
        fetcher.save(f"{server.address}/big.pdf", tmp_path / "x", 1_000)
    assert not (tmp_path / "x").exists()
    work = tmp_path / "work"
    work.mkdir()
    with Media(None, fetcher, 1_000, lambda: work) as media:
        assert media.find(f"{server.address}/big.pdf") is None
        assert "bytes" in media.refused[f"{server.address}/big.pdf"]


@pytest.mark.parametrize(
    ("name", "data", "taken"),
    [
        ("a.pdf", b"%PDF-1.4", True),
        ("a.pdf", b"<!doctype html><p>sign in", False),
        ("a.pptx", b"PK\x03\x04rest", True),
        ("a.pptx", b"MZ\x90", False),
        ("a.exe", b"MZ", False),
        ("a.svg", b"<svg onload=alert(1)>", False),
        ("a.html", b"<html>", False),
        ("a.mp4", b"<html>", False),
        ("a.png", b"", False),
    ],
)
def test_types_are_checked(name: str, data: bytes, taken: bool, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(data)
    assert (unsound(tmp_path / "f", f"https://x.org/{name}", 10_000) == "") is taken


SAVED = """<!doctype html><html><head><meta charset="utf-8"><title>A loaf – Bread</title>
<link rel="canonical" href="https://bread.example.org/2018/05/a-loaf/">
<meta property="og:site_name" content="Bread"></head>
<body class="post-template-default single single-post postid-41"><header>Menu</header>
<h1 class="entry-title">A loaf</h1><time datetime="2018-05-04T10:00:00">May</time>
<span class="author vcard"><a rel="author" href="/author/ada">Ada Baker</a></span>
<div class="entry-content"><p>Words of the loaf.</p><script>alert(1)</script>
<div class="sharedaddy">Share this</div></div>
<a href="https://bread.example.org/tag/rye/" rel="tag">rye</a></body></html>"""


def test_saved_pages(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    (folder / "2018").mkdir(parents=True)
    (folder / "2018" / "a.html").write_text(SAVED, encoding="utf-8")
    (folder / "index.html").write_text(SAVED.replace("single single-post postid-41", "home blog"))
    (folder / "note.txt").write_text("x")
    report = import_site(store, SavedSource(folder))
    item = Catalogue.load(store).items["a-loaf"]
    assert (item.source_id, item.date, item.topics) == (
        "bread.example.org#41",
        "2018-05-04",
        ("rye",),
    )
    assert [c.person for c in item.people] == ["ada-baker"]
    assert store.asset_path("a-loaf", "post.md").read_text() == "# A loaf\n\nWords of the loaf.\n"
    assert [p.code for p in report.problems] == ["page-skipped", "markup-removed"]
    assert not import_site(store, SavedSource(folder)).of("changed")


RELATIVE = """<html><head><title>{title}</title>
<link rel="canonical" href="index.html">{head}</head>
<body class="single single-post postid-7"><h1 class="entry-title">{title}</h1>
<div class="entry-content"><p>Words of {title}.</p></div></body></html>"""


def saved_site(folder: Path, title: str, head: str = "") -> SavedSource:
    """One page of a mirror whose addresses were made relative, as wget -k and HTTrack do."""
    page = folder / "talk" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(RELATIVE.format(title=title, head=head), encoding="utf-8")
    return SavedSource(folder)


@pytest.mark.parametrize("names", [("one", "two"), ("one/mirror", "two/mirror")])
def test_two_sites_that_do_not_say_who_they_are_stay_apart(
    store: Store, tmp_path: Path, names: tuple[str, str]
) -> None:
    """Both have a post 7; the second import overwrites nothing, the same folder changes nothing."""
    for name, title in zip(names, ("Ovens of Leeds", "Rye of Bath"), strict=True):
        report = import_site(store, saved_site(tmp_path / name, title))
        assert [s.action for s in report.steps if s.noun == "post"] == ["new"]
        assert "site-unnamed" in {p.code for p in report.problems}
        assert not import_site(store, SavedSource(tmp_path / name)).of("changed")
    items = Catalogue.load(store).items.values()
    assert {i.title for i in items} == {"Ovens of Leeds", "Rye of Bath"}
    assert {i.id for i in items} == {"talk", "talk-2"}
    assert len({i.source_id for i in items}) == 2
    assert not any(i.source or str(tmp_path) in (i.source_id or "") for i in items)


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ('<link rel="https://api.w.org/" href="https://x.org/leeds/wp-json/">', "x.org/leeds#7"),
        ('<link rel="EditURI" href="https://x.org/leeds/xmlrpc.php?rsd">', "x.org/leeds#7"),
        ('<link rel="shortlink" href="https://x.org/leeds/?p=7">', "x.org/leeds#7"),
        ("<!-- saved from url=(0029)https://x.org/leeds/talk/ -->", "x.org#leeds/talk"),
        ("<!-- Mirrored from www.x.org/leeds/ by HTTrack Website Copier/3 -->", "x.org#leeds"),
    ],
)
def test_a_saved_page_says_which_site_it_is_of(
    store: Store, tmp_path: Path, head: str, key: str
) -> None:
    """As WordPress links to itself, else as the saving program noted it: two of one host differ."""
    import_site(store, saved_site(tmp_path / "a", "Ovens", head))
    import_site(store, saved_site(tmp_path / "b", "Rye", head.replace("leeds", "bath")))
    keys = {i.source_id for i in Catalogue.load(store).items.values()}
    assert keys == {key, key.replace("leeds", "bath")}


def test_what_was_typed_decides_the_source(tmp_path: Path, fetcher: Fetcher) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "a.xml").write_text("x")
    assert isinstance(source_of(["https://x.org"], fetcher, tmp_path), RestSource)
    assert isinstance(source_of([str(tmp_path / "pages")], fetcher, tmp_path), SavedSource)
    for words in (
        ["https://x.org", "a.xml"],
        ["nowhere.xml"],
        [str(tmp_path), str(tmp_path / "a.xml")],
    ):
        with pytest.raises(IngestError):
            source_of(words, fetcher, tmp_path)


@pytest.mark.shared
def test_addresses_that_attack_are_never_fetched(
    shared: Path, store: Store, tmp_path: Path
) -> None:
    """Attachments on private addresses, files and other schemes: nothing is opened or asked."""
    careful = Fetcher(pause=0, sleep=lambda _: None, timeout=1)
    source = source_of([str(shared / "hostile/files/wxr/attachment-ssrf.xml")], careful, tmp_path)
    before = set(tmp_path.rglob("*"))
    report = import_site(store, source, Options(download=True), fetcher=careful)
    assert not report.stored and len(report.counts) == 1
    assert not any(i.assets for i in Catalogue.load(store).items.values())
    assert not [p for p in set(tmp_path.rglob("*")) - before if p.name == "passwd"]
