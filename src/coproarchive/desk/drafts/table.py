"""What somebody does to rows of files that wait: type, fill, group, take apart, leave out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from coproarchive.desk.drafts.reading import added_by_hand, read_again, regrouped, with_disclosures
from coproarchive.desk.drafts.record import DraftRow, DraftSet
from coproarchive.desk.drafts.shelf import Shelf
from coproarchive.errors import IngestError
from coproarchive.library import Library

LISTS = ("people", "topics")
"""Fields of which "for all" adds to what a row has; of others it takes the place."""


class DraftTable:
    """The rows of one set, as somebody changes them.

    Each call reads the set, changes it and writes it, under its lock.

    Args:
        library: whose archive the files wait for.
        shelf: has the set.
        set_id: of the set.
    """

    def __init__(self, library: Library, shelf: Shelf, set_id: str):
        self._library = library
        self._shelf = shelf
        self._id = set_id

    def type(self, values: Mapping[str, Mapping[str, Any]]) -> DraftSet:
        """Remember what was typed.

        Args:
            values: row id -> field -> value; also is_ticked, is_looked_at and replaces.

        Raises:
            NotFoundError: the set is gone.
            IngestError: a value is not of its field's type.
        """
        return self._rows(lambda draft: {
            row.id: self._typed(draft, row, values[row.id])
            for row in draft.rows if row.id in values
        })  # fmt: skip

    def for_all(self, field: str, value: Any, row_ids: Iterable[str]) -> DraftSet:
        """Say the same of many rows; people and topics are added to those that a row has."""
        chosen = set(row_ids)

        def fill(row: DraftRow) -> Any:
            if field not in LISTS:
                return value
            return tuple(dict.fromkeys((*getattr(row.values, field), *value)))

        return self._rows(lambda draft: {
            row.id: self._typed(draft, row, {field: fill(row)})
            for row in draft.rows if row.id in chosen
        })  # fmt: skip

    def fill_down(self, field: str, row_ids: Iterable[str]) -> DraftSet:
        """Give empty cells of a column the value of the nearest cell above that has one."""
        chosen = set(row_ids)

        def filled(draft: DraftSet) -> dict[str, DraftRow]:
            rows, above = {}, None
            for row in draft.rows:
                value = getattr(row.values, field)
                if value:
                    above = value
                elif above is not None and row.id in chosen:
                    rows[row.id] = self._typed(draft, row, {field: above})
            return rows

        return self._rows(filled)

    def group(self, row_ids: Sequence[str]) -> DraftSet:
        """Make one row of several: their files are forms of one talk, as the first one says."""

        def grouped(draft: DraftSet) -> DraftSet:
            together = [row for row in draft.rows if row.id in row_ids]
            if len(together) < 2:
                return draft
            first, *others = together
            typed: dict[str, Any] = {}
            for row in reversed(together):
                typed |= row.typed
            first = first.model_copy(update={"typed": typed, "is_ticked": False})
            paths = [path for row in together for path in row.files]
            (row,) = regrouped(self._library, self._shelf, draft, [(paths, first)])
            return _with_rows(draft, {row.id: [row]} | {other.id: [] for other in others})

        return self._shelf.change(self._id, grouped)

    def take_apart(self, row_ids: Iterable[str]) -> DraftSet:
        """Make a row of each file; the first goes on with what was typed of all of them."""
        chosen = set(row_ids)

        def split(draft: DraftSet) -> DraftSet:
            rows: dict[str, list[DraftRow]] = {}
            for row in draft.rows:
                if row.id in chosen and len(row.files) > 1:
                    groups = [([path], None if n else row) for n, path in enumerate(row.files)]
                    rows[row.id] = regrouped(self._library, self._shelf, draft, groups)
            return _with_rows(draft, rows)

        return self._shelf.change(self._id, split)

    def discard(self, row_ids: Iterable[str]) -> DraftSet:
        """Take rows out, with their files."""
        chosen = set(row_ids)
        gone: list[str] = []

        def without(draft: DraftSet) -> DraftSet:
            gone.extend(path for row in draft.rows if row.id in chosen for path in row.files)
            return without_rows(draft, chosen)

        draft = self._shelf.change(self._id, without)
        self._shelf.remove(self._id, gone)
        return draft

    def discard_left_out(self) -> DraftSet:
        """Remove the files that no row has."""
        left: list[str] = []

        def without(draft: DraftSet) -> DraftSet:
            left.extend(each.path for each in draft.left_out)
            return draft.model_copy(update={"left_out": ()})

        draft = self._shelf.change(self._id, without)
        paths = self._shelf.files_of(self._id)
        self._shelf.remove(
            self._id, [p for p in paths if any(p == x or p.startswith(f"{x}/") for x in left)]
        )
        return draft

    def add_left_out(self, path: str) -> DraftSet:
        """Make a row of a file that was left out."""
        return self._shelf.change(
            self._id, lambda draft: added_by_hand(self._library, self._shelf, draft, path)
        )

    def _rows(self, change: Any) -> DraftSet:
        """Write the rows that `change` makes of a set, by id."""
        return self._shelf.change(
            self._id, lambda draft: _with_rows(draft, {k: [v] for k, v in change(draft).items()})
        )

    def _typed(self, draft: DraftSet, row: DraftRow, values: Mapping[str, Any]) -> DraftRow:
        marks = {k: v for k, v in values.items() if k in DraftRow.model_fields}
        fields = {k: v for k, v in values.items() if k not in marks}
        try:
            typed = row.with_typed(fields).model_copy(update=marks)
        except ValidationError as error:
            detail = error.errors()[0]
            raise IngestError(f"{detail['loc'][0]}: {detail['msg']}.") from None
        if typed.values.release != row.values.release:
            sources = read_again(self._library, self._shelf, draft, row.files)
            folder = self._shelf.folder_of(draft.id)
            read = {f.path.relative_to(folder).as_posix(): f.extraction for f in sources}
            # What goes out now is more than what was looked at.
            typed = with_disclosures(self._library, typed, read).model_copy(
                update={"is_looked_at": False}
            )
        return typed


def without_rows(draft: DraftSet, row_ids: Iterable[str]) -> DraftSet:
    """Return a set without rows and without their files."""
    gone = set(row_ids)
    paths = {path for row in draft.rows if row.id in gone for path in row.files}
    return draft.model_copy(
        update={
            "rows": tuple(row for row in draft.rows if row.id not in gone),
            "files": {path: file for path, file in draft.files.items() if path not in paths},
        }
    )


def _with_rows(draft: DraftSet, rows: Mapping[str, Sequence[DraftRow]]) -> DraftSet:
    """Return a set with rows in the place of those of these ids."""
    changed = [new for row in draft.rows for new in rows.get(row.id, (row,))]
    return draft.model_copy(update={"rows": tuple(changed)})
