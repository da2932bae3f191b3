"""What is remembered of files that wait to be added: a row for each item that they would make.

Kept as JSON beside the files; see shelf.py. What a row says is what somebody typed, right or wrong:
whether the archive takes it is told by mistakes.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from coproarchive.extract.disclosure import Disclosure
from coproarchive.ingest.guesses import Guess
from coproarchive.model import Kind, Visibility, WordSource

VERSION = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class DraftFile(_Frozen):
    """A file that waits.

    Attributes:
        path: below the set's folder of files, with "/".
        size: bytes.
        sha256: lower-case hex.
        media_type: by its bytes.
        leaves: number of its last page or slide, 0 where it has none.
    """

    path: str
    size: int
    sha256: str
    media_type: str
    leaves: int = 0


class RowValues(_Frozen):
    """What a row says of the item to be; texts as they were typed, "" for nothing.

    Attributes:
        people: ids, or names of new people.
        seminar: an id, or the title of a new one.
        topics: ids, or labels of new ones.
        available: the day from which on it is public, YYYY-MM-DD.
        release: words that become public although the archive withholds them.
    """

    title: str = ""
    kind: Kind = Kind.PRESENTATION
    people: tuple[str, ...] = ()
    seminar: str = ""
    date: str = ""
    topics: tuple[str, ...] = ()
    abstract: str = ""
    licence: str = ""
    language: str = ""
    visibility: Visibility = Visibility.PUBLIC
    available: str = ""
    release: tuple[WordSource, ...] = ()


class Twin(_Frozen):
    """An item of the archive that is nearly the same.

    Attributes:
        item: its id.  title: of the item.
        slides: how many the two have in common.
        of: slides of the draft that were compared.
    """

    item: str
    title: str
    slides: int
    of: int


class DraftRow(_Frozen):
    """An item to be.

    Attributes:
        id: of the row, the same as long as it is there.
        files: paths of its files, the one that speaks for it first.
        proposed: as understood from the files.
        typed: field -> what somebody said instead.
        guesses: where the proposals come from.
        disclosures: by file, what it would tell of people.
        twins: items of the archive that are nearly the same, most alike first.
        replaces: id of the twin of which the files become the new version; "" to keep both.
        is_looked_at: whether somebody has seen what the files give away, and lets it go out.
        is_ticked: whether acts on ticked rows are on it.
    """

    id: str
    files: tuple[str, ...]
    proposed: RowValues = RowValues()
    typed: dict[str, Any] = {}
    guesses: tuple[Guess, ...] = ()
    disclosures: tuple[tuple[str, Disclosure], ...] = ()
    twins: tuple[Twin, ...] = ()
    replaces: str = ""
    is_looked_at: bool = False
    is_ticked: bool = False

    @property
    def values(self) -> RowValues:
        """What the row says now."""
        return RowValues.model_validate(self.proposed.model_dump() | self.typed)

    def with_typed(self, values: Mapping[str, Any]) -> DraftRow:
        """Return the row with what was typed; what is proposed anyhow is not remembered.

        Raises:
            ValidationError: a value is not of its field's type.
        """
        checked = RowValues.model_validate(self.values.model_dump() | dict(values))
        proposed = self.proposed.model_dump()
        typed = {k: v for k, v in checked.model_dump().items() if v != proposed[k]}
        return self.model_copy(update={"typed": typed})

    @property
    def given_away(self) -> list[str]:
        """Sentences of what everybody would read of people, "" for none."""
        return [
            sentence
            for _, disclosure in self.disclosures
            for sentence in disclosure.sentences
            if sentence.startswith("Everybody")
        ]

    @property
    def withheld(self) -> list[str]:
        """Sentences of what the files have in them and nobody would read."""
        return [
            sentence
            for _, disclosure in self.disclosures
            for sentence in disclosure.sentences
            if not sentence.startswith("Everybody")
        ]

    @property
    def sources(self) -> list[WordSource]:
        """Words of the files that the archive may withhold."""
        sources = (s for _, disclosure in self.disclosures for s in disclosure.sources)
        return list(dict.fromkeys(sources))


class LeftOut(_Frozen):
    """A file that no row has, and why.

    Attributes:
        path: as people know it: "talk.zip/readme.txt".
        code: of the problem.
        message, hint: what is wrong, and what to do.
        can_be_added: whether it makes a row where somebody wants it all the same.
    """

    path: str
    code: str
    message: str
    hint: str = ""
    can_be_added: bool = False


class SavedRow(_Frozen):
    """An item that was made of a row, or got its files as a new version."""

    item: str
    title: str


class DraftSet(_Frozen):
    """Files that were brought together, and what they would become.

    Attributes:
        id: also the time at which the set was begun, see `began`.
        origin: "page", or "incoming" for the folder of that name.
        rows: in the order shown.
        files: that were read, by path.
        left_out: files that no row has.
        saved: what was saved of the set.
        count: files in its folder now, read or not.
        is_read: whether every one of them was read.
    """

    version: int = VERSION
    id: str = ""
    origin: str = "page"
    rows: tuple[DraftRow, ...] = ()
    files: dict[str, DraftFile] = {}
    left_out: tuple[LeftOut, ...] = ()
    saved: tuple[SavedRow, ...] = ()
    count: int = 0
    is_read: bool = False

    @property
    def began(self) -> str:
        """When it was begun, local time: "2026-11-29 14:02"."""
        day, clock = self.id[:8], self.id[9:13]
        return f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:]}"

    def row(self, row_id: str) -> DraftRow | None:
        """Return a row, None where there is none of that id."""
        return next((row for row in self.rows if row.id == row_id), None)
