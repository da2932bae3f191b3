"""An archive opened from Python: `open` and `create`, and what can be done with it."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Never, Self

from coproarchive.api.items import ArchivedItem, ArchivedItems
from coproarchive.api.narrowing import (
    Choice,
    at_least_one,
    date_of,
    facet_values,
    one_of,
    refuse_unknown,
    text_of,
    texts_of,
)
from coproarchive.api.results import SearchResults
from coproarchive.errors import IndexStateError, IngestError, NotFoundError
from coproarchive.ingest.add import ItemDraft, add_files
from coproarchive.ingest.folder_plan import FolderReport, add_folder
from coproarchive.library import Library
from coproarchive.model import Kind, Problem, Series
from coproarchive.progress import Progress, silent
from coproarchive.publish.citing import reference_at
from coproarchive.publish.csl import STYLES, styled
from coproarchive.publish.formats import FORMATS
from coproarchive.search.discover.suggest import Suggestion
from coproarchive.search.index.update import UpdateReport
from coproarchive.search.language.fields import FACETS
from coproarchive.search.language.query import Query
from coproarchive.settings import load_settings
from coproarchive.store import Store
from coproarchive.store.sidecar import valid

PathText = str | os.PathLike[str]


def open(
    folder: PathText,
    *,
    index: PathText | None = None,
    create: bool = False,
    title: str = "An archive of talks",
) -> Archive:
    """Open an archive.

    Args:
        folder: holds archive.yaml.
        index: folder for everything derived, which can be deleted; where it is None as for the
            command line: `index` beside a folder `archive`, else the archive's name and `-index`.
        create: whether to make an archive where there is none.
        title: of an archive that is made.

    Raises:
        NotFoundError: there is no archive.
        SettingsError: the environment or coproarchive.toml says what no setting takes.
        CoproArchiveError: archive.yaml is broken.
    """
    root = Path(folder)
    settings = load_settings({"archive": root} | ({"index": Path(index)} if index else {})).settings
    if not (settings.archive / "archive.yaml").is_file():
        if not create:
            raise NotFoundError(
                "there is no archive in this folder.",
                settings.archive,
                f'To make one: coproarchive.create({str(folder)!r}, title="..."), '
                "or open(..., create=True).",
            )
        Store.create(settings.archive, valid(lambda: Series(title=title)))
    library = Library(settings)
    library.public()  # a broken archive.yaml is said now, not at the first question
    return Archive(library)


def create(folder: PathText, *, title: str, index: PathText | None = None) -> Archive:
    """Make an archive and open it.

    Raises:
        ArchiveError: the folder holds one already.
        IngestError: the title is not one.
    """
    Store.create(Path(folder), valid(lambda: Series(title=title)))
    return open(folder, index=index)


class Archive:
    """An open archive; `with` closes it. Thread-safe.

    Attributes:
        library: what this is made of; it has more, and changes more often.
    """

    def __init__(self, library: Library):
        self.library = library

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Archive {self.title!r}, {len(self.items)} items, {self.library.settings.archive}>"

    def close(self) -> None:
        """Stop the reading processes and close the index."""
        self.library.close()

    @property
    def title(self) -> str:
        """The archive's title."""
        return self.library.public().series.title

    # ------------------------------------------------------------ records

    @property
    def items(self) -> ArchivedItems:
        """Items that everybody may see, by id.

        Examples:
            >>> archive.items
            <5 items: '1-baking/bread-for-all', 'a-post', 'held-elsewhere', ...>
            >>> [item.title for item in archive.items.values() if item.date == "2017"]
            ['Windmills']
        """
        return ArchivedItems(self.library, self.library.public())

    @property
    def all_items(self) -> ArchivedItems:
        """Every item, hidden and withdrawn ones and hidden slides too: the archivist's view.

        Examples:
            >>> sorted(archive.all_items.keys() - archive.items.keys())
            ['1-baking/hidden-talk', 'withdrawn']
        """
        return ArchivedItems(self.library, self.library.catalogue(), is_public=False)

    def item(self, item_id: str) -> ArchivedItem:
        """Return an item that everybody may see.

        Examples:
            >>> archive.item("windmills").people
            ('Bo Miller',)
            >>> [(leaf.title, leaf.text) for leaf in archive.item("windmills").leaves]
            [('The wind mill', 'Stones turn slowly'), ('Grist and grain', '')]

        Raises:
            NotFoundError: there is none; with the nearest id.
        """
        catalogue = self.library.public()
        return ArchivedItem(self.library, catalogue, catalogue.item(text_of("item_id", item_id)))

    def similar(self, item_id: str, leaf: int | None = None) -> tuple[ArchivedItem, ...]:
        """Return items like this one, or like one slide of its first file, most alike first.

        Examples:
            >>> [item.id for item in archive.similar("windmills")]
            ['a-post']

        Raises:
            NotFoundError: there is no such item.
            IndexStateError: there is no usable index.
        """
        catalogue = self.library.public()
        catalogue.item(text_of("item_id", item_id))
        with _index_hint():
            similar = self.library.similar(item_id, leaf)
        return tuple(ArchivedItem(self.library, catalogue, s.item) for s in similar)

    def cite(
        self,
        place: str,
        *,
        style: Literal["apa", "harvard", "mla", "chicago"] = "apa",
        format: Literal["text", "bibtex", "ris", "csl-json"] = "text",
        locale: str = "en-GB",
    ) -> str:
        """Return a reference to an item or to one slide of it.

        As text, the first line is for the list of references, the second for the running text.

        Examples:
            >>> print(archive.cite("windmills", style="chicago"))
            Miller, Bo. 2017. ‘Windmills’. Presentation. Talks on bread. /item/windmills.
            (Miller 2017)
            >>> archive.cite("windmills#page-2", format="ris").splitlines()[0]
            'TY  - SLIDE'

        Args:
            place: an item's id; one with #slide-3, #page-3, #section-3 or #cue-3 behind it; or the
                address of its page.
            style: of a text.
            format: text, or what reference managers read.
            locale: language of the style's own words, BCP 47.

        Raises:
            NotFoundError: there is no such place.
        """
        chosen = one_of("format", format, ("text", *FORMATS))
        name = one_of("style", style, tuple(STYLES))
        reference = reference_at(self.library, text_of("place", place))
        if chosen != "text":
            return FORMATS[chosen].write([reference])
        text = styled(reference, name, locale=locale, accessed=datetime.date.today())
        return f"{text.entry}\n{text.in_text}"

    def suggest(self, text: str) -> list[Suggestion]:
        """Return completions of the beginning of a query: titles, people, topics, phrases.

        Examples:
            >>> [(s.text, s.kind) for s in archive.suggest("sour")]
            [('Sourdough', 'topic')]
        """
        return self.library.suggest(text_of("text", text))

    # ------------------------------------------------------------- search

    def search(
        self,
        text: str = "",
        *,
        seminar: Choice = (),
        speaker: Choice = (),
        topic: Choice = (),
        kind: Choice = (),
        year: int | Choice | Iterable[int] = (),
        after: str | int = "",
        before: str | int = "",
        sort: Literal["relevance", "date", "title"] = "relevance",
        page: int = 1,
        size: int = 10,
        exact: bool = False,
        **unknown: Never,
    ) -> SearchResults:
        """Search what everybody may see; without a text, list everything.

        Examples:
            >>> archive.search("bread", speaker=["Ada Baker", "bo-miller"], after=2019).total
            1
            >>> archive.search("bread", topic="sourdogh")
            Traceback (most recent call last):
                ...
            NotFoundError: there is no topic "sourdogh". Did you mean "sourdough"?

        Args:
            text: words (all of them), "a phrase", -without, begin*, title:word.
            seminar, speaker, topic, kind, year: to narrow; of several values one must hold.
            after, before: dates (2017, 2017-07 or 2017-07-06); both ends count.
            sort: the order of the hits.
            page: from 1.
            size: hits a page, at most 1000.
            exact: whether to search only the words as typed, without corrections and synonyms.
            unknown: refused, with the nearest name.

        Raises:
            NotFoundError: there is no such way to narrow, or no such value of it.
            CoproArchiveError: a date or number is none.
            IndexStateError: there is no usable index; archive.update_index() makes one.
        """
        refuse_unknown(unknown, (*FACETS, "after", "before", "sort", "page", "size", "exact"))
        chosen = {"seminar": seminar, "speaker": speaker, "topic": topic, "kind": kind}
        query = Query.parse(
            text_of("text", text),
            facets=facet_values(chosen, year, self.library.public()),
            after=date_of("after", after),
            before=date_of("before", before),
            sort=one_of("sort", sort, ("relevance", "date", "title")),
            page=at_least_one("page", page),
            size=at_least_one("size", size),
            exact=exact,
        )
        return self._run(query)

    def _run(self, query: Query) -> SearchResults:
        with _index_hint():
            results = self.library.search(query)
            if self.library.is_outdated():
                note = "Records changed since the index was made. Run: archive.update_index()"
                results = replace(results, notes=(*results.notes, note))
        return SearchResults(self.library, self.library.public(), results)

    # ------------------------------------------------------------ keeping

    def add(
        self,
        paths: PathText | Iterable[PathText],
        *,
        title: str | None = None,
        speakers: Choice | None = None,
        seminar: str | None = None,
        topics: Choice | None = None,
        kind: str | None = None,
        date: str | int | None = None,
        abstract: str | None = None,
        progress: Progress = silent,
    ) -> AddedItems:
        """Copy files into the archive as a new item, or a folder as an item for each talk in it.

        What is None is proposed from the files. `update_index` makes the items searchable.

        Args:
            paths: a file, files of one item, or one folder.
            speakers: ids or names; a new name becomes a new person.
            seminar: id or title; a new title becomes a new seminar.
            topics: ids or labels; a new label becomes a new topic.
            title, abstract: of one item, not of a folder.
            kind: presentation, post, ...
            date: 2017, 2017-07 or 2017-07-06.
            progress: called with stage, number done, number of all, and what is done.

        Raises:
            DuplicateError: the archive has this very file.
            IngestError: a file cannot be read, or a value is not what its field takes.
        """
        files = [Path(p) for p in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
        if files and files[0].is_dir() and (title or abstract):
            raise IngestError("title and abstract describe one item, not a folder.", files[0])
        draft = ItemDraft(
            title=title,
            people=None if speakers is None else texts_of("speakers", speakers),
            seminar=seminar,
            topics=None if topics is None else texts_of("topics", topics),
            kind=None if kind is None else Kind(one_of("kind", kind, tuple(Kind))),
            date=None if date is None else date_of("date", date),
            abstract=abstract,
        )
        report = self._add(files, draft, progress)
        catalogue = self.library.catalogue()
        items = (ArchivedItem(self.library, catalogue, a.item) for a in report.added)
        return AddedItems(tuple(items), tuple(report.problems))

    def _add(self, files: list[Path], draft: ItemDraft, progress: Progress) -> FolderReport:
        """Add one folder, or the files of one item, with the records that the draft names."""
        library = self.library
        library.changed()
        draft = valid(lambda: library.with_new_records(draft))
        place = (library.store, library.catalogue(), library.reader)
        try:
            if len(files) == 1 and files[0].is_dir():
                return add_folder(*place, files[0], draft, progress)
            added = add_files(*place, files, draft)
            return FolderReport([added], len(files), len(files), list(added.problems))
        finally:
            library.changed()

    def update_index(self, *, rebuild: bool = False, progress: Progress = silent) -> UpdateReport:
        """Make new and changed items searchable, or the whole index anew.

        Examples:
            >>> archive.update_index().unchanged
            5

        Raises:
            LockedError: another process is updating the index.
        """
        return self.library.update_index(rebuild=rebuild, progress=progress)

    def check(self, *, progress: Progress = silent) -> list[Problem]:
        """Return what is wrong or could be better in the archive, worst first.

        Examples:
            >>> [problem.code for problem in archive.check() if problem.severity == "error"]
            []
        """
        return self.library.check(progress)


@dataclass(frozen=True)
class AddedItems:
    """Items that were added.

    Attributes:
        items: new ones.
        problems: of their files, and one for each file of a folder that is not in an item.
    """

    items: tuple[ArchivedItem, ...]
    problems: tuple[Problem, ...]

    def __iter__(self) -> Iterator[ArchivedItem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@contextlib.contextmanager
def _index_hint() -> Iterator[None]:
    """Say of an index that cannot be used how it is made in Python."""
    try:
        yield
    except IndexStateError as error:
        rebuild = "rebuild=True" if "--rebuild" in (error.hint or "") else ""
        hint = f"Run: archive.update_index({rebuild})"
        raise IndexStateError(error.message, error.path, hint) from None
