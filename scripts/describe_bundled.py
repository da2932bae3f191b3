"""Write the bundled files and their records anew: python scripts/describe_bundled.py.

Run after a change of bundled_content.py; records of files that exist keep everything but the size
and hash of their file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bundled_content import SEMINAR
from coproarchive.model import Item, Kind, WordSource
from coproarchive.store import Store
from make_bundled import ROOT, all_files

BY = "the archive, from the public programme"
LICENCE = "CC-BY-4.0"

RECORDS: dict[str, Item] = {
    item.id: item
    for item in (
        Item(
            id=f"{SEMINAR}/guide",
            title="A guide to seminar 6: Co-production in Coercive Environments",
            abstract="Slides that tell in outline what the day was about, for readers who were not there.",
            date="2017-07-06",
            topics=("co-production", "coercion", "power-sharing"),
        ),
        Item(
            id="words-used-in-this-series",
            title="Words used in this series: a plain-language glossary",
            abstract="Slides that explain words of co-production and of mental health law.",
            topics=("co-production", "mental-health-act", "advance-directives", "amhp"),
        ),
        Item(
            id=f"{SEMINAR}/programme",
            kind=Kind.PROGRAMME,
            title="Programme of seminar 6 and who took part",
            abstract="The day's programme with its times, and the people with their roles.",
            date="2017-07-06",
            topics=("co-production",),
        ),
        Item(
            id="how-to-use-this-archive",
            kind=Kind.POST,
            title="How to use this archive",
            abstract="Searching, browsing, citing a slide and downloading, in plain words.",
        ),
        Item(
            id=f"{SEMINAR}/what-is-co-production",
            kind=Kind.POST,
            title="What is co-production? Reading around seminar 6",
            abstract="What the word means, why coercion makes it hard, and where to read on.",
            topics=("co-production", "coercion", "service-user-involvement"),
        ),
        Item(
            id="plain-words-on-legal-terms",
            kind=Kind.POST,
            title="Advance directives and other legal terms in plain words",
            abstract="The Mental Health Act, AMHPs, advance directives and carers, explained simply.",
            topics=("mental-health-act", "advance-directives", "amhp", "carers"),
        ),
    )
}


def main() -> None:
    """Add what is new, refresh what is there."""
    store = Store(ROOT / "archive")
    for path, data in all_files().items():
        item_id, _, name = path.rpartition("/")
        if item_id in store.item_ids():
            store.replace_file(item_id, name, data)
            continue
        record = RECORDS[item_id].model_copy(
            update={
                "language": "en-GB",
                "licence": LICENCE,
                "prepared_by": BY,
                # Our decks' notes say what the slides show, for those who read them.
                "release": (WordSource.NOTES, WordSource.COMMENTS) if ".pptx" in name else (),
            }
        )
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / name
            source.write_bytes(data)
            store.add_item(record, {name: source})
        print("described", item_id)


if __name__ == "__main__":
    main()
