"""How long those who keep a large archive wait for the desk's pages and acts, on the server.

    python benchmarks/desk_pages.py [--items 10000] [--json]

A made-up archive on the disk, its records only; the app's own routes, asked in this process as its
keeper's browser does. Each page twice, the first time and again; then a batch of up to 500 items
previewed, applied and taken back, beside writing as many files durably and nothing else. Seconds of
the clock and of the processor: on a busy machine the second tells more. Ends with exit code 1 where
a page, a preview or an act on one item takes a second of the processor or more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lxml.html

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from coproarchive.library import Library  # noqa: E402
from coproarchive.model import Series  # noqa: E402
from coproarchive.settings import Settings  # noqa: E402
from coproarchive.store import Store  # noqa: E402
from coproarchive.store.files import write_durably  # noqa: E402
from serving import DeskClient, desk_of  # noqa: E402

WORDS = "rye oats barley wheat spelt millet maize sorghum dough yeast mill stone oven crust".split()
FOUND = "rye"
SEMINARS = 100
MOST_SECONDS = 1.0
MANY = ("apply", "undo_many", "durable")
"""What writes hundreds of records; it may take longer."""


class Follows:
    """Stands for what updates the index aside."""

    def look_now(self) -> None:
        """Do nothing: the index is not what is measured."""


def make_records(root: Path, items: int) -> None:
    """Write an archive of so many items; every 14th is about what is looked for."""
    Store.create(root, Series(title="Ten thousand talks", languages=("en",)))
    people, topics = max(items // 5, 2), max(items // 30, 2)
    lines = (f"p{n}:\n  names: [Ann{n} Speaker{n}]\n" for n in range(people))
    (root / "people.yaml").write_text("".join(lines))
    (root / "topics.yaml").write_text(
        "".join(f"t{n}:\n  label: Topic {n}\n" for n in range(topics))
    )
    for n in range(min(SEMINARS, items)):
        (root / f"s{n}").mkdir()
        (root / f"s{n}" / "seminar.yaml").write_text(f"title: Seminar {n}\ndate: 20{n % 25:02}\n")
    for n in range(items):
        folder = root / f"s{n % SEMINARS}" / f"i{n}"
        folder.mkdir()
        (folder / "item.yaml").write_text(
            f"title: On {WORDS[n % 14]} and {WORDS[n * 3 % 14]}, number {n}\n"
            f"abstract: About {WORDS[n * 5 % 14]}, and much more of {WORDS[n * 9 % 14]}.\n"
            f"people:\n- person: p{n % people}\n- person: p{n * 13 % people}\n"
            f"topics: [t{n % topics}]\nheld_at:\n- label: Slides\n  url: https://example.org/{n}\n"
        )


class Watch:
    """Times calls, by name.

    Attributes:
        seconds: of the clock and of the processor.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, dict[str, float]] = {}

    def time(self, name: str, call: Callable[[], Any]) -> Any:
        """Call and return what it returns; an answer that is an error is one."""
        wall, cpu = time.perf_counter(), time.process_time()
        answer = call()
        self.seconds[name] = {
            "wall": round(time.perf_counter() - wall, 3),
            "cpu": round(time.process_time() - cpu, 3),
        }
        status = getattr(answer, "status_code", 200)
        if status not in (200, 303):
            raise ValueError(f"{name}: {status}")
        return answer


def confirmed(desk: DeskClient, preview: str) -> Any:
    """Send the form of a preview."""
    html: Any = lxml.html.document_fromstring(preview)
    form = max(html.forms, key=lambda f: len(f.inputs))
    fields: dict[str, Any] = {"act": "apply"}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    return desk.post(form.action, fields)


def measure(desk: DeskClient, store: Store, watch: Watch, scratch: Path) -> int:
    """Ask for pages and acts; return how many items the batch had."""
    item, batch = "s1/i1", f"/desk/batch?q={FOUND}"
    pages = {
        "history": "/desk/history", "history_of_one": f"/desk/history?of={item}",
        "files": f"/desk/files/{item}", "visibility": f"/desk/visibility/{item}",
        "edit_form": f"/desk/edit/item/{item}", "people": "/desk/people",
        "person": "/desk/people/p1", "batch": batch,
    }  # fmt: skip
    for name, address in pages.items():
        watch.time(f"{name}_first", lambda address=address: desk.get(address))
        watch.time(name, lambda address=address: desk.get(address))
    digest = store.digest(f"{item}/item.yaml")
    fields = {"act": "show", "who": "hidden", "digest": digest, "token": desk.token()}
    watch.time("hide", lambda: desk.post(f"/desk/visibility/{item}", fields))
    change = next(store.recorder.log.changes()).batch
    undo = {"change": change, "token": fields["token"]}
    watch.time("undo", lambda: desk.post("/desk/undo", undo))
    merge = {"act": "merge", "into": "p0", "token": fields["token"]}
    watch.time("merge_preview", lambda: desk.post("/desk/people/p1", merge))
    many = {"act": "preview", "field": "rights", "operator": "=", "value": "Ask", "which": "all"}
    preview = watch.time("preview", lambda: desk.post(batch, many | {"token": fields["token"]}))
    watch.time("apply", lambda: confirmed(desk, preview.text))
    watch.time("page_after", lambda: desk.get(batch))
    changes = store.recorder.log.find(next(store.recorder.log.changes()).batch)
    back = {"change": changes[0].batch, "token": fields["token"]}
    watch.time("undo_preview", lambda: desk.get(f"/desk/undo?change={changes[0].batch}"))
    watch.time("undo_many", lambda: desk.post("/desk/undo", back))
    paths = [store.root / change.record for change in changes]

    def write_all() -> None:
        for number, path in enumerate(paths):
            write_durably(scratch / str(number), path.read_bytes())

    watch.time("durable", write_all)
    return len(changes)


def figures(items: int, folder: Path) -> dict[str, Any]:
    """Make the archive and its index, ask, and return the figures."""
    make_records(folder / "archive", items)
    settings = Settings(archive=folder / "archive", index=folder / "index", workers=1, office="off")
    library = Library(settings)
    library.update_index()
    (folder / "scratch").mkdir()
    watch = Watch()
    with desk_of(library, Follows()) as desk:  # type: ignore[arg-type]  # all that a desk asks of it
        many = measure(desk, library.store, watch, folder / "scratch")
    library.close()
    slow = [name for name, seconds in watch.seconds.items()
            if name not in MANY and seconds["cpu"] >= MOST_SECONDS]  # fmt: skip
    return {"items": items, "many": many, "slow": slow, "seconds": watch.seconds}


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, default=10_000, metavar="N")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = figures(arguments.items, Path(folder))
    if arguments.json:
        print(json.dumps(result, indent=2))
    else:
        print(f"{result['items']} items, {result['many']} of them changed at once")
        for name, seconds in result["seconds"].items():
            print(f"{name:20}{seconds['wall']:8.2f} s, of the processor {seconds['cpu']:.2f} s")
    return 1 if result["slow"] else 0


if __name__ == "__main__":
    sys.exit(main())
