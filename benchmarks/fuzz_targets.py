"""What benchmarks/fuzz.py tries: a strategy of examples, and what must hold for each of them."""

# ruff: noqa: E501 - tables of odd texts read better in long rows

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from hypothesis import strategies as st

from coproarchive.catalogue import Catalogue
from coproarchive.check import CODES
from coproarchive.errors import CoproArchiveError
from coproarchive.ingest.add import ItemDraft, add_files
from coproarchive.library import Library
from coproarchive.model import Item, Kind, Person, Seminar, Series, Topic
from coproarchive.search.language.query import Query
from coproarchive.settings import Settings
from coproarchive.store import Store, safe_name
from fuzz_extraction import damage

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from making import SEMINAR, make_archive
from serving import addresses_of

LONGEST = 10.0
"""Seconds of processor time that one example may take: the machine may be busy."""
MOST_TEXT = 200_000
"""Characters that the problems of one damaged record may have."""


class Target(AbstractContextManager["Target"]):
    """Something that strangers write into.

    Attributes:
        examples: a strategy.
    """

    examples: st.SearchStrategy[Any]

    def __init__(self, folder: Path):
        self.folder = folder
        self.library = Library(
            Settings(
                archive=make_archive(folder / "archive"),
                index=folder / "index",
                workers=1,
                office="off",
                ocr="off",
            )
        )
        self.library.update_index()

    def check(self, example: Any) -> None:
        """Try an example in the time allowed; raise where a promise is broken."""
        started = time.process_time()
        self.attempt(example)
        took = time.process_time() - started
        assert took < LONGEST, f"it took {took:.1f} s"

    def attempt(self, example: Any) -> None:
        """Try an example."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.library.close()


# ------------------------------------------------------------------------- texts

odd_texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "no", "~", "2017-07-06", "2017-13", "9999/0001", "x" * 1200, "\u202e\u0000", "<b>&amp;",
         "../../etc/passwd", "=1+1", "{{7*7}}", "%00", "\ud800".encode("utf-8", "replace").decode(),
         "ﬁ", "İ", "e\u0301", "'; DROP TABLE", "javascript:alert(1)", "https://x.example/\r\nX: y",
         "https://[::1", "https://a b", "1e999", "-1", "NaN", "null", "\t", "- ", ": ", "#", "|", ">",
         "0000-0002-1825-0097", "a-post", "ada-baker", "sourdough", SEMINAR, "public", "hidden"]
    ),
)  # fmt: skip


# ----------------------------------------------------------------------- records

_RECORDS = {
    "archive.yaml": Series,
    "people.yaml": Person,
    "topics.yaml": Topic,
    f"{SEMINAR}/seminar.yaml": Seminar,
    f"{SEMINAR}/bread-for-all/item.yaml": Item,
    "a-post/item.yaml": Item,
}
_KEYS = [
    *sorted({name for noun in _RECORDS.values() for name in noun.model_fields}),
    "person", "role", "item", "type", "url", "label", "path", "sha256", "size", "media_type",
    "reason", "start", "end", "ada-baker", "sourdough", "__class__", "<<", "", "a.b", "ø",
]  # fmt: skip
_TOKENS = [
    "&a ", "*a", "!!python/object:os.system ", "!x ", "<<: ", "---\n", "...\n", "\t", "\x00", "%YAML",
    "? ", "- ", ": ", "#", "|\n", ">-\n", "'", '"', "{", "[", "}", "]", ",", "\n", "\r\n", "\u2028",
    "\ufeff", "\x85", "title: x\n", "visibility: hidden\n", "withdrawn:\n", "  ", "- - - - - - - - ",
    "<<<<<<< HEAD\n", "x: " * 5, "0x1F", "1_000", "no\n", "~", "\\", "\x07",
]  # fmt: skip
_values = st.recursive(
    st.one_of(odd_texts, st.none(), st.booleans(), st.integers(), st.floats()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(_KEYS), odd_texts), inner, max_size=5),
    ),
    max_leaves=12,
)
_changes = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["put", "cut", "turn", "double"]),
              st.sampled_from(_TOKENS), st.integers(1, 60)),
    min_size=1, max_size=6,
)  # fmt: skip


def changed(text: bytes, changes: list[tuple[float, str, str, int]]) -> bytes:
    """Return the text with tokens put in, pieces cut out, doubled, or bits turned."""
    out = bytearray(text)
    for place, act, token, length in changes:
        at = int(place * len(out))
        if act == "put":
            out[at:at] = token.encode("utf-8", "surrogatepass")
        elif act == "cut":
            del out[at : at + length]
        elif act == "double":
            out[at:at] = out[at : at + length]
        elif at < len(out):
            out[at] ^= 1 << (length % 8)
    return bytes(out)


class RecordsTarget(Target):
    """A record that somebody wrote by hand, or a tool mangled, in an archive that is served."""

    examples = st.tuples(
        st.sampled_from(list(_RECORDS)),
        st.one_of(
            _changes,
            st.dictionaries(st.sampled_from(_KEYS), _values, max_size=8),
            st.dictionaries(
                odd_texts, st.dictionaries(st.sampled_from(_KEYS), _values), max_size=3
            ),
            st.binary(max_size=200),
            st.lists(st.one_of(st.sampled_from(_TOKENS), odd_texts), max_size=30).map("".join),
        ),
    )

    def __init__(self, folder: Path):
        super().__init__(folder)
        self._sound = {name: self._path(name).read_bytes() for name in _RECORDS}

    def _path(self, name: str) -> Path:
        return self.folder / "archive" / name

    def attempt(self, example: tuple[str, Any]) -> None:
        """Read, check, save and show the archive with the record in it."""
        name, content = example
        if isinstance(content, list):
            data = changed(self._sound[name], content)
        elif isinstance(content, dict):
            data = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
        else:
            data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
        self._path(name).write_bytes(data)
        try:
            self._read()
        finally:
            for other, sound in self._sound.items():
                self._path(other).write_bytes(sound)

    def _read(self) -> None:
        store = Store(self.folder / "archive")
        try:
            catalogue = Catalogue.load(store)
        except CoproArchiveError as error:
            assert error.message and len(str(error)) < MOST_TEXT
            return
        assert all(problem.code in CODES for problem in catalogue.problems)
        said = sum(len(p.message) + len(p.hint) + len(p.path) for p in catalogue.problems)
        assert said < MOST_TEXT, f"problems of {said} characters"
        for item_id, item in catalogue.items.items():
            store.save_item(item)
            assert store.read_item(item_id) == item
        for seminar_id, seminar in catalogue.seminars.items():
            store.save_seminar(seminar)
            assert store.read_seminar(seminar_id) == seminar
        if not any(p.path == "people.yaml" for p in catalogue.problems):
            store.save_people(catalogue.people.values())
            assert store.read_people() == (catalogue.people, [])
        _shown(self.library)


def _shown(library: Library) -> None:
    """Ask for every page, file and table of an archive; anything but an answer raises."""
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from coproarchive.web.access import Access
    from coproarchive.web.routes import routes

    library.changed()
    table = routes(library, Access(library.settings))
    client = TestClient(Starlette(routes=table), follow_redirects=False)
    for path in _addresses(table, library.public()):
        answer = client.get(path)
        is_later = answer.status_code == 503 and "retry-after" in answer.headers
        known = (200, 303, 307, 308, 403, 404, 405, 410)
        assert is_later or answer.status_code in known, f"{path}: {answer.status_code}"
    library.search(Query.parse("bread"))


_ASKED = {"/suggest": "?q=a", "/search": "?q=bread", "/over-time": "?term=bread&term=rye",
          "/feed.atom": "?q=bread", "/results.csv": "?slides=1"}  # fmt: skip
_FORMATS = ("bib", "ris", "csl.json", "txt")
_BY_THE_WAY = ("/file/", "/picture/", "/help", "/look/", "/desk")
"""Beginnings of addresses that depend on no record, start other processes, or are keepers'."""


def _addresses(table: list[Any], public: Catalogue) -> Iterator[str]:
    """Yield an address of each route that readers have, and each record that it is for."""
    values = {
        "item_id:path": [*public.items, *public.tombstones],
        "seminar_id": list(public.seminars),
        "person_id": list(public.people),
        "topic_id": list(public.topics),
        "number:int": ["1"],
        "format": list(_FORMATS),
    }
    for address in addresses_of((r for r in table if not r.path.startswith(_BY_THE_WAY)), values):
        yield address + _ASKED.get(address, "")


# ----------------------------------------------------------------------- queries

_words = st.one_of(
    odd_texts,
    st.sampled_from(
        ["bread", "millstone", "sourdogh", "co-production", "-bread", '"power sharing"', '"', "*", "a*",
         "bre*", "title:bread", "kind:post", "year:2018", "speaker:ada", "nothing:x", "OR", "AND", "(",
         ")", "−rye", "“rye anecdote”", "title:", ":x", "--x", "-*", "-title:\"a b\"", "c++", "utf-8",
         "bread-and-butter-and-jam", "ſ", "ß", "Ⅷ", "\u200bzero", "١٢", "日本語の本", "x" * 300]
    ),
)  # fmt: skip
_queries = st.lists(_words, max_size=12).map(" ".join)


class QueriesTarget(Target):
    """Whatever is typed into the search box or stands in an address."""

    examples = st.dictionaries(
        st.sampled_from(
            ["q", "seminar", "speaker", "topic", "kind", "year", "after", "before", "sort", "page",
             "size", "exact", "other"]
        ),
        st.lists(st.one_of(_queries, st.integers().map(str), st.sampled_from(["2018", "title"])),
                 max_size=3),
        max_size=5,
    ).flatmap(lambda params: _queries.map(lambda text: {**params, "q": [text, *params.get("q", [])]}))  # fmt: skip

    def attempt(self, example: dict[str, list[str]]) -> None:
        """Parse, write and parse again, search, suggest, make a table."""
        query = Query.from_params(example)
        again = Query.from_params(query.to_params())
        assert replace(again, notes=query.notes) == query, "it is another query in its address"
        results = self.library.search(query)
        hits = [*results.hits, *results.near_misses]
        assert len(results.hits) <= results.total
        public = self.library.public().items
        assert all(hit.id in public for hit in hits)
        for hit in hits:
            for snippet in (hit.title, hit.snippet, *(leaf.snippet for leaf in hit.leaves)):
                ends = [end for mark in snippet.marks for end in mark]
                assert ends == sorted(ends)
                assert not ends or 0 <= ends[0] <= ends[-1] <= len(snippet.text)
        json.dumps(results.to_json())
        assert all(s.text for s in self.library.suggest(example["q"][0]))
        assert self.library.csv(query).startswith("\ufefftitle,")


# ---------------------------------------------------------------------- requests

_visible = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#")
_segments = st.one_of(
    st.text(_visible, max_size=20),
    st.sampled_from(
        ["item", "seminar", "person", "topic", "file", "picture", "help", "login", "logout", "look",
         "suggest", "results.csv", "healthz", "sitemap.xml", "robots.txt", "seminars", "people",
         "topics", "add", "problems", "_stcore", "health", "stream", "upload_file", "media", "static",
         "component", "host-config", "metrics", "agent", "interact", "mcp", "openapi.json", "..", ".",
         "%2e%2e", "%2f", "%00", "%ff", "%c0%ae", "%5c", "%0d%0aX-A:b", "", "~", "archive.yaml",
         SEMINAR, "bread-for-all", "bread.pptx", "hidden-talk", "windmills", "mill.pdf", "withdrawn",
         "a-post", "post.md", "ada-baker", "sourdough", "1-320.webp", "1-1000.webp", "9-320.webp",
         "x" * 3000, "site.css", "index.html", "2019", "01", "on-bread", "evil.example", "\\evil"]
    ),
)  # fmt: skip
_random_paths = st.lists(_segments, max_size=6).map(lambda parts: "/" + "/".join(parts))
_names = st.one_of(
    st.sampled_from(
        ["a-post", f"{SEMINAR}/bread-for-all", f"{SEMINAR}/hidden-talk", "withdrawn", SEMINAR, "1", "0",
         "99999999999999999999", "-1", "\u0661", "ada-baker", "sourdough", "bib", "txt", "csl.json",
         f"{SEMINAR}/bread-for-all/bread.pptx", f"{SEMINAR}/bread-for-all/slide/1", "a-post/section/1"]
    ),
    _segments,
)  # fmt: skip


def _known_paths(app: Any) -> st.SearchStrategy[str]:
    """Return addresses of an app's routes, with names and odd texts in place of parameters."""
    paths = sorted({route.path for route in app._starlette_app.routes if hasattr(route, "path")})
    pieces = [[*filter(None, re.split(r"(\{[^}]*\})", path))] for path in paths]

    def filled(parts: list[str]) -> st.SearchStrategy[str]:
        return st.tuples(*(_names if p[0] == "{" else st.just(p) for p in parts)).map("".join)

    return st.sampled_from(pieces).flatmap(filled)


_pairs = st.tuples(
    st.sampled_from(
        ["q", "page", "sort", "speaker", "year", "size", "next", "x", "after", "term", "style", "locale",
         "slides", "browse", "find", "view", "topic", "token", "exact", "of", "seminar", "kind"]
    ),
    st.one_of(
        _queries,
        st.integers().map(str),
        st.sampled_from(["apa", "de-DE", "en-../../x", "xx", "zh-Hant-TW", "slides", "speaker", "%01"]),
    ),
)  # fmt: skip
_known = [
    "host", "origin", "range", "if-none-match", "if-modified-since", "if-range", "if-match", "accept",
    "accept-encoding", "content-type", "content-length", "cookie", "x-forwarded-for", "referer",
    "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-http-method-override", "expect",
    "transfer-encoding", "authorization", "x-original-url", "sec-fetch-site", "upgrade",
]  # fmt: skip
_header_values = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40),
    st.sampled_from(
        ["bytes=0-", "bytes=-1", "bytes=5-2", "bytes=0-0,1-1", "bytes=" + "0-1," * 500, "bytes=a-b",
         "*", '"x"', "W/\"x\"", "Thu, 01 Jan 1970 00:00:00 GMT", "gzip", "identity;q=0", "0", "-1",
         "99999999999", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
         "multipart/form-data", "evil.example", "127.0.0.1:8501", "[::1", "a:b:c", "https://evil.example",
         "coproarchive_keeper=x; coproarchive_form=y", "coproarchive_form=\xe9", "chunked", "null"]
    ),
)  # fmt: skip


def _requests(paths: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return requests for addresses: method, path, query, headers, body."""
    return st.tuples(
        st.sampled_from("GET GET GET HEAD POST PUT DELETE OPTIONS PATCH TRACE XXXXXXXXX".split()),
        paths,
        st.one_of(
            st.lists(_pairs, max_size=3).map(
                lambda pairs: "&".join(f"{k}={v}" for k, v in pairs).encode("utf-8", "replace")
            ),
            st.binary(max_size=60),
        ),
        st.lists(st.tuples(st.sampled_from(_known), _header_values), max_size=5),
        st.one_of(st.just(b""), st.binary(max_size=200), st.just(b"token=x&password=y")),
    )


class RequestsTarget(Target):
    """Any request, as the server hands it to the app: the very app that is served."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.library.close()
        os.environ["COPROARCHIVE_ARCHIVE"] = str(folder / "archive")
        os.environ["COPROARCHIVE_INDEX"] = str(folder / "index")
        os.environ["COPROARCHIVE_WORKERS"] = "1"
        os.environ["COPROARCHIVE_OFFICE"] = "off"
        from starlette.testclient import TestClient

        from coproarchive.ui.application import make_app

        self._app = make_app()
        self._open = contextlib.ExitStack()
        client = self._open.enter_context(TestClient(self._app))
        assert client.portal is not None
        self._run: Callable[..., Any] = client.portal.call
        # The routes are there once the app has started.
        self.examples = _requests(st.one_of(_random_paths, _known_paths(self._app)))

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def attempt(self, example: tuple[str, str, bytes, list[tuple[str, str]], bytes]) -> None:
        """Ask; no failure, no trace of the machine, the headers that protect readers."""
        method, path, query, headers, body = example
        status, answered, content = self._run(ask, self._app, method, path, query, headers, body)
        assert 200 <= status < 500 or status == 503, f"{status}: {content[:300]!r}"
        names = {name.decode().lower(): value.decode("latin-1") for name, value in answered}
        told = content + "".join(map("{0[0]}:{0[1]}".format, answered)).encode()
        for trace in (
            b"Traceback",
            str(self.folder).encode(),
            sys.prefix.encode(),
            b"coproarchive/",
        ):
            assert trace not in told or trace in path.encode(), f"the answer has {trace!r}"
        assert names["x-content-type-options"] == "nosniff"
        assert names["referrer-policy"] == "same-origin"
        assert names["x-frame-options"] == "DENY"
        assert "cache-control" in names
        pdf = names.get("content-type", "").startswith("application/pdf")
        assert ("frame-ancestors" if pdf else "default-src") in names["content-security-policy"]
        assert not any(set(value) & set("\r\n\0") for value in names.values())
        # A place of this site: a path, or the address by which it was asked.
        assert re.match(r"$|/(?![/\\])|\.\./|\?|https?://[^/]*(/|$)", names.get("location", ""))
        host = dict(headers).get("host", "127.0.0.1:8501")
        assert "evil" not in names.get("location", "") or "evil" in path or "evil" in host
        assert all(v.decode("latin-1").lower().count("httponly") for k, v in answered
                   if k.lower() == b"set-cookie" and b"streamlit" not in v)  # fmt: skip


async def ask(
    app: Any, method: str, path: str, query: bytes, headers: list[tuple[str, str]], body: bytes
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Send a request to an ASGI app as uvicorn does; return status, headers and body."""
    given = [(name.encode(), value.strip().encode("latin-1")) for name, value in headers]
    if not any(name == b"host" for name, _ in given):
        given.append((b"host", b"127.0.0.1:8501"))
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "server": ("127.0.0.1", 8501), "client": ("192.0.2.1", 50_000), "scheme": "http",
        "method": method, "root_path": "", "path": unquote(path), "raw_path": path.encode(),
        "query_string": query, "headers": given, "state": {}, "extensions": {},
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    started: list[Any] = []
    pieces: list[bytes] = []
    gone = asyncio.Event()

    async def receive() -> Any:
        if waiting:
            return waiting.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        else:
            pieces.append(message.get("body", b""))

    await asyncio.wait_for(app(scope, receive, send), 20 * LONGEST)
    assert len(started) == 1, "no answer, or two"
    return started[0]["status"], list(started[0]["headers"]), b"".join(pieces)


# ----------------------------------------------------------------------- uploads


class UploadsTarget(Target):
    """Files of any name and content, dropped on the page or added by the command."""

    examples = st.tuples(
        st.lists(
            st.tuples(
                st.one_of(odd_texts, st.sampled_from(["talk", "Talk", "-rf", "CON", "a" * 260])),
                st.sampled_from([".pdf", ".pptx", ".md", ".html", ".vtt", ".txt", ".zip", ".docx", ""]),
                st.one_of(st.integers(0, 10**9), st.binary(max_size=100), st.text(max_size=60)),
            ),
            min_size=1, max_size=3,
        ),
        st.fixed_dictionaries(
            {},
            optional={
                "title": odd_texts, "abstract": odd_texts, "date": odd_texts, "rights": odd_texts,
                "people": st.lists(odd_texts, max_size=2).map(tuple), "licence": odd_texts,
                "topics": st.lists(odd_texts, max_size=2).map(tuple), "seminar": odd_texts,
                "kind": st.sampled_from(list(Kind)),
            },
        ),
    )  # fmt: skip

    def __init__(self, folder: Path):
        super().__init__(folder)
        self._whole = folder / "whole"
        shutil.copytree(folder / "archive", self._whole)
        found = (
            p
            for p in sorted((folder / "archive").rglob("*"))
            if p.suffix in (".pdf", ".pptx", ".md")
        )
        self._seeds = [path.read_bytes() for path in found]

    def attempt(self, example: tuple[list[tuple[str, str, Any]], dict[str, Any]]) -> None:
        """Add; whole and as sent, or refused in words, and nothing left lying about."""
        named, fields = example
        drop = self.folder / "dropped"
        shutil.rmtree(drop, ignore_errors=True)
        paths = []
        for number, (stem, ending, content) in enumerate(named):
            path = drop / str(number) / safe_name(stem + ending)
            assert path.parent == drop / str(number), "a name led out of its folder"
            path.parent.mkdir(parents=True)
            path.write_bytes(self._bytes(content))
            paths.append(path)
        before = hashes(self.folder / "archive")
        try:
            draft = self.library.with_new_records(ItemDraft(**fields))
            added = add_files(
                self.library.store, self.library.catalogue(), self.library.reader, paths, draft
            )
        except CoproArchiveError as error:
            assert error.message
            kept: set[str] = set()
        else:
            kept = {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
            assert {asset.sha256 for asset in added.item.assets} == kept
        self._examine(before, kept)

    def _bytes(self, content: Any) -> bytes:
        if isinstance(content, int):
            rng = random.Random(content)
            return damage(rng.choice(self._seeds), rng)
        return content if isinstance(content, bytes) else content.encode("utf-8", "replace")

    def _examine(self, before: dict[str, str], kept: set[str]) -> None:
        """See that what was there is there, and what came is whole; begin again now and then."""
        self.library.changed()
        after = hashes(self.folder / "archive")
        lost = {
            p for p, digest in before.items() if not p.endswith(".yaml") and after.get(p) != digest
        }
        assert not lost, f"changed or lost: {lost}"
        added = after.keys() - before.keys()
        new = {after[p] for p in added if not p.endswith(".yaml") and not p.startswith(".history/")}
        assert new == kept, f"{len(new)} new files, {len(kept)} were added"
        problems = self.library.catalogue().problems
        assert not problems, [(p.path, p.message) for p in problems]
        assert all(problem.code in CODES for problem in problems)
        if kept:
            self.library.update_index()
            _shown(self.library)
        shutil.rmtree(self.folder / "archive")
        shutil.copytree(self._whole, self.folder / "archive")
        self.library.changed()


def hashes(root: Path) -> dict[str, str]:
    """Return sha256 of every file below a folder but the lock's, by path; links are refused."""
    found = {}
    for path in _files(root):
        assert not path.is_symlink()
        if path.name not in (".lock", ".revision"):
            found[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if not path.is_dir())


TARGETS: dict[str, Callable[[Path], Target]] = {
    "records": RecordsTarget,
    "queries": QueriesTarget,
    "requests": RequestsTarget,
    "uploads": UploadsTarget,
}
