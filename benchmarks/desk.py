"""How long the desk's pages take on the server, in an archive of many items.

    python benchmarks/desk.py [--items 10000] [--rounds 5] [--json]

A made-up archive on the disk, asked through the app's own routes in this process: finding a record,
opening forms, saving, saving over what somebody else saved, undoing, and a batch over 500 results.
Prints the time by the clock, and that of the processor, which other work on the machine does not
lengthen. Ends with exit code 1 where the median of the latter is a second or more.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from coproarchive.library import Library
from coproarchive.model import Series
from coproarchive.operate.reindex import Reindexer
from coproarchive.settings import Settings
from coproarchive.store import Store
from coproarchive.web.access import Access

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from serving import HERE, client_of, fields_in

T = TypeVar("T")

MOST_MS = 1_000.0
"""Milliseconds that the median may take."""
SEMINARS = 20
LINES = 40
"""Of each seminar's programme."""


def make_archive(root: Path, count: int) -> None:
    """Write an archive's records: items in seminars, a person for every five, topics."""
    Store.create(root, Series(title="Made up", languages=("en-GB",)))
    chosen = random.Random(1)
    people = max(count // 5, 3)
    topics = max(count // 50, 3)
    names = (f"p{n}:\n  names:\n  - Given{n % 97} Family{n}\n" for n in range(people))
    (root / "people.yaml").write_text("".join(names))
    (root / "topics.yaml").write_text(
        "".join(f"t{n}:\n  label: Topic {n}\n" for n in range(topics))
    )
    for n in range(SEMINARS):
        lines = "".join(
            f"- start: '{9 + i // 6:02}:{i % 6}0'\n  title: Line {i}\n"
            f"  people:\n  - person: p{(n + i) % people}\n"
            for i in range(LINES)
        )
        (root / f"s{n}").mkdir()
        text = f"title: Seminar {n}\ndate: '2024-05-02'\nprogramme:\n{lines}"
        (root / f"s{n}" / "seminar.yaml").write_text(text)
    for n in range(count):
        folder = root / f"s{n % SEMINARS}" / f"i{n}"
        folder.mkdir()
        words = " ".join(f"word{chosen.randrange(2_000)}" for _ in range(12))
        (folder / "item.yaml").write_text(
            f"title: Item {n} {words}\nabstract: {words}\npeople:\n"
            f"- person: p{chosen.randrange(people)}\ntopics:\n- t{chosen.randrange(topics)}\n"
        )


@contextlib.contextmanager
def made_library(root: Path, count: int) -> Iterator[Library]:
    """Make an archive of so many items and its index below a folder; yield them opened."""
    make_archive(root / "archive", count)
    settings = Settings(archive=root / "archive", index=root / "index", office="off", workers=1)
    library = Library(settings)
    library.update_index()
    try:
        yield library
    finally:
        library.close()


class Watch:
    """Times calls."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[tuple[float, float]]] = {}

    def time(self, name: str, call: Callable[[], T]) -> T:
        """Call; return what it returns."""
        started, used = time.perf_counter(), time.process_time()
        answer = call()
        pair = time.perf_counter() - started, time.process_time() - used
        self._seconds.setdefault(name, []).append(pair)
        return answer

    @property
    def medians(self) -> dict[str, tuple[float, float]]:
        """Median seconds of the calls of each name: by the clock, and of the processor."""
        columns = {name: zip(*pairs, strict=True) for name, pairs in self._seconds.items()}
        return {
            name: (statistics.median(by_clock), statistics.median(used))
            for name, (by_clock, used) in columns.items()
        }


class Keeper:
    """A keeper's browser, in this process.

    Args:
        library: whose desk it opens.
    """

    def __init__(self, library: Library):
        access = Access(library.settings)
        # Not started: what it would do is another process's time.
        self._client = client_of(library, access, "127.0.0.1", Reindexer(library))
        assert access.link
        self._client.get(access.link.path)

    def get(self, address: str) -> str:
        """Return a page. Raises ValueError for any but a 200."""
        answer = self._client.get(address)
        if answer.status_code != 200:
            raise ValueError(f"{address}: {answer.status_code}")
        return answer.text

    def post(self, address: str, fields: dict[str, Any]) -> str:
        """Send a form; return the answer's page. Raises ValueError where it was refused."""
        answer = self._client.post(address, data=fields, headers={"Origin": HERE.origin})
        if answer.status_code not in (200, 409):
            raise ValueError(f"{address}: {answer.status_code}")
        return answer.text

    def form(self, address: str) -> dict[str, Any]:
        """Return the fields of a page's longest form."""
        return fields_in(self.get(address))


def measure(library: Library, count: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Return the median milliseconds of each act, by the clock and of the processor."""
    keeper, watch = Keeper(library), Watch()
    timed = watch.time
    chosen = random.Random(2)
    for title in ("First", "Second"):  # the history begins, and is read
        form = keeper.form("/desk/edit/item/s0/i0")
        keeper.post("/desk/edit/item/s0/i0", form | {"title": title})
    for n in range(rounds):
        number = chosen.randrange(count)
        address = f"/desk/edit/item/s{number % SEMINARS}/i{number}"
        timed("find a record", lambda n=number: keeper.get(f"/desk?find=item+{n}"))  # type: ignore[misc]
        form = fields_in(timed("open an item", lambda a=address: keeper.get(a)))  # type: ignore[misc]
        typed = form | {"title": f"Typed {n}"}
        done = timed("save an item", lambda a=address, t=typed: keeper.post(a, t))  # type: ignore[misc]
        late = form | {"title": f"Late {n}"}
        timed("save over another's", lambda a=address, t=late: keeper.post(a, t))  # type: ignore[misc]
        change = done.partition('name="change" value="')[2].partition('"')[0]
        undo = {"token": form["token"], "change": change, "to": address}
        timed("undo", lambda u=undo: keeper.post("/desk/undo", u))  # type: ignore[misc]
        seminar = f"/desk/edit/seminar/s{n % SEMINARS}"
        form = fields_in(timed("open a seminar", lambda a=seminar: keeper.get(a)))  # type: ignore[misc]
        form["programme.title"][0] = f"Typed {n}"
        timed("save a programme", lambda a=seminar, t=form: keeper.post(a, t))  # type: ignore[misc]
        timed("500 results", lambda: keeper.get("/desk/batch?q=item"))
    return {name: (1_000 * clock, 1_000 * used) for name, (clock, used) in watch.medians.items()}


def main() -> int:
    """Make the archive, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        made_library(Path(name), options.items) as library,
    ):
        medians = measure(library, options.items, options.rounds)
    if options.json:
        print(json.dumps({"items": options.items, "ms": medians}))
    else:
        print(f"{options.items} items, median milliseconds by the clock and of the processor:")
        for name, (by_clock, used) in medians.items():
            print(f"  {name:<22}{by_clock:>9.1f}{used:>9.1f}")
    return int(max(used for _, used in medians.values()) >= MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
