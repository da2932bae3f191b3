"""Add files to the archive: one item from some files, or a whole folder of loose ones.

What can be read is copied in, described and hashed; the originals stay where they are. In a folder
every file ends as a file of an item or is named in one problem, never neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from coproarchive.catalogue import Catalogue
from coproarchive.errors import DuplicateError, IngestError, NotFoundError
from coproarchive.extract import table
from coproarchive.extract.base import Extraction
from coproarchive.extract.disclosure import Disclosure, disclosure_of
from coproarchive.extract.worker import Reader
from coproarchive.ingest.authority import person_id
from coproarchive.ingest.folder import EMPTY_HINT, files_to_read
from coproarchive.ingest.propose import Proposal, is_deck, kind_of, propose
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
    WordSource,
)
from coproarchive.progress import Progress, silent
from coproarchive.store import (
    Store,
    hash_file,
    media_type_of,
    media_type_of_file,
    name_by_kind,
    role_of,
    safe_name,
    slugify,
    unique_file_name,
)
from coproarchive.store.changes import Activity
from coproarchive.store.sidecar import did_you_mean, valid

_PASSING = table.PASSING | {"not-readable"}
"""Codes of files that another run may read."""
# Which of an item's files speaks for it: decks know their titles best.
_SPEAKS = ("presentationml", "ms-powerpoint", "pdf", "wordprocessingml", "markdown", "html")


@dataclass(frozen=True)
class ItemDraft:
    """What the archivist says of the item; what is None is proposed from the files.

    Attributes:
        people: ids, or names, which become people where they are new.
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


@dataclass
class FolderReport:
    """What became of a folder's files.

    Attributes:
        folder: to which the problems' paths are relative.
        added: new items.
        files: number of files found.
        stored: number of files now in items.
        problems: one for each file that is not.
        places: where files lay that came out of zip files: "week-1/talk.zip/a.pptx".
    """

    added: list[AddResult] = field(default_factory=list)
    files: int = 0
    stored: int = 0
    problems: list[Problem] = field(default_factory=list)
    folder: Path = field(default_factory=Path)
    places: dict[Path, str] = field(default_factory=dict)

    def reject(
        self,
        path: Path,
        code: str,
        message: str,
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Record why a file was not added."""
        place = self.places.get(path) or path.relative_to(self.folder).as_posix()
        self.problems.append(Problem(code, severity, place, message, hint=hint))

    def reject_duplicate(self, path: Path, where: str) -> None:
        """Record that a file is in the archive already, or stands twice in the folder."""
        message = f"the archive has this file already: {where}."
        self.reject(path, "duplicate-file", message, severity=Severity.NOTE)


@dataclass(frozen=True, slots=True)
class _SourceFile:
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
        (_read_one(path, catalogue, reader) for path in opened.paths),
        key=lambda f: _speaks_first(f) if f.path in opened.places else (-1, ""),
    )
    if len({f.sha256 for f in files}) < len(files):
        raise DuplicateError("the same file was named twice.", paths[0])
    for f in files:
        if f.extraction.failed and table.wants_words(f.media_type):
            notice = f.extraction.notices[0]
            raise IngestError(notice.message, f.path, notice.hint)
    with store.activity(Activity("add")):
        # Another program may have added them while these were read.
        places = store.places_by_sha256()
        for f in files:
            _refuse_known(f.path, places.get(f.sha256))
        added = _add(store, catalogue, files, draft)
        return replace(added, problems=(*added.problems, *opened.problems))


def group_files(paths: Sequence[Path]) -> list[list[Path]]:
    """Group files into works as `add_folder` does: by name, whatever their endings."""
    unread = (_SourceFile(path, "", media_type_of(path.name), Extraction()) for path in paths)
    return [[f.path for f in group] for group in _groups(unread)]


def proposal_for(path: Path, catalogue: Catalogue, reader: Reader) -> Proposal:
    """Propose a record for one file, to fill in a form. Raises as add_files does."""
    path = open_zips([path], reader).paths[0]
    return propose(path, _read_one(path, catalogue, reader).extraction, catalogue)


def disclosures_of(
    paths: Sequence[Path], catalogue: Catalogue, reader: Reader, release: Sequence[WordSource] = ()
) -> list[tuple[str, Disclosure]]:
    """Return what files would tell of people, each by its name, before they are added.

    Args:
        release: what their item would release.

    Raises:
        DuplicateError, IngestError: as add_files.
    """
    withheld = frozenset(catalogue.series.withhold).difference(release)
    files = (_read_one(path, catalogue, reader) for path in open_zips(paths, reader).paths)
    disclosures = ((f.path.name, disclosure_of(f.extraction, withheld)) for f in files)
    return [pair for pair in disclosures if pair[1]]


def add_folder(
    store: Store,
    catalogue: Catalogue,
    reader: Reader,
    folder: Path,
    draft: ItemDraft,
    progress: Progress = silent,
) -> FolderReport:
    """Make items of everything below a folder: one a deck, files of one name in one folder merged.

    Stopped at any moment, a second run goes on: files that are in the archive already are reported
    and passed over.
    """
    if not folder.is_dir():
        raise IngestError("there is no such folder.", folder)
    check_draft(store, catalogue, draft)
    report = FolderReport(folder=folder)
    hashed = list(files_to_read(folder, catalogue, reader, report, progress))
    read: dict[Path, _SourceFile] = {}
    for done, (job, extraction) in enumerate(reader.read_many(hashed), start=1):
        progress("reading", done, len(hashed), job.path.name)
        if extraction.failed:
            notice = extraction.notices[0]
            report.reject(job.path, notice.code, notice.message, notice.hint)
        else:
            read[job.path] = _SourceFile(job.path, job.sha256, job.media_type, extraction)
    groups = list(_worth_keeping(_complete(_groups(read.values()), report), report))
    places: dict[str, str] | None = None
    activity = Activity("add")
    for done, files in enumerate(groups, start=1):
        progress("adding", done, len(groups), files[0].path.name)
        with store.activity(activity):
            # Another program may have added them while these were read.
            if places is None or not store.is_unchanged():
                places = store.places_by_sha256()
            _add_group(store, catalogue, files, draft, places, report)
    return report


def _add_group(
    store: Store,
    catalogue: Catalogue,
    files: list[_SourceFile],
    draft: ItemDraft,
    places: dict[str, str],
    report: FolderReport,
) -> None:
    """Make an item of the files, under the lock; report those that cannot be added.

    Args:
        places: sha256 -> place of what the archive has now; what is added is entered.
    """
    for f in files:
        if f.sha256 in places:
            report.reject_duplicate(f.path, places[f.sha256])
    new = [f for f in files if f.sha256 not in places]
    if not new:
        return
    try:
        added = _add(store, catalogue, new, draft)
    except IngestError as error:
        for f in new:
            report.reject(f.path, "not-added", error.message)
        return
    report.added.append(added)
    report.stored += len(new)
    for asset in added.item.assets:
        places[asset.sha256] = f"{added.item.id}/{asset.path}"


def _groups(files: Iterable[_SourceFile]) -> list[list[_SourceFile]]:
    """Group files that are one work: the same name, but for the ending, in the same folder.

    Posts stand alone: `index.html` beside `index.md` are two tellings, not one deck.
    """
    groups: dict[tuple[Path, str], list[_SourceFile]] = {}
    for number, f in enumerate(files):
        stem = f.path.stem.casefold()
        is_post = kind_of(f.media_type) is Kind.POST and not is_deck(f.extraction)
        alone = is_post or _same_kind(groups.get((f.path.parent, stem)), f)
        key = (f.path.parent, f"{stem}/{number}" if alone else stem)
        groups.setdefault(key, []).append(f)
    return [sorted(group, key=_speaks_first) for group in groups.values()]


def _complete(
    groups: Iterable[list[_SourceFile]], report: FolderReport
) -> Iterator[list[_SourceFile]]:
    """Yield groups that lack no file because it cannot be read just now; report the others.

    Added alone, a deck and its PDF would be two items once the disk gives the other again.
    """
    unread = [report.folder / p.path for p in report.problems if p.code in _PASSING]
    for files in groups:
        place, kinds = (files[0].path.parent, files[0].path.stem), {f.media_type for f in files}
        together = (
            path.name
            for path in unread
            if (path.parent, path.stem.casefold()) == (place[0], place[1].casefold())
            and media_type_of(path.name) not in kinds
            and Kind.POST not in map(kind_of, (media_type_of(path.name), *kinds))
        )
        missing = next(together, None)
        if missing is None:
            yield files
            continue
        for f in files:
            message = f"{missing} beside it cannot be read just now; together they are one item."
            hint = "Make it readable, or move it away; then run this again."
            report.reject(f.path, "not-added", message, hint)


def _worth_keeping(
    groups: Iterable[list[_SourceFile]], report: FolderReport
) -> Iterator[list[_SourceFile]]:
    """Yield groups that are a work; each stray file becomes a problem.

    A picture is kept beside a deck of its name; alone, it is more often a logo than a work.
    """
    for files in groups:
        roles = {role_of(f.media_type) for f in files}
        if roles - {AssetRole.OTHER, AssetRole.PICTURE}:
            yield files
            continue
        for f in files:
            what = "a picture alone" if AssetRole.PICTURE in roles else "no kind of file of a talk"
            hint = "If it belongs to the archive, add it by its name: coproarchive add FILE"
            report.reject(f.path, "not-added", f"this is {what}.", hint, Severity.WARNING)


def _same_kind(group: list[_SourceFile] | None, file: _SourceFile) -> bool:
    """Return whether the group has such a file: talk.pptx beside Talk.PPTX are two works."""
    return any(f.media_type == file.media_type for f in group or ())


def _speaks_first(file: _SourceFile) -> tuple[int, str]:
    rank = next((n for n, word in enumerate(_SPEAKS) if word in file.media_type), len(_SPEAKS))
    return rank, file.path.name


def _read_one(path: Path, catalogue: Catalogue, reader: Reader) -> _SourceFile:
    try:
        if path.is_symlink() or not path.is_file():
            raise IngestError("there is no such file.", path)
        size, sha256 = hash_file(path)
    except OSError as error:
        raise IngestError(f"cannot be read: {error.strerror}.", path) from None
    if not size:
        raise IngestError("this file is empty.", path, EMPTY_HINT)
    copies = catalogue.by_sha256.get(sha256)
    _refuse_known(path, "/".join(copies[0]) if copies else None)
    media_type = media_type_of_file(path)
    return _SourceFile(path, sha256, media_type, reader.read(path, sha256, media_type))


def _refuse_known(path: Path, where: str | None) -> None:
    if where is not None:
        raise DuplicateError(f"the archive has this very file already: {where}.", path)


def check_draft(store: Store, catalogue: Catalogue, draft: ItemDraft) -> None:
    """Refuse what could not be written, before anything is read or written.

    Raises:
        NotFoundError: no such seminar or topic.
        SidecarError: the seminar's record is there, but has mistakes in it.
        IngestError: a value is not what its field takes.
    """
    valid(lambda: Item(id="x", title=draft.title or "x", date=draft.date, abstract=draft.abstract,
                       rights=draft.rights, licence=draft.licence))  # fmt: skip
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


def _add(
    store: Store, catalogue: Catalogue, files: Sequence[_SourceFile], draft: ItemDraft
) -> AddResult:
    """Copy the files in and write the record, under the lock."""
    proposal = propose(files[0].path, files[0].extraction, catalogue)
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
        language=proposal.language,
        rights=draft.rights,
        licence=draft.licence,
        release=draft.release,
        assets=tuple(_described(name, f) for name, f in zip(names, files, strict=True)),
    )
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


def _described(name: str, file: _SourceFile) -> Asset:
    """Describe a file of an item: a text that is read by slide is slides, not a post."""
    usual = role_of(file.media_type)
    role = AssetRole.SLIDES if is_deck(file.extraction) else usual
    return Asset(path=name, role=role, media_type=file.media_type, size=0, sha256=file.sha256)


def _renamed(item_id: str, names: Iterable[str], files: Iterable[_SourceFile]) -> Iterator[Problem]:
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
