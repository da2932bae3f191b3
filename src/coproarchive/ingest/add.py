"""Add files to the archive: one item from some files; folder_plan.py adds a whole folder.

What can be read is copied in, described and hashed; the originals stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coproarchive.catalogue import Catalogue
from coproarchive.errors import DuplicateError, IngestError, NotFoundError, SidecarError
from coproarchive.extract import table
from coproarchive.extract.base import Extraction
from coproarchive.extract.disclosure import Disclosure, disclosure_of
from coproarchive.extract.worker import Reader
from coproarchive.ingest.authority import person_id
from coproarchive.ingest.guesses import Guess, remember_guesses
from coproarchive.ingest.propose import Proposal, is_deck, propose
from coproarchive.ingest.zipped import open_zips
from coproarchive.model import (
    Asset,
    AssetRole,
    Contribution,
    Item,
    Kind,
    Person,
    Problem,
    Role,
    Severity,
    Visibility,
    WordSource,
)
from coproarchive.store import (
    Store,
    media_type_of,
    name_by_kind,
    role_of,
    safe_name,
    slugify,
    unique_file_name,
)
from coproarchive.store.changes import Activity
from coproarchive.store.files import identify_source
from coproarchive.store.sidecar import did_you_mean, valid

# Which of an item's files speaks for it: decks know their titles best.
_SPEAKS = ("presentationml", "ms-powerpoint", "pdf", "wordprocessingml", "markdown", "html")


@dataclass(frozen=True)
class ItemDraft:
    """What the archivist says of the item; what is None is proposed from the files.

    Attributes:
        people: ids, or names, which become people where they are new.
        available: the day from which on it is public.
        release: words of the files that become public although the archive withholds them.
    """

    seminar: str | None = None
    title: str | None = None
    kind: Kind | None = None
    people: tuple[str, ...] | None = None
    role: Role | None = None
    topics: tuple[str, ...] | None = None
    date: str | None = None
    abstract: str | None = None
    rights: str | None = None
    licence: str | None = None
    language: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    available: str | None = None
    release: tuple[WordSource, ...] = ()


@dataclass(frozen=True, slots=True)
class AddResult:
    """An item that was added.

    Attributes:
        item: as written.
        unknown_people: names in the files that people.yaml does not have; not in the record.
        problems: what the readers of its files had to say.
        disclosures: name of each file that tells of people, and what.
    """

    item: Item
    unknown_people: tuple[str, ...]
    problems: tuple[Problem, ...]
    disclosures: tuple[tuple[str, Disclosure], ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be added, and what was read of it."""

    path: Path
    sha256: str
    media_type: str
    extraction: Extraction


def add_files(
    store: Store, catalogue: Catalogue, reader: Reader, paths: Sequence[Path], draft: ItemDraft
) -> AddResult:
    """Make one item of the files.

    Raises:
        DuplicateError: the archive has one of them already.
        IngestError: one is missing or cannot be read.
        NotFoundError: no such seminar or topic.
    """
    if not paths:
        raise IngestError("no file was named.")
    check_draft(store, catalogue, draft)
    for path in paths:
        if path.is_dir():
            raise IngestError(
                "this is a folder.", path, "To add all in it: coproarchive add --recursive"
            )
    opened = open_zips(paths, reader)
    files = sorted(
        (_read_one(path, catalogue, reader, opened.places.get(path)) for path in opened.paths),
        key=lambda f: speaks_first(f) if f.path in opened.places else (-1, ""),
    )
    if len({f.sha256 for f in files}) < len(files):
        raise DuplicateError("the same file was named twice.", paths[0])
    for f in files:
        if f.extraction.failed and table.wants_words(f.media_type):
            notice = f.extraction.notices[0]
            raise IngestError(notice.message, opened.places.get(f.path, f.path), notice.hint)
    with store.activity(Activity("add")):
        # Another program may have added them while these were read.
        places = store.places_by_sha256()
        for f in files:
            _refuse_known(opened.places.get(f.path, f.path), places.get(f.sha256))
        proposal = propose(files[0].path, files[0].extraction, catalogue)
        added = add_item(store, catalogue, files, draft, proposal)
        return replace(added, problems=(*added.problems, *opened.problems))


def read_files(paths: Sequence[Path], catalogue: Catalogue, reader: Reader) -> list[SourceFile]:
    """Read files before they are added, zip files opened. Raises as add_files does."""
    return [_read_one(path, catalogue, reader) for path in open_zips(paths, reader).paths]


def disclosures_of(
    files: Iterable[SourceFile], catalogue: Catalogue, release: Sequence[WordSource] = ()
) -> list[tuple[str, Disclosure]]:
    """Return what files would tell of people, each by its name, before they are added.

    Args:
        files: as `read_files` gives them.
        catalogue: the archive's records.
        release: what their item would release.
    """
    withheld = frozenset(catalogue.series.withhold).difference(release)
    disclosures = ((f.path.name, disclosure_of(f.extraction, withheld)) for f in files)
    return [pair for pair in disclosures if pair[1]]


def speaks_first(file: SourceFile) -> tuple[int, str]:
    """Return a key by which the file that speaks for an item comes first."""
    rank = next((n for n, word in enumerate(_SPEAKS) if word in file.media_type), len(_SPEAKS))
    return rank, file.path.name


def _read_one(
    path: Path, catalogue: Catalogue, reader: Reader, place: str | None = None
) -> SourceFile:
    """Read a file that is to be added.

    Args:
        place: where it lay in a zip file, for the errors.
    """
    _, sha256, media_type = identify_source(path)
    copies = catalogue.by_sha256.get(sha256)
    _refuse_known(place or path, "/".join(copies[0]) if copies else None)
    extraction = reader.read(path, sha256, media_type, is_described=True)
    return SourceFile(path, sha256, media_type, extraction)


def _refuse_known(path: Path | str, where: str | None) -> None:
    if where is not None:
        raise DuplicateError(f"the archive has this very file already: {where}.", path)


def _refuse_unread_tables(catalogue: Catalogue) -> None:
    """Raise SidecarError where none of the people, or none of the topics, can be read."""
    tables = {"people.yaml": catalogue.people, "topics.yaml": catalogue.topics}
    for problem in catalogue.problems:
        if problem.code == "record-broken" and not tables.get(problem.path, True):
            raise SidecarError(problem.message, problem.path, f"{problem.hint} Nothing was added.")


def check_draft(store: Store, catalogue: Catalogue, draft: ItemDraft) -> None:
    """Refuse what could not be written, before anything is read or written.

    Raises:
        NotFoundError: no such seminar or topic.
        SidecarError: the seminar's record is there, but has mistakes in it; or people or topics
            cannot be read, so that whom the files name would be taken for unknown.
        IngestError: a value is not what its field takes.
    """
    _refuse_unread_tables(catalogue)
    valid(lambda: Item(id="x", title=draft.title or "x", date=draft.date, abstract=draft.abstract,
                       rights=draft.rights, licence=draft.licence, language=draft.language,
                       available=draft.available))  # fmt: skip
    for named in draft.people or ():
        valid(lambda named=named: Person(id="x", names=(named,)))  # type: ignore[misc]  # bound now
    if draft.seminar is not None and draft.seminar in store.seminar_ids():
        store.read_seminar(draft.seminar)
    elif draft.seminar is not None:
        raise NotFoundError(
            f'there is no seminar "{draft.seminar}".'
            + did_you_mean(draft.seminar, catalogue.seminars),
            hint=f"To make it: coproarchive seminar {slugify(draft.seminar)} --title TITLE",
        )
    for topic in draft.topics or ():
        catalogue.topic(topic)


def add_item(
    store: Store,
    catalogue: Catalogue,
    files: Sequence[SourceFile],
    draft: ItemDraft,
    proposal: Proposal,
    guesses: Sequence[Guess] = (),
) -> AddResult:
    """Copy the files in and write the record, under the lock.

    Args:
        store, catalogue: the archive.
        files: what was read; none of it is in the archive.
        draft: what the archivist says.
        proposal: for what the draft leaves open.
        guesses: what of the record is a guess, to be marked as one.
    """
    title = draft.title or proposal.title
    names: dict[str, Path] = {}
    for f in files:
        mended = name_by_kind(safe_name(f.path.name), f.media_type)
        names[unique_file_name(mended, names)] = f.path
    item = Item(
        id=store.free_id(slugify(title), draft.seminar),
        seminar=draft.seminar,
        kind=draft.kind or proposal.kind,
        title=title,
        abstract=draft.abstract,
        people=_contributions(store, catalogue, proposal, draft),
        date=draft.date or proposal.date,
        topics=proposal.topics if draft.topics is None else draft.topics,
        language=draft.language or proposal.language,
        rights=draft.rights,
        licence=draft.licence,
        visibility=draft.visibility,
        available=draft.available,
        release=draft.release,
        assets=tuple(_described(name, f) for name, f in zip(names, files, strict=True)),
    )
    if guesses:
        remember_guesses(store, item.id, guesses)
    item = store.add_item(item, names)
    problems = [
        *_renamed(item.id, names, files),
        *(
            Problem(n.code, n.severity, f"{item.id}/{name}", n.message, str(n.leaf or ""), n.hint)
            for name, f in zip(names, files, strict=True)
            for n in f.extraction.notices
            if table.wants_words(f.media_type)
        ),
    ]
    unknown = proposal.unknown_people if draft.people is None else ()
    named = zip(names, files, strict=True)
    disclosures = (
        (name, disclosure_of(f.extraction, catalogue.withheld(item))) for name, f in named
    )
    return AddResult(item, unknown, tuple(problems), tuple(pair for pair in disclosures if pair[1]))


def _described(name: str, file: SourceFile) -> Asset:
    """Describe a file of an item: a text that is read by slide is slides, not a post."""
    usual = role_of(file.media_type)
    role = AssetRole.SLIDES if is_deck(file.extraction) else usual
    return Asset(path=name, role=role, media_type=file.media_type, size=0, sha256=file.sha256)


def _renamed(item_id: str, names: Iterable[str], files: Iterable[SourceFile]) -> Iterator[Problem]:
    """Yield a note for each file whose name says that it is something else."""
    for name, file in zip(names, files, strict=True):
        if media_type_of(file.path.name) != file.media_type:
            yield Problem(
                "name-mended",
                Severity.NOTE,
                f"{item_id}/{name}",
                f'"{file.path.name}" is not what its name says: by its bytes it is a '
                f"{Path(name).suffix.lstrip('.').upper()} file, and is kept under this name.",
            )


def _contributions(
    store: Store, catalogue: Catalogue, proposal: Proposal, draft: ItemDraft
) -> tuple[Contribution, ...]:
    role = draft.role or (Role.AUTHOR if proposal.kind is Kind.POST else Role.SPEAKER)
    if draft.people is None:
        return tuple(Contribution(person=p, role=role) for p in proposal.people)
    ids = (person_id(store, catalogue, person) for person in draft.people)
    return tuple(Contribution(person=p, role=role) for p in dict.fromkeys(ids))
