"""How long the desk takes for what is about many records, in an archive of many items.

    python benchmarks/desk_acts.py [--items 10000] [--json]

The archive and the keeper's browser of desk.py; here: the history, files, who may see an item,
people, a merge's preview, and one field of up to 500 results previewed, changed and taken back,
beside writing as many files durably and nothing else. Seconds by the clock and of the processor.
Ends with exit code 1 where a page or a preview takes a second of the processor or more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from coproarchive.library import Library
from coproarchive.store.files import write_durably
from desk import Keeper, Watch, made_library
from serving import fields_in

MOST_SECONDS = 1.0
WRITES_MANY = ("change all", "undo all", "as many files")
"""What writes hundreds of records; it may take longer."""
ITEM, BATCH = "s0/i0", "/desk/batch?q=item"
PAGES = {
    "history": "/desk/history",
    "history of one": f"/desk/history?of={ITEM}",
    "files": f"/desk/files/{ITEM}",
    "who may see it": f"/desk/visibility/{ITEM}",
    "people": "/desk/people",
    "a person": "/desk/people/p1",
    "500 results": BATCH,
}


def measure(library: Library, watch: Watch, scratch: Path) -> int:
    """Ask for the pages and acts; return how many items were changed at once."""
    keeper, log = Keeper(library), library.store.recorder.log
    for name, address in PAGES.items():
        keeper.get(address)
        watch.time(name, lambda a=address: keeper.get(a))  # type: ignore[misc]
    token = keeper.form("/desk")["token"]
    merge = {"act": "merge", "into": "p0", "token": token}
    watch.time("merge, previewed", lambda: keeper.post("/desk/people/p1", merge))
    form = {"act": "preview", "field": "rights", "operator": "=", "value": "Ask", "which": "all"}
    preview = watch.time("preview", lambda: keeper.post(BATCH, form | {"token": token}))
    watch.time("change all", lambda: keeper.post(BATCH, fields_in(preview) | {"act": "apply"}))
    watch.time("500 results, after it", lambda: keeper.get(BATCH))
    batch = next(log.changes()).batch
    watch.time("undo, previewed", lambda: keeper.get(f"/desk/undo?change={batch}"))
    watch.time("undo all", lambda: keeper.post("/desk/undo", {"change": batch, "token": token}))
    records = [library.store.root / change.record for change in log.find(batch)]

    def write_all() -> None:
        for number, path in enumerate(records):
            write_durably(scratch / str(number), path.read_bytes())

    watch.time("as many files", write_all)
    return len(records)


def main() -> int:
    """Make the archive, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    watch = Watch()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "scratch").mkdir()
        with made_library(root, options.items) as library:
            many = measure(library, watch, root / "scratch")
    seconds = {
        act: (round(clock, 3), round(used, 3)) for act, (clock, used) in watch.medians.items()
    }
    if options.json:
        print(json.dumps({"items": options.items, "many": many, "seconds": seconds}))
    else:
        print(f"{options.items} items, {many} of them changed at once; seconds by the clock and of")
        print("the processor:")
        for act, (by_clock, used) in seconds.items():
            print(f"  {act:<24}{by_clock:>8.2f}{used:>8.2f}")
    slow = (used for act, (_, used) in seconds.items() if act not in WRITES_MANY)
    return int(max(slow) >= MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
