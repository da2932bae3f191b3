"""What is hidden takes the same way through the code as what never was: no time tells of it.

Times differ by chance, so the functions that are entered are compared, not seconds.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

import coproarchive
from coproarchive.library import Library
from coproarchive.model import Contribution, Item, Person, Seminar, Topic, Visibility
from coproarchive.store import Store
from coproarchive.web.access import Access
from coproarchive.web.middleware import NotFound
from coproarchive.web.pages import Pages
from coproarchive.web.routes import routes
from making import make_pdf

PACKAGE = str(Path(coproarchive.__file__).parent)
ADDRESSES = (
    "/item/{}", "/item/{}?q=bread", "/file/{}/talk.pdf", "/picture/{}/talk.pdf/1-320.webp",
    "/seminar/{}", "/person/{}", "/topic/{}", "/{}",
)  # fmt: skip
"""Of one record; the name of a record of each kind is put in."""


def entered(ask: Callable[[], object]) -> Counter[str]:
    """Return how often each function of this package is entered, in whichever thread.

    Not coroutines: they are entered again whenever they go on, which is as chance has it.
    """
    seen: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_ours = event == "call" and code.co_filename.startswith(PACKAGE)
        if is_ours and not code.co_flags & inspect.CO_COROUTINE:
            seen[f"{code.co_filename.removeprefix(PACKAGE)} {code.co_qualname}"] += 1

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        ask()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    return seen


@pytest.fixture
def opened(archive: Path, open_library: Callable[..., Library], tmp_path: Path) -> Library:
    """The small archive with a hidden seminar, talk, speaker and topic named "unheard-of"."""
    store = Store(archive)
    store.save_person(Person(id="unheard-of", names=("Una Heard",)))
    store.save_topic(Topic(id="unheard-of", label="Unheard of"))
    store.save_seminar(Seminar(id="unheard", title="Unheard"))
    hidden = Item(
        id="unheard-of", title="Unheard of", visibility=Visibility.HIDDEN, topics=("unheard-of",),
        people=(Contribution(person="unheard-of"),), source="https://old.example.org/unheard-of",
    )  # fmt: skip
    store.add_item(hidden, {"talk.pdf": make_pdf(tmp_path / "talk.pdf", ["Unheard of"])})
    within = hidden.model_copy(update={"id": "unheard/of", "seminar": "unheard", "source": None})
    store.add_item(within, {"talk.pdf": make_pdf(tmp_path / "other.pdf", ["Unheard again"])})
    library = open_library(archive)
    library.update_index()
    return library


@pytest.mark.threat(10)
def test_a_hidden_record_is_looked_for_as_one_that_is_not_there(
    opened: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answer by the same functions, at every address of a record."""
    monkeypatch.setattr("coproarchive.library.FRESH_SECONDS", 3600.0)
    assert opened.catalogue().items["unheard-of"].visibility is Visibility.HIDDEN
    ours = routes(opened, Access(opened.settings))
    not_found = Middleware(NotFound, pages=Pages(opened), routes=ours)
    app = Starlette(routes=ours, middleware=[not_found])
    hidden = ("unheard-of", "unheard-of", "unheard/of", "unheard")
    unknown = ("unknown-no", "unknown-no", "unknown/no", "unknown")
    for address in ADDRESSES:
        for kinds in zip(hidden, unknown, strict=True):
            first, *two = [way_to(app, address, name) for name in (kinds[1], *kinds)]
            assert first[0], "nothing was looked at"  # it fills caches, too
            assert two[0] == two[1], address
            assert two[0][1] in (404, 307), address


def way_to(app: Starlette, address: str, name: str) -> tuple[Counter[str], int, str]:
    """Ask for a record; return the functions, the status, and the text without the name."""
    answers: list[tuple[int, str]] = []

    def ask() -> None:
        with TestClient(app, follow_redirects=False) as client:  # in threads of its own
            answer = client.get(address.format(name))
            answers.append((answer.status_code, answer.text.replace(name, "NAME")))

    return entered(ask), *answers[0]
