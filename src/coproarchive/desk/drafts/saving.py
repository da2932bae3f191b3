"""From rows to items: all that are right are saved as one batch of the history, the others stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.desk.drafts.mistakes import FILES, Mistake, mistakes_of
from coproarchive.desk.drafts.reading import read_again
from coproarchive.desk.drafts.record import DraftRow, DraftSet, SavedRow
from coproarchive.desk.drafts.shelf import Shelf
from coproarchive.desk.drafts.table import without_rows
from coproarchive.desk.files import replace_file
from coproarchive.errors import CoproArchiveError, FileSystemError
from coproarchive.ingest.add import ItemDraft, SourceFile, add_item, check_draft
from coproarchive.ingest.authority import seminar_id, topic_id
from coproarchive.ingest.describe import TITLE, Description
from coproarchive.ingest.guesses import Guess
from coproarchive.ingest.propose import Proposal
from coproarchive.library import Library
from coproarchive.progress import Progress, silent
from coproarchive.store.changes import Activity


@dataclass(frozen=True, slots=True)
class SaveReport:
    """What became of rows.

    Attributes:
        saved: items that were made, or got a new version.
        mistakes: of the rows that stay.
        change: id of the batch in the history, "" where nothing was saved.
    """

    saved: tuple[SavedRow, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    change: str = ""


def save_rows(
    library: Library,
    shelf: Shelf,
    set_id: str,
    who: str = "",
    row_ids: Iterable[str] | None = None,
    progress: Progress = silent,
) -> SaveReport:
    """Make items of rows; those with mistakes stay as they are, and so does one that fails.

    Stopped at any moment, what is saved is in the archive, and what is not is a row still; of the
    one between, the next look says that the archive has it.

    Args:
        library: whose archive they go to; its index is to be updated afterwards.
        shelf: has the set.
        set_id: of the set.
        who: saves them, for the history.
        row_ids: those to be saved; all where it is None.
        progress: told of each.

    Raises:
        NotFoundError: the set is gone.
        SidecarError: people or topics of the archive cannot be read.
        FileSystemError: the disk takes no more; what was saved before is safe.
    """
    catalogue = library.catalogue(now=True)
    check_draft(library.store, catalogue, ItemDraft())
    draft = shelf.read(set_id)
    chosen = None if row_ids is None else set(row_ids)
    rows = [row for row in draft.rows if chosen is None or row.id in chosen]
    wrong = mistakes_of(draft, catalogue)
    saving = _Saving(library, shelf, draft, Activity("add", who=who))
    saved: list[SavedRow] = []
    mistakes = [mistake for row in rows for mistake in wrong.get(row.id, ())]
    right = [row for row in rows if row.id not in wrong]
    for done, row in enumerate(right, start=1):
        progress("saving", done, len(right), row.values.title)
        try:
            saved.append(saving.save(row))
        except FileSystemError:
            raise
        except CoproArchiveError as error:
            message = f"{error.message} {error.hint or ''}".strip()
            mistakes.append(Mistake(row.id, FILES, message))
    library.changed()
    return SaveReport(tuple(saved), tuple(mistakes), saving.activity.batch)


@dataclass
class _Saving:
    """Makes items of rows, one after the other, as one activity.

    Attributes:
        library, shelf, draft: of the rows.
        activity: under which all of them are told in the history.
        looked_up: the records, and the place of each file by sha256; None until they are needed.
    """

    library: Library
    shelf: Shelf
    draft: DraftSet
    activity: Activity
    looked_up: tuple[Catalogue, dict[str, str]] | None = None

    def save(self, row: DraftRow) -> SavedRow:
        """Make an item of a row, then take the row out of its set; return the item."""
        files = read_again(self.library, self.shelf, self.draft, row.files)
        with self.library.store.activity(self.activity):
            saved = self._replaced(row, files) if row.replaces else self._added(row, files)
        self._leave(row, saved)
        return saved

    def _records(self) -> tuple[Catalogue, dict[str, str]]:
        """Return what is looked up, again where others wrote since the row before."""
        store = self.library.store
        if self.looked_up is None or not store.is_unchanged():
            self.looked_up = self.library.catalogue(), store.places_by_sha256()
        return self.looked_up

    def _added(self, row: DraftRow, files: list[SourceFile]) -> SavedRow:
        store, (catalogue, places) = self.library.store, self._records()
        copies = [places[f.sha256] for f in files if f.sha256 in places]
        if copies:  # another program added them since
            raise CoproArchiveError(f"the archive has this very file already: {copies[0]}.")
        values = row.values
        date = values.date.strip() or None
        named = values.seminar.strip()
        seminar = seminar_id(store, catalogue, named, date) if named else None
        if seminar is not None and seminar not in catalogue.seminars:
            self.looked_up = None  # the next row finds the new one
        draft = ItemDraft(
            seminar=seminar,
            title=values.title.strip(),
            kind=values.kind,
            people=tuple(name.strip() for name in values.people if name.strip()),
            topics=tuple(
                dict.fromkeys(topic_id(store, catalogue, t.strip()) for t in values.topics)
            ),
            date=date,
            abstract=values.abstract.strip() or None,
            licence=values.licence.strip() or None,
            language=values.language.strip() or None,
            visibility=values.visibility,
            available=values.available or None,
            release=values.release,
        )
        item = add_item(store, catalogue, files, draft, _unproposed(row)).item
        places |= {asset.sha256: f"{item.id}/{asset.path}" for asset in item.assets}
        return SavedRow(item=item.id, title=item.title)

    def _replaced(self, row: DraftRow, files: list[SourceFile]) -> SavedRow:
        """Make the row's files the new version of the item's."""
        store, self.looked_up = self.library.store, None
        for f in files:
            replace_file(store, row.replaces, f.path, self.activity)
        return SavedRow(item=row.replaces, title=store.read_item(row.replaces).title)

    def _leave(self, row: DraftRow, saved: SavedRow) -> None:
        """Take a row that is saved out of its set, and its files."""

        def without(draft: DraftSet) -> DraftSet:
            left = without_rows(draft, [row.id])
            return left.model_copy(update={"saved": (*draft.saved, saved)})

        self.shelf.change(self.draft.id, without)
        self.shelf.remove(self.draft.id, list(row.files))


def _unproposed(row: DraftRow) -> Proposal:
    """Return a proposal that says nothing which the row does not say."""
    title = Guess(TITLE, row.values.title, "", "typed", 1.0)
    return Proposal(
        title=row.values.title,
        people=(),
        unknown_people=(),
        date=None,
        topics=(),
        language=None,
        kind=row.values.kind,
        description=Description((title,)),
    )
