"""Pairs of archives for the leak drill: one with what readers may not see, and one without it.

Everything is invented from a seed. The second archive is not made by asking the catalogue what is
public: what is secret is known as it is made, and left out by rules written here once more.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from coproarchive.desk.drafts import DraftRow, Shelf
from coproarchive.desk.edit import edit_records
from coproarchive.desk.files import replace_file
from coproarchive.desk.undo import changes_of, undo_changes
from coproarchive.desk.values import FieldEdit
from coproarchive.model import (
    Asset,
    AssetRole,
    Contribution,
    Item,
    Kind,
    Link,
    Person,
    Relation,
    Role,
    Seminar,
    Series,
    Session,
    Topic,
    Visibility,
    Withdrawn,
)
from coproarchive.store import Store
from coproarchive.store.changes import Activity

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
from making import make_pdf
from telling import COMMENTED, HIDDEN, NOTED, SEEN, make_telling_deck

T = TypeVar("T")

PUBLIC_WORDS = (
    "bread rye starter oven loaf flour mill water salt crust baker morning market wheat spelt "
    "barley dough table kitchen harvest field farmer village bicycle garden river bridge".split()
)
SECRET_WORDS = (
    "zanzibar quixotic vermilion obsidian marzipan kerfuffle xylograph juniper halcyon gossamer "
    "labyrinth nocturne".split()
)
SILENT_WORDS = "wyvernalia thrumblecap ossifragrant"
"""Words of hidden things that no probe asks for: they may stand in no answer, header or log."""

REUSED = (
    "kneading bowls made from beech wood outlast porcelain ones when scrubbed weekly with soda",
    "millers once paid rent for weirs in eels counted every autumn by bailiffs of an abbey",
)
"""Texts of slides that several items have, public and secret ones."""

WITHHELD = (*NOTED, *COMMENTED, *HIDDEN)
"""Words that a public deck keeps from its readers: of notes, comments and hidden slides."""

SOME_TIME = 1_700_000_000
"""Modification time of every file, so that a validator (ETag) tells nothing of when it was made."""


@dataclass
class World:
    """What the probes ask for: of public and secret things alike, for both archives.

    Attributes:
        items, seminars, people, topics: ids; files: (item, file); sources: old addresses.
        public_items: ids that readers may see.
        words: of public things; secrets: words and phrases of secret ones; silent: never asked.
        etags: of the files of secret items, as a reader may have kept them from before.
        aside: paths of the history, and of files that were replaced.
    """

    items: list[str] = field(default_factory=list)
    public_items: list[str] = field(default_factory=list)
    seminars: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    etags: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)

    def save(self, path: Path) -> Path:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> World:
        """Read what `save` wrote."""
        stored = json.loads(path.read_text(encoding="utf-8"))
        return cls(**stored | {"files": [tuple(f) for f in stored["files"]]})


@dataclass
class Records:
    """What an archive is made of; see `write`."""

    seminars: dict[str, Seminar] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    texts: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def write(self, root: Path, past: str = "") -> None:
        """Write an archive: records, and a PDF, post or captions for each item's texts.

        Args:
            root: its folder.
            past: id of an item that had another title and file, which were taken back.
        """
        store = Store.create(root, Series(title="Invented talks", contact="keeper@archive.example"))
        for person in self.people.values():
            store.save_person(person)
        for topic in self.topics.values():
            store.save_topic(topic)
        for seminar in self.seminars.values():
            store.save_seminar(seminar)
        made = root.parent / f"{root.name}-made"
        made.mkdir()
        for item in self.items.values():
            files = {
                name: _file(made / item.id.replace("/", "-") / name, pages)
                for name, pages in self.texts.get(item.id, {}).items()
            }
            store.add_item(item, dict(files))
        if past:
            version = make_pdf(made / "version.pdf", [SILENT_WORDS])
            words = [FieldEdit("title", "=", SILENT_WORDS)]
            edit_records(store, [past], words, Activity("edit", why=SILENT_WORDS))
            undo_changes(store, changes_of(store, "last"), Activity("undo"))
            replace_file(store, past, version, Activity("replace"), name=PAST_FILE)
            undo_changes(store, changes_of(store, "last"), Activity("undo"))
        for path in root.rglob("*"):
            if path.is_file():
                os.utime(path, (SOME_TIME, SOME_TIME))


def _file(path: Path, pages: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".pdf":
        return make_pdf(path, pages)
    if path.suffix == ".pptx":
        both = path.parents[2] / "deck.pptx"  # of both archives: no two are made of the same bytes
        return both if both.exists() else make_telling_deck(both)
    if path.suffix == ".vtt":
        cues = (f"00:0{n}:00.000 --> 00:0{n}:09.000\n{text}\n" for n, text in enumerate(pages))
        path.write_text("WEBVTT\n\n" + "\n".join(cues), encoding="utf-8")
    else:
        path.write_text("\n\n".join(f"# {p}\n\n{p}" for p in pages) + "\n", encoding="utf-8")
    return path


def make_pair(folder: Path, seed: int, size: int = 14) -> World:
    """Write the archives folder/full and folder/bare, and folder/world.json; return the world.

    Args:
        folder: made.
        seed: of the invention.
        size: number of items in the full archive.
    """
    folder.mkdir(parents=True)
    maker = _Maker(random.Random(seed))
    full = maker.invent(size)
    bare = without_secrets(full)
    full.write(folder / "full", past="past")
    bare.write(folder / "bare")
    _add_draft(folder / "full")
    world = _world(full, bare, folder / "full")
    world.save(folder / "world.json")
    return world


def _add_draft(archive: Path) -> None:
    """Let a file wait to be added, with a row that somebody typed into: nobody else may see it."""
    shelf = Shelf(archive)
    set_id = shelf.begin()
    name = f"{SILENT_WORDS.split(maxsplit=1)[0]}.pdf"
    made = make_pdf(archive.parent / name, [f"{SILENT_WORDS} {SECRET_WORDS[0]}"])
    path = shelf.take(set_id, made, name)
    row = DraftRow(id="1", files=(path,), typed={"title": f"The {SILENT_WORDS}"})
    shelf.change(set_id, lambda draft: draft.model_copy(update={"rows": (row,)}))


_NOT_PUBLIC = (Visibility.HIDDEN, Visibility.MEMBERS)
_HIDDEN_FORMS: tuple[dict[str, Any], ...] = (
    *({"visibility": visibility} for visibility in _NOT_PUBLIC),
    {"available": "2999-01-01"},
)
"""Ways in which an item is hidden today."""
PAST_FILE = "past.pdf"


def _is_hidden(item: Item | Asset) -> bool:
    return item.visibility in _NOT_PUBLIC or item.available is not None


class _Maker:
    """Invents records; what is secret is said by the item itself."""

    def __init__(self, rng: random.Random):
        self._rng = rng

    def _say(self, words: list[str], number: int) -> str:
        return " ".join(self._rng.choice(words) for _ in range(number))

    def invent(self, size: int) -> Records:
        """Return records: two in five items hidden, withdrawn, or both."""
        rng, full = self._rng, Records()
        for n in range(4):
            full.seminars[f"s{n}"] = Seminar(
                id=f"s{n}",
                title=f"Seminar {n}: {self._say(PUBLIC_WORDS if n < 3 else SECRET_WORDS, 2)}",
                date=f"201{n}-05-0{n + 1}",
                topics=(f"t{n}",),
            )
        for n in range(16):
            words = PUBLIC_WORDS if n < 8 else SECRET_WORDS
            wider = f"t{n + 1}" if n % 4 < 2 else None
            full.topics[f"t{n}"] = Topic(
                id=f"t{n}",
                label=f"{self._say(words, 1).capitalize()} {n}",
                alternatives=(f"{self._say(words, 1)} {self._say(words, 1)} {n}",),
                broader=wider,
            )
        for n in range(10):
            words = PUBLIC_WORDS if n < 5 else SECRET_WORDS
            family = self._say(words, 1).capitalize()
            full.people[f"p{n}"] = Person(id=f"p{n}", names=(f"Ann {family}{n}", f"A. {family}{n}"))
        fates = ["public"] * 3 + ["hidden", "withdrawn", "both"]
        for number in range(size):
            self._item(full, number, fates[number] if number < 6 else rng.choice(fates))
        self._programmes(full)
        full.items["deck"] = Item(id="deck", title="A deck that could tell")
        full.texts["deck"] = {"deck.pptx": [], "deck.pdf": [f"The {SEEN}", "Thanks"]}
        aside = Asset(path="aside.pdf", role=AssetRole.SLIDES, media_type="application/pdf",
                      size=0, sha256="0" * 64, visibility=rng.choice(_NOT_PUBLIC[:2]))  # fmt: skip
        full.items["past"] = Item(id="past", title="Bread that was otherwise", assets=(aside,))
        full.texts["past"] = {PAST_FILE: ["Bread as it is"], "aside.pdf": [SILENT_WORDS]}
        return full

    def _item(self, full: Records, number: int, fate: str) -> None:
        rng, secret = self._rng, fate != "public"
        words = [*PUBLIC_WORDS, *SECRET_WORDS] if secret else list(PUBLIC_WORDS)
        # The last seminar has hidden items only, so that it is secret itself.
        hidden = fate in ("hidden", "both")
        seminar = rng.choice([None, "s0", "s1", "s2"])
        if hidden and (number == 3 or rng.random() < 0.3):
            seminar = "s3"
        item_id = f"{seminar}/i{number}" if seminar else f"i{number}"
        silent = f" {SILENT_WORDS}" if hidden else ""
        last = 10 if secret else 5
        others = [i for i in full.items if rng.random() < 0.3]
        full.items[item_id] = Item(
            id=item_id,
            seminar=seminar,
            kind=rng.choice([Kind.PRESENTATION, Kind.POST, Kind.HANDOUT]),
            title=self._say(words, 3).capitalize() + silent,
            abstract=self._say(words, 12) + (f" {SILENT_WORDS}" if secret else ""),
            people=tuple(
                Contribution(person=f"p{n}", role=rng.choice(list(Role)))
                for n in rng.sample(range(last), 2)
            ),
            topics=tuple(f"t{n}" for n in rng.sample(range(16 if secret else 4), 2)),
            date=rng.choice([None, f"20{number:02}", f"20{number:02}-03"]),
            **(rng.choice(_HIDDEN_FORMS) if hidden else {}),
            withdrawn=Withdrawn(date="2020-01", reason="Asked for.")
            if fate in ("withdrawn", "both")
            else None,
            source=f"https://blog.example/2019/{number}/post/",
            held_at=(Link(label=self._say(words, 2), url=f"https://elsewhere.example/{number}"),),
            relations=tuple(Relation(type="references", item=other) for other in others),
        )
        ending = rng.choice([".pdf", ".md", ".vtt", ".pdf"])
        pages = [self._say(words, 9) + (f" {SILENT_WORDS}" if secret else "") for _ in range(3)]
        if ending == ".pdf":
            # Slides that several items have, of secret ones too; and what was said, another form.
            pages += [REUSED[number % 2]]
            full.texts[item_id] = {f"talk{number}.pdf": pages, f"talk{number}.vtt": pages[1:]}
        else:
            full.texts[item_id] = {f"talk{number}{ending}": pages}

    def _programmes(self, full: Records) -> None:
        for key, seminar in full.seminars.items():
            lines = [Session(start="12:00", title="Lunch")] if key != "s3" else []
            for item in full.items.values():
                if item.seminar == key or (key != "s3" and self._rng.random() < 0.1):
                    line = Session(
                        title=item.title,
                        people=item.people,
                        item=item.id,
                        description=item.abstract,
                    )
                    lines.append(line)
            full.seminars[key] = seminar.model_copy(update={"programme": tuple(lines)})


def without_secrets(full: Records) -> Records:
    """Return the records without what is secret: what a reader may take the archive for.

    A withdrawn item keeps its tombstone: kind, title, date, seminar, and why it was taken back.
    """
    bare = Records(texts=full.texts)
    for key, item in full.items.items():
        if _is_hidden(item):
            continue
        if item.withdrawn:
            kept = {"id", "seminar", "kind", "title", "date", "withdrawn"}
            bare.items[key] = Item(**item.model_dump(include=kept))
            bare.texts = {k: v for k, v in bare.texts.items() if k != key}
        else:
            assets = [a for a in item.assets if not _is_hidden(a)]
            bare.items[key] = item.model_copy(update={"assets": tuple(assets)})
            secret = {a.path for a in item.assets} - {a.path for a in assets}
            texts = {name: text for name, text in full.texts[key].items() if name not in secret}
            bare.texts = {**bare.texts, key: texts}
    shown = {key for key, item in bare.items.items() if not item.withdrawn}
    for key in shown:
        item = bare.items[key]
        relations = tuple(r for r in item.relations if r.item in shown)
        bare.items[key] = item.model_copy(update={"relations": relations})
    for key, seminar in full.seminars.items():
        programme = tuple(s for s in seminar.programme if s.item is None or s.item in shown)
        lying_in = [i for i in full.items.values() if i.seminar == key]
        only_hidden = lying_in and all(map(_is_hidden, lying_in))
        if not (only_hidden and not programme):
            bare.seminars[key] = seminar.model_copy(update={"programme": programme})
    bare.people = _still_named(full, bare, full.people, _people_of)
    bare.topics = _still_named(full, bare, full.topics, lambda r: _topics_of(r, full.topics))
    return bare


def _still_named(
    full: Records,
    bare: Records,
    table: dict[str, T],
    ids_of: Callable[[Item | Seminar], set[str]],
) -> dict[str, T]:
    """Return entries that a public record names, or that nothing at all does."""
    shown = [i for i in bare.items.values() if not i.withdrawn]
    in_public: list[Item | Seminar] = [*shown, *bare.seminars.values()]
    in_all: list[Item | Seminar] = [*full.items.values(), *full.seminars.values()]
    public = {n for record in in_public for n in ids_of(record)}
    anywhere = {n for record in in_all for n in ids_of(record)}
    return {key: entry for key, entry in table.items() if key in public or key not in anywhere}


def _people_of(record: Item | Seminar) -> set[str]:
    if isinstance(record, Item):
        return {c.person for c in record.people}
    return {c.person for line in record.programme for c in line.people}


def _topics_of(record: Item | Seminar, topics: dict[str, Topic]) -> set[str]:
    named: set[str] = set()
    queue = list(record.topics)
    while queue:
        topic = queue.pop()
        wider = topics[topic].broader
        if topic not in named and wider:
            queue.append(wider)
        named.add(topic)
    return named


def _world(full: Records, bare: Records, root: Path) -> World:
    from starlette.responses import FileResponse

    public = {k for k, item in bare.items.items() if not item.withdrawn}
    secret = [item for key, item in full.items.items() if key not in public]
    files = [(key, name) for key, texts in full.texts.items() for name in texts]
    etags = []
    for key, name in files:
        if key not in public:
            path = root / key / name
            etags.append(FileResponse(path, stat_result=path.stat()).headers["etag"])
    phrases = [" ".join(item.title.split()[:2]) for item in secret]
    return World(
        items=list(full.items),
        public_items=sorted(public),
        seminars=list(full.seminars),
        people=list(full.people),
        topics=list(full.topics),
        files=files,
        sources=[str(i.source) for i in full.items.values()],
        words=list(PUBLIC_WORDS[:4]),
        secrets=[*SECRET_WORDS[:5], *phrases],
        silent=[w.casefold() for w in (*SILENT_WORDS.split(), *WITHHELD)],
        etags=etags,
        aside=[
            path.relative_to(root).as_posix()
            for folder in (".history", ".kept")
            for path in sorted((root / folder).rglob("*"))
            if path.is_file()
        ],
    )
