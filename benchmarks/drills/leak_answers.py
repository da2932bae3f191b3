"""Asks everything that a reader may ask of one archive, and writes the answers down.

    python leak_answers.py ARCHIVE INDEX WORLD.json ANSWERS.json [--quick]

A process of its own for each archive: the very app that is served, its routes found by walking it,
its Streamlit pages over their own WebSocket, the Python interface and the reader's commands. What
has no row in the tables here ends the run, so that a new way out is covered the day it is added.
"""

from __future__ import annotations

import inspect
import io
import json
import logging
import re
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import coproarchive
from coproarchive.publish.addresses import KINDS
from coproarchive.search.language.fields import FACETS
from leak_archives import World

HOST = "archive.example"
STRANGER = ("192.0.2.1", 50_000)
METHODS = "HEAD POST PUT PATCH DELETE OPTIONS TRACE PROPFIND".split()

Answers = dict[str, Any]


class UncoveredError(Exception):
    """A way out that no row here asks for."""


# ------------------------------------------------------------------ what is asked for


def item_ids(world: World) -> Iterator[str]:
    """Ids of items, and what a guesser makes of them."""
    for item in [*world.items, "nothing", "s0/nothing", "nothing/i1"]:
        yield from (item, item.upper(), f"{item}/", f"{item}/item.yaml", item.rpartition("/")[2])
        yield from (quote(item, safe=""), f"./{item}", f"{item}.yaml", f"{item}%00", f"{item}?x=1")
        yield from (
            f"{item}?{quoted('q', word)}" for word in (*world.words[:1], *world.secrets[:1])
        )


def ids(names: Iterable[str]) -> Iterator[str]:
    """Ids of seminars, people or topics, and guesses."""
    for name in [*names, "nothing", "s9", "p99", "t99"]:
        yield from (name, name.upper(), f"{name}/", quote(f"../{name}", safe=""))


def files(world: World) -> Iterator[str]:
    """Paths of files of items, and what lies beside them."""
    for item, name in [*world.files, ("nothing", "talk1.md")]:
        for file in (
            name,
            name.upper(),
            f"{name}.bak",
            f"{name}.pdf",
            f"{name}.vtt",
            "item.yaml",
            "nothing.pdf",
            f"../{name}",
        ):
            yield f"{item}/{quote(file)}"
    for item in world.items:
        yield from (f"{item}/talk0.md", f"{item}/")
    for path in world.aside:
        yield from (quote(path), f"../{quote(path)}", f"{world.items[0]}/../{quote(path)}")


def pictures(world: World) -> Iterator[str]:
    """Pictures of pages, of real and made-up places."""
    for item, name in [*world.files, ("nothing", "talk1.pdf")]:
        for place in ("1-320", "3-1000", "4-320", "0-320", "1-77"):
            yield f"{item}/{quote(name)}/{place}.webp"


def quoted(name: str, value: str) -> str:
    return f"{name}={quote(value)}"


def misspelt(word: str) -> str:
    """Swap two letters in the middle: near enough to be corrected."""
    middle = len(word) // 2
    return word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]


def queries(world: World) -> Iterator[str]:
    """Addresses' parameters of searches: words, misspelt words, phrases, choices, dates, orders."""
    for text in [*world.words[:3], *world.secrets]:
        for form in (
            text,
            misspelt(text),
            text[:4] + "*",
            f'"{text}"',
            f"title:{text}",
            f"-{text}",
        ):
            yield quoted("q", form)
        yield quoted("q", f"{text} {world.words[1]}") + "&exact=1"
        yield quoted("q", f"{world.words[0]} OR {text}")
    choices = [("seminar", s) for s in world.seminars] + [("speaker", p) for p in world.people]
    choices += [("topic", t) for t in world.topics] + [("kind", "post"), ("kind", "handout")]
    choices += [("year", f"20{n:02}") for n in range(len(world.items))]
    for name, value in choices:
        yield quoted(name, value)
        yield f"{quoted(name, value)}&{quoted('q', world.words[0])}"
    for sort, page in product(("relevance", "date", "title", "nonsense"), ("1", "2", "9")):
        yield f"sort={sort}&page={page}"
        yield f"{quoted('q', world.words[0])}&sort={sort}&page={page}"
    yield from ("", "after=2010", "before=2012", "after=2005&before=2009-12")


def typed(world: World) -> Iterator[str]:
    """Beginnings of what somebody types into the search box."""
    names = [f"Ann {w[:3]}" for w in world.secrets[:3]]
    for text in [*world.words, *world.secrets, *names, *world.people, *world.items]:
        yield from (quoted("q", text[:2]), quoted("q", text[:4]), quoted("q", text))
        yield quoted("q", misspelt(text) if len(text) > 3 else text)


def searches(world: World) -> Iterator[str]:
    """Addresses of the plain search page: queries, and every value of each facet, browsed."""
    yield from (f"?{q}" for q in queries(world))
    for facet, text in product(FACETS, ("", *(w[:4] for w in (*world.secrets, *world.words)))):
        yield f"?sort=date&view=slides&browse={facet}&{quoted('find', text)}"
    for topic in world.topics:
        yield f"?{quoted('topic', f'-{topic}')}"


def places(world: World) -> Iterator[str]:
    """Items and slides of them, of hidden decks and hidden slides too, and places that are none."""
    for item in [*world.items, "nothing"]:
        yield item
        for place in ("slide/1", "slide/3", "slide/4", "page/1", "page/9", "section/1", "cue/1"):
            yield f"{item}/{place}"


def leaves(world: World) -> Iterator[str]:
    """Places of leaves in items, with and without a file, and with words to find there."""
    for item in [*world.items, "nothing", "s0/nothing"]:
        yield from (f"{item}{{leaf}}/{n}" for n in (1, 2, 3, 99))
        for word in (*world.words[:1], *world.secrets[:2]):
            yield f"{item}{{leaf}}/1?{quoted('q', word)}"
    for item, name in world.files:
        yield f"{item}/{quote(name)}{{leaf}}/1"


def leaves_of(kind: str) -> Callable[[World], Iterator[str]]:
    """Return what asks for the leaves of a kind."""
    return lambda world: (place.replace("{leaf}", f"/{kind}") for place in leaves(world))


PARAMETERS: dict[str, Callable[[World], Iterable[str]]] = {
    **{f"/item/{{item_id:path}}/{k}/{{number:int}}": leaves_of(k) for k in KINDS},
    "/item/{item_id:path}/text": lambda w: (f"{i}/text" for i in item_ids(w)),
    "/item/{item_id:path}": item_ids,
    "/item/{item_id:path}/cite": lambda w: (f"{place}/cite" for place in places(w)),
    "/item/{item_id:path}/quote": lambda w: (f"{place}/quote" for place in places(w)),
    "/item/{item_id:path}/cite.{format}": lambda w: (
        f"{place}/cite.{form}"
        for place in places(w)
        for form in ("bib", "ris", "csl.json", "txt", "txt?style=mla&locale=de-DE", "yaml")
    ),
    "/seminar/{seminar_id}/files.zip": lambda w: (f"{i}/files.zip" for i in ids(w.seminars)),
    "/seminar/{seminar_id}/event.ics": lambda w: (f"{i}/event.ics" for i in ids(w.seminars)),
    "/seminar/{seminar_id}": lambda w: ids(w.seminars),
    "/person/{person_id}": lambda w: ids(w.people),
    "/topic/{topic_id}": lambda w: ids(w.topics),
    "/file/{path:path}": files,
    "/picture/{path:path}": pictures,
    "/help/{path:path}": lambda w: ["", "nothing.html", *w.items[:2]],
    **{
        f"/desk/edit/item/{{item_id:path}}/{kind}/{{number:int}}": leaves_of(kind)
        for kind in ("slide", "page")
    },
    "/desk/edit/item/{record_id:path}": item_ids,
    "/desk/edit/seminar/{record_id:path}": lambda w: ids(w.seminars),
    "/desk/edit/person/{record_id:path}": lambda w: ids(w.people),
    "/desk/edit/topic/{record_id:path}": lambda w: ids(w.topics),
    "/desk/files/{item_id:path}/download/{name}": lambda w: (
        f"{item}/download/{quote(name)}" for item, name in w.files
    ),
    "/desk/files/{item_id:path}": item_ids,
    "/desk/visibility/{item_id:path}": item_ids,
    "/desk/people/{key}": lambda w: ids(w.people),
    "/desk/topics/{key}": lambda w: ids(w.topics),
    "/desk/history/{change}": lambda w: ["last", *w.items],
    "/suggest": lambda w: (f"?{q}" for q in typed(w)),
    "/search": searches,
    "/over-time": lambda w: [f"?{quoted('term', t)}" for t in ("", *w.words, *w.secrets)],
    "/results.csv": lambda w: (f"?{q}{end}" for q in queries(w) for end in ("", "&slides=1")),
    "/results.bib": lambda w: (f"?{q}" for q in queries(w)),
    "/results.ris": lambda w: (f"?{q}" for q in queries(w)),
    "/feed.atom": lambda w: (f"?{q}" for q in queries(w)),
    # Streamlit's own
    "/media/{file_id:path}": lambda w: ["x", *(f"{name}" for _, name in w.files[:3])],
    "/_stcore/upload_file/{session_id}/{file_id}": lambda _: ["s/f"],
    "/component/{path:path}": lambda _: ["x/index.html", "../x"],
    "/_stcore/bidi-components/{path:path}": lambda _: ["coproarchive_assist/x.js", "x/y"],
}
"""Route with parameters -> what to put in place of them (or, for queries, behind it)."""

QUERY_PARAMETERS = {"q", "token", "style", "locale", "slides"}
"""Names that handlers read from an address; `Query.from_params` takes those of a search."""
DESK_PARAMETERS = frozenset("before change field find group notice noun page show since".split())
"""Names that the desk's handlers read: a stranger is refused before (tests/web/desk)."""

PAGES = ("", "add", "problems")
"""Streamlit's pages, as addresses; readers see the first, and why they may not see the others."""

PUBLIC_API: dict[str, Callable[[Any, World], Any]] = {
    "title": lambda a, _: a.title,
    "items": lambda a, w: [[*map(_item_told, a.items.values())], [i in a.items for i in w.items]],
    "item": lambda a, w: [_told(lambda item_id: _item_told(a.item(item_id)), i) for i in w.items],
    "similar": lambda a, w: [_told(a.similar, i) for i in w.items],
    "cite": lambda a, w: [
        _told(lambda place: [a.cite(place, format=f) for f in ("text", "ris")], p)
        for i in w.items
        for p in (i, f"{i}#slide-1", f"{i}#slide-3", f"{i}#page-1", f"{i}#section-1")
    ],
    "suggest": lambda a, w: [a.suggest(t[:3]) for t in (*w.words, *w.secrets)],
    "search": lambda a, w: [_told(partial(_found, a), c) for c in _api_searches(w)],
}
KEEPERS_API = {"all_items", "add", "update_index", "check", "library", "close"}
"""The archivist's; `library` is what the rest is made of."""

PUBLIC_COMMANDS = ("search", "suggest", "similar", "reuse", "cite")
KEEPERS_COMMANDS = {
    "init", "add", "index", "check", "import", "seminar", "serve", "password", "show",
    "upgrade", "doctor", "edit", "replace", "file", "visibility", "withdraw", "merge", "rename",
    "history", "undo", "verify", "backup", "restore", "purge", "review", "split", "figures",
}  # fmt: skip
"""Commands for who keeps the archive, who may see all of it."""


# ---------------------------------------------------------------------------- routes


def walk(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every route of an app with its whole path, those of mounts too."""
    for route in routes:
        path = prefix + getattr(route, "path", "")
        inner = getattr(route, "routes", None)
        if inner:
            yield from walk(inner, path)
        else:
            yield path, route


def addresses(routes: Iterable[Any], world: World) -> dict[str, list[str]]:
    """Return path of each HTTP route -> addresses to ask. Raises UncoveredError."""
    asked: dict[str, list[str]] = {}
    for path, route in walk(routes):
        if type(route).__name__ in ("WebSocketRoute", "Mount"):
            continue  # pages are asked over their WebSocket; Streamlit's mount has its own files
        fixed = re.sub(r"\{[^}]*\}.*", "", path)
        if "{" in path and path not in PARAMETERS:
            raise UncoveredError(f"{path}: no row in PARAMETERS says what to ask this route for")
        values = PARAMETERS[path](world) if path in PARAMETERS else [""]
        asked[path] = [fixed + value for value in dict.fromkeys(values)]
    asked["nowhere"] = ["/", "/add", "/problems", "/nothing", "/wp-login.php", "/items", "/.git"]
    asked["nowhere"] += [re.sub(r"https://[^/]+", "", source) for source in world.sources]
    asked["nowhere"] += [f"/{item}" for item in world.items]
    return asked


def refuse_unasked_parameters() -> None:
    """Raise UncoveredError where a handler reads a parameter that nothing here is asked with."""
    package = Path(coproarchive.__file__).parent
    for path in (*(package / "web").rglob("*.py"), *(package / "ui").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        names = re.findall(r"query(?:_params)?(?:\.get\(|\[)\"(\w+)\"", text)
        asked = QUERY_PARAMETERS | (DESK_PARAMETERS if path.parent.name == "desk" else set())
        if unasked := set(names) - asked:
            raise UncoveredError(f"{path.name}: QUERY_PARAMETERS lacks {unasked}")


def variants(world: World, quick: bool = False) -> Iterator[tuple[str, dict[str, str]]]:
    """Other methods, and headers that could tell something apart; few of them where it is quick."""
    tags = ", ".join(world.etags)
    if quick:
        yield from (("HEAD", {}), ("POST", {}), ("GET", {"If-None-Match": tags}))
        return
    for method in METHODS:
        yield method, {}
    for headers in (
        {"Range": "bytes=0-9"},
        {"Range": "bytes=9999999-"},
        {"If-None-Match": "*"},
        {"If-None-Match": tags},
        {"If-Match": tags},
        {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If-Range": world.etags[0] if world.etags else "x", "Range": "bytes=0-9"},
        {"Accept": "application/json"},
        {"Accept": "application/ld+json, text/csv;q=0.5"},
        {"Accept-Language": "de"},
        {"Origin": "https://evil.example"},
        {"X-Requested-With": "XMLHttpRequest"},
        {"Cookie": "coproarchive_keeper=nothing"},
    ):
        yield "GET", headers


def answer_of(response: Any, metrics: bool = False) -> Any:
    """Return what an HTTP answer tells: status, headers, and the body."""
    headers = {k: v for k, v in response.headers.items() if k not in ("date", "x-request-id")}
    kind = headers.get("content-type", "")
    if kind.startswith("image/") or "presentation" in kind:  # drawn, or copied, a moment ago
        headers = {k: v for k, v in headers.items() if k not in ("etag", "last-modified")}
    # Whether its pictures were drawn a moment ago: a page leaves room for their shape.
    text = re.sub(r'(?<=class=")(grid|viewer) \w+', r"\1", _read(response.content))
    text = re.sub(r'width="1000" height="\d+"', "", text)
    if text != _read(response.content):
        headers.pop("content-length", None)
    cookie = headers.get("set-cookie")
    if cookie:
        headers["set-cookie"] = re.sub(r"=[^;]+", "=...", cookie, count=1)
        headers.pop("content-length", None)
    if metrics:
        text = re.sub(r"\d+(\.\d+)?([eE][-+]?\d+)?", "N", text)
        headers.pop("content-length", None)
    return [response.status_code, re.sub(r'(?<=name="token" value=")\w+', "...", text), headers]


def _read(body: bytes) -> str:
    """Return a body as text: a package's parts one by one, other bytes as hexadecimal digits."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            return "".join(f"{name}: {_read(package.read(name))}" for name in package.namelist())
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.hex()


class Asker:
    """Asks an app, as a stranger.

    Args:
        client: of the app.
        quick: whether to try few methods and headers.
    """

    def __init__(self, client: Any, quick: bool = False):
        self._client = client
        self._quick = quick

    def ask(self, address: str, method: str = "GET", headers: dict[str, str] | None = None) -> Any:
        """Ask once; a picture until it is drawn, a file until it is made ready."""
        sent = {"Accept-Encoding": "identity"} | (headers or {})
        for _ in range(100):
            self._client.cookies.clear()
            response = self._client.request(method, address, headers=sent, follow_redirects=False)
            drawn = response.headers.get("cache-control") != "no-store" or method != "GET"
            drawn = drawn or ".pdf/" not in address or response.status_code != 200
            if drawn and response.status_code != 503:  # a public copy that is being made
                break
            time.sleep(0.05)
        return answer_of(response, "metrics" in address)

    def all(self, routes: Iterable[Any], world: World) -> Answers:
        """Ask every address, and a few of each route in every variant."""
        answers: Answers = {}
        hidden = [i for i in world.items if i not in world.public_items]
        for asked in addresses(routes, world).values():
            for address in asked:
                answers[f"GET {address}"] = self.ask(address)
            some = [a for a in asked if any(f"/{i}" in a for i in hidden[:3])][:3] or asked[-3:]
            for address in dict.fromkeys([asked[0], *some, asked[-1]]):
                for method, headers in variants(world, self._quick):
                    name = f"{method} {address} {headers}"
                    answers[name] = self.ask(address, method, headers)
        return answers


# ----------------------------------------------------------------- Streamlit's pages


def page_told(client: Any, page: str, query: str) -> list[str]:
    """Return the messages of one run of a page: what a browser is sent.

    Args:
        client: of the app.
        page: its address, "" for the search.
        query: the address's parameters.
    """
    from streamlit.proto.BackMsg_pb2 import BackMsg

    headers = {"host": HOST, "origin": f"https://{HOST}"}
    with client.websocket_connect(
        "/_stcore/stream", subprotocols=["streamlit"], headers=headers
    ) as socket:
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        socket.send_bytes(message.SerializeToString())
        return _messages(socket)


def _messages(socket: Any) -> list[str]:
    """Return what is sent until the script has run."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    told = []
    while True:
        forward = ForwardMsg()
        forward.ParseFromString(socket.receive_bytes())
        kind = forward.WhichOneof("type")
        if kind == "delta":
            told.append(str(forward.delta))
        elif kind not in ("new_session", "session_status_changed", "script_finished"):
            forward.ClearField("hash")
            told.append(str(forward))
        if kind == "script_finished":
            return told


def pages_told(client: Any, world: World) -> Answers:
    """Ask Streamlit's pages. Raises UncoveredError where there is one that PAGES lacks."""
    first = "\n".join(page_told(client, "", ""))
    known = set(re.findall(r'url_pathname: "([^"]*)"', first)) - {"search"}
    if known - set(PAGES):
        raise UncoveredError(f"Streamlit's pages {known - set(PAGES)} are not asked")
    answers: Answers = {"page": first}
    for query in dict.fromkeys(queries(world)):
        answers[f"page ?{query}"] = page_told(client, "", query)
    for page, query in product(("add", "problems"), ("", quoted("q", world.secrets[0]))):
        answers[f"page {page} ?{query}"] = page_told(client, page, query)
    return answers


# ------------------------------------------------- the Python interface and the commands


def _told(ask: Callable[[Any], Any], what: Any) -> Any:
    """Return what an act gives, or the error it ends in."""
    from coproarchive.errors import CoproArchiveError

    try:
        return ask(what)
    except CoproArchiveError as error:
        return f"{type(error).__name__}: {error.message} {error.hint}"


def _item_told(item: Any) -> list[str]:
    """Everything that an item has for a caller."""
    names = [n for n in dir(item) if not n.startswith("_")]
    return [f"{name}: {getattr(item, name)!r}" for name in names] + [repr(item)]


def _api_searches(world: World) -> Iterator[dict[str, str]]:
    for text in (*world.words[:2], *world.secrets):
        yield {"text": text}
        yield {"text": misspelt(text), "sort": "title"}
    for name, values in (
        ("seminar", world.seminars), ("speaker", world.people), ("topic", world.topics)
    ):  # fmt: skip
        for value in values:
            yield {name: value}


def _found(archive: Any, choices: dict[str, str]) -> list[Any]:
    results = archive.search(**choices)
    public = [n for n in dir(results) if not n.startswith("_")]
    told = [f"{name}: {getattr(results, name)!r}" for name in public]
    return [*told, repr(results), results._repr_html_()]


def api_told(archive_folder: Path, index: Path, world: World) -> Answers:
    """Ask the Python interface. Raises UncoveredError where it has more than the tables say."""
    with coproarchive.open(archive_folder, index=index) as archive:
        names = {n for n, _ in inspect.getmembers(type(archive)) if not n.startswith("_")}
        uncovered = names - set(PUBLIC_API) - KEEPERS_API
        if uncovered:
            raise UncoveredError(f"Archive's {uncovered} stand in no table")
        return {f"api {n}": repr(ask(archive, world)) for n, ask in PUBLIC_API.items()}


def commands_told(archive_folder: Path, index: Path, world: World) -> Answers:
    """Ask the reader's commands. Raises UncoveredError where there is one more."""
    from typer.testing import CliRunner

    from coproarchive.cli import app

    names = {c.name or c.callback.__name__ for c in app.registered_commands}  # type: ignore[union-attr]
    names |= {str(group.name) for group in app.registered_groups}
    if uncovered := names - set(PUBLIC_COMMANDS) - KEEPERS_COMMANDS:
        raise UncoveredError(f"commands {uncovered} stand in no table")
    place = ["--archive", str(archive_folder), "--index", str(index)]
    told: Answers = {}
    for text in (*world.words[:2], *world.secrets, *world.items):
        words = {
            "search": [["search", text], ["search", text, "--json"], ["search", text, "--csv"]],
            "suggest": [["suggest", text[:4]]],
            "similar": [["similar", text]],
            "reuse": [["reuse", text], ["reuse", text, "--json"], ["reuse", "--json"]],
            "cite": [["cite", text], ["cite", f"{text}#slide-1", "--format", "bibtex"]],
        }
        for command in PUBLIC_COMMANDS:
            for arguments in words[command]:
                result = CliRunner().invoke(app, [*place, *arguments])
                told[f"command {arguments}"] = [result.exit_code, result.output]
    return told


# ------------------------------------------------------------------------------ all


def ask_everything(archive: Path, index: Path, world: World, quick: bool = False) -> Answers:
    """Return all answers, and under "log" what was logged meanwhile."""
    from starlette.testclient import TestClient

    from coproarchive.ui.application import make_app
    from coproarchive.ui.state import app_state

    refuse_unasked_parameters()
    log = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(log))
    logging.getLogger("httpx").propagate = False  # of the client here, not of the app
    logging.getLogger().setLevel(logging.DEBUG)
    app_state().library.update_index()
    app_state().library.make_copies()  # now, not by the server's helper while pages are asked for
    answers: Answers = {}
    app = make_app()
    with TestClient(app, base_url=f"https://{HOST}", client=STRANGER) as client:
        routes = app._starlette_app.routes  # type: ignore[union-attr]
        answers |= Asker(client, quick).all(routes, world)
        answers |= pages_told(client, world)
    answers |= api_told(archive, index, world)
    answers |= commands_told(archive, index, world)
    counted = index / "nothing-found.json"
    answers["searches without results"] = counted.read_text() if counted.is_file() else ""
    answers["log"] = log.getvalue()
    return answers


def main() -> int:
    """Ask, write the answers down."""
    archive, index, world, target = map(Path, sys.argv[1:5])
    answers = ask_everything(archive, index, World.load(world), "--quick" in sys.argv)
    target.write_text(json.dumps(answers), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
