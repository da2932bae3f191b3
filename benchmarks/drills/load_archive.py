"""An archive of made-up talks on disk, as large as is asked: records, and PDFs that can be read."""

from __future__ import annotations

import hashlib
import json
import random
import textwrap
from pathlib import Path

from made_up import LEAVES_A_TALK, Words
from making import make_pdf

SEMINARS = 40
TOPICS = 60


class MadeUpArchive:
    """Records and files of made-up talks, written without the store: it would sync each to disk.

    Attributes:
        folder: of the archive.
        items, seminars, people, topics: the ids.
        words: some that stand on slides, and the beginnings of some.
    """

    def __init__(self, folder: Path, leaves: int):
        self.folder = folder
        rng = random.Random(leaves)
        words = Words(rng, None)
        self.words = [words.text(1).lower() for _ in range(400)]
        count = max(3, leaves // LEAVES_A_TALK)
        self.seminars = [f"{n}-seminar" for n in range(1, min(SEMINARS, count // 3 + 1) + 1)]
        self.people = [f"p{n}" for n in range(count // 3 + 2)]
        self.topics = [f"t{n}" for n in range(TOPICS)]
        self.items = [f"{self.seminars[n % len(self.seminars)]}/talk-{n}" for n in range(count)]
        if not (folder / "archive.yaml").is_file():
            self._write(rng, words)

    def _write(self, rng: random.Random, words: Words) -> None:
        self.folder.mkdir(parents=True)
        people = {p: {"names": [words.text(2).title()]} for p in self.people}
        _write_yaml(self.folder / "people.yaml", people)
        _write_yaml(self.folder / "topics.yaml", {t: {"label": words.text(2)} for t in self.topics})
        for number, seminar in enumerate(self.seminars):
            date = f"{2005 + number % 20}-0{1 + number % 9}-1{number % 9}"
            _write_yaml(self.folder / seminar / "seminar.yaml",
                        {"title": f"Seminar {number}: {words.text(4)}", "date": date})  # fmt: skip
        for item in self.items:
            pages = [
                f"{words.text(4)}\n" + textwrap.fill(words.text(rng.randint(15, 60)), 60)
                for _ in range(LEAVES_A_TALK)
            ]
            path = make_pdf(self.folder / item / "slides.pdf", pages)
            asset = {
                "path": path.name, "role": "slides", "media_type": "application/pdf",
                "size": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }  # fmt: skip
            _write_yaml(path.with_name("item.yaml"), {
                "kind": "presentation", "title": words.text(6), "abstract": words.text(30),
                "people": [{"person": rng.choice(self.people)}],
                "topics": rng.sample(self.topics, 2), "assets": [asset],
            })  # fmt: skip
        # Last: an archive that is only half written has none.
        _write_yaml(self.folder / "archive.yaml", {"title": "Made up", "languages": ["en"]})

    def change(self, number: int) -> None:
        """Give an item another title, as an archivist would."""
        path = self.folder / self.items[number % len(self.items)] / "item.yaml"
        record = json.loads(path.read_text(encoding="utf-8"))
        record["title"] = f"Revised {number}: {record['title']}"[:200]
        _write_yaml(path, record)


def _write_yaml(path: Path, content: object) -> None:
    """Write JSON, which is YAML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps(content, indent=1), encoding="utf-8")
    fresh.replace(path)
