"""Add a folder of loose files: what it would become, and making it so.

Every file ends as a file of an item or is named in one problem, never neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from coproarchive.catalogue import Catalogue
from coproarchive.errors import IngestError
from coproarchive.extract import table
from coproarchive.extract.base import Extraction
from coproarchive.extract.worker import Reader
from coproarchive.ingest.add import (
    AddResult,
    ItemDraft,
    SourceFile,
    add_item,
    check_draft,
    speaks_first,
)
from coproarchive.ingest.authority import seminar_id
from coproarchive.ingest.describe import (
    SAID_IN,
    SEMINAR,
    SPEAKER,
    SURE,
    WRITTEN_TO_BE_USED,
    Description,
)
from coproarchive.ingest.describe.dates import find_dates
from coproarchive.ingest.describe.surroundings import Surroundings, surroundings_of
from coproarchive.ingest.folder import NOTHING, files_to_read
from coproarchive.ingest.guesses import Guess
from coproarchive.ingest.propose import Proposal, is_deck, kind_of, propose
from coproarchive.model import AssetRole, Kind, Problem, Severity
from coproarchive.progress import Progress, silent
from coproarchive.store import Store, media_type_of, role_of
from coproarchive.store.changes import Activity

_PASSING = table.PASSING | {"not-readable"}
"""Codes of files that another run may read."""


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


@dataclass(frozen=True)
class DescribeOptions:
    """How a folder's talks are described.

    Attributes:
        least: confidence, 0..1, from which people, dates, seminars and topics are written.
        seminar_from_folder: whether the folder of a talk makes its seminar.
    """

    least: float = SURE
    seminar_from_folder: bool = False


@dataclass(frozen=True)
class PlannedTalk:
    """An item as it would be added.

    Attributes:
        files: that become one item, the one that speaks for it first.
        proposal: what is understood of them.
    """

    files: tuple[SourceFile, ...]
    proposal: Proposal

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files' paths."""
        return tuple(f.path for f in self.files)

    @property
    def description(self) -> Description:
        """All guesses."""
        return self.proposal.description

    def seminar(self, options: DescribeOptions) -> Guess | None:
        """Return the seminar that would be written.

        What a table beside the files says; the folder's, if asked; else one that the archive has.
        """
        listed = (
            g
            for g in self.description.of(SEMINAR, WRITTEN_TO_BE_USED)
            if g.rule.startswith(SAID_IN)
        )
        if (guess := next(listed, None)) is not None:
            return guess
        if options.seminar_from_folder:
            return self.description.folder_seminar
        guesses = self.description.of(SEMINAR, options.least)
        return next((guess for guess in guesses if guess.value == self.proposal.seminar), None)


@dataclass
class FolderPlan:
    """What a folder would become.

    Attributes:
        talks: items to be.
        report: what would not be added, and why.
    """

    talks: list[PlannedTalk]
    report: FolderReport


def plan_folder(
    catalogue: Catalogue,
    reader: Reader,
    folder: Path,
    options: DescribeOptions | None = None,
    progress: Progress = silent,
    passed_over: Mapping[str, str] = NOTHING,
) -> FolderPlan:
    """Read and describe everything below a folder; nothing is written.

    Args:
        catalogue: what the archive has.
        reader: reads the files.
        folder: to be added.
        options: how to describe its talks; None: each by its own file alone.
        progress: told of every file.
        passed_over: path -> why a file is left alone this time.

    Raises:
        IngestError: there is no such folder.
    """
    if not folder.is_dir():
        raise IngestError("there is no such folder.", folder)
    report = FolderReport(folder=folder)
    groups = _read_groups(folder, catalogue, reader, report, progress, passed_over)
    around = None
    if options is not None:
        works = ([(f.path, f.extraction) for f in files] for files in groups)
        others = (folder / problem.path for problem in report.problems)
        around = surroundings_of(folder, works, others)
    least = options.least if options else SURE
    talks = [
        PlannedTalk(tuple(files), _proposal(files, catalogue, around, least)) for files in groups
    ]
    return FolderPlan(talks, report)


def _proposal(
    files: Sequence[SourceFile], catalogue: Catalogue, around: Surroundings | None, least: float
) -> Proposal:
    return propose(files[0].path, files[0].extraction, catalogue, around, least=least)


def _read_groups(
    folder: Path,
    catalogue: Catalogue,
    reader: Reader,
    report: FolderReport,
    progress: Progress,
    passed_over: Mapping[str, str],
) -> list[list[SourceFile]]:
    """Read all files; return those that are a work, and report those that are none."""
    hashed = list(files_to_read(folder, catalogue, reader, report, progress, passed_over))
    read: dict[Path, SourceFile] = {}
    for done, (job, extraction) in enumerate(reader.read_many(hashed), start=1):
        progress("reading", done, len(hashed), job.path.name)
        if extraction.failed:
            notice = extraction.notices[0]
            report.reject(job.path, notice.code, notice.message, notice.hint)
        else:
            read[job.path] = SourceFile(job.path, job.sha256, job.media_type, extraction)
    return list(_worth_keeping(_complete(_groups(read.values()), report), report))


def add_folder(
    store: Store,
    catalogue: Catalogue,
    reader: Reader,
    folder: Path,
    draft: ItemDraft,
    progress: Progress = silent,
    options: DescribeOptions | None = None,
    passed_over: Mapping[str, str] = NOTHING,
) -> FolderReport:
    """Make items of everything below a folder: one a deck, files of one name in one folder merged.

    Stopped at any moment, a second run goes on: files that are in the archive already are reported
    and passed over.

    Args:
        store, catalogue: the archive.
        reader: reads the files.
        folder: to be added.
        draft: what the archivist says of all of them.
        progress: told of every file.
        options: how to describe what the draft does not say, marked as guesses; None: as one file.
        passed_over: path -> why a file is left alone this time.

    Raises:
        IngestError: there is no such folder.
    """
    check_draft(store, catalogue, draft)
    plan = plan_folder(catalogue, reader, folder, options, progress, passed_over)
    adding = _Adding(store, catalogue, draft, options, plan.report)
    for done, talk in enumerate(plan.talks, start=1):
        progress("adding", done, len(plan.talks), talk.paths[0].name)
        adding.add(talk)
    return plan.report


@dataclass
class _Adding:
    """Makes items of planned talks, each under the lock.

    Attributes:
        activity: under which all of the folder is told in the history.
        places: sha256 -> place of what the archive has now; None before it was looked up.
        seminars: title of a folder's seminar -> its id, of those made or found in this run.
    """

    store: Store
    catalogue: Catalogue
    draft: ItemDraft
    options: DescribeOptions | None
    report: FolderReport
    activity: Activity = field(default_factory=lambda: Activity("add"))
    places: dict[str, str] | None = None
    seminars: dict[str, str] = field(default_factory=dict)

    def add(self, talk: PlannedTalk) -> None:
        """Make an item of the talk's files; report those that cannot be added."""
        with self.store.activity(self.activity):
            # Another program may have added them while these were read.
            if self.places is None or not self.store.is_unchanged():
                self.places = self.store.places_by_sha256()
            self._add(talk, self.places)

    def _add(self, talk: PlannedTalk, places: dict[str, str]) -> None:
        for f in talk.files:
            if f.sha256 in places:
                self.report.reject_duplicate(f.path, places[f.sha256])
        new = [f for f in talk.files if f.sha256 not in places]
        if not new:
            return
        try:
            draft, guesses = self._described(talk)
            added = add_item(self.store, self.catalogue, new, draft, talk.proposal, guesses)
        except IngestError as error:
            for f in new:
                self.report.reject(f.path, "not-added", error.message)
            return
        self.report.added.append(added)
        self.report.stored += len(new)
        for asset in added.item.assets:
            places[asset.sha256] = f"{added.item.id}/{asset.path}"

    def _described(self, talk: PlannedTalk) -> tuple[ItemDraft, list[Guess]]:
        """Return the draft with what is guessed of the talk, and those guesses."""
        draft, options = self.draft, self.options
        if options is None:
            return draft, []
        guesses = [
            guess
            for guess in talk.proposal.written(options.least)
            if getattr(draft, _FIELDS[guess.kind]) is None
        ]
        if draft.people is None:
            people = tuple(guess.value for guess in guesses if guess.kind == SPEAKER)
            draft = replace(draft, people=people)
        seminar = talk.seminar(options) if draft.seminar is None else None
        if seminar is not None:
            draft = replace(draft, seminar=self._seminar(seminar))
            if seminar.value in self.catalogue.seminars:
                guesses.append(seminar)
        return draft, guesses

    def _seminar(self, guess: Guess) -> str:
        """Return the id of a seminar by id or title, which is made where it is new."""
        if guess.value not in self.seminars:
            dates = [m.value for m in find_dates(guess.line)]
            date = dates[0] if len(dates) == 1 else None
            self.seminars[guess.value] = seminar_id(self.store, self.catalogue, guess.value, date)
        return self.seminars[guess.value]


_FIELDS = {"title": "title", "speaker": "people", "date": "date", "topic": "topics"}
"""Field of a draft that takes the place of a guess of a kind."""


def group_files(paths: Sequence[Path]) -> list[list[Path]]:
    """Group files into works as `add_folder` does: by name, whatever their endings."""
    unread = (SourceFile(path, "", media_type_of(path.name), Extraction()) for path in paths)
    return [[f.path for f in group] for group in _groups(unread)]


def _groups(files: Iterable[SourceFile]) -> list[list[SourceFile]]:
    """Group files that are one work: the same name, but for the ending, in the same folder.

    The ending of captions may have their language before it; see work_stem.
    Posts stand alone: `index.html` beside `index.md` are two tellings, not one deck.
    """
    groups: dict[tuple[Path, str], list[SourceFile]] = {}
    for number, f in enumerate(files):
        stem = work_stem(f.path)
        is_post = kind_of(f.media_type) is Kind.POST and not is_deck(f.extraction)
        alone = is_post or _same_kind(groups.get((f.path.parent, stem)), f)
        key = (f.path.parent, f"{stem}/{number}" if alone else stem)
        groups.setdefault(key, []).append(f)
    return [sorted(group, key=speaks_first) for group in groups.values()]


def _complete(
    groups: Iterable[list[SourceFile]], report: FolderReport
) -> Iterator[list[SourceFile]]:
    """Yield groups that lack no file because it cannot be read just now; report the others.

    Added alone, a deck and its PDF would be two items once the disk gives the other again.
    """
    unread = [report.folder / p.path for p in report.problems if p.code in _PASSING]
    for files in groups:
        place = (files[0].path.parent, work_stem(files[0].path))
        kinds = {f.media_type for f in files}
        together = (
            path.name
            for path in unread
            if (path.parent, work_stem(path)) == place
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
    groups: Iterable[list[SourceFile]], report: FolderReport
) -> Iterator[list[SourceFile]]:
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


_CAPTIONS = (".vtt", ".srt")
_LANGUAGE = re.compile(r"\.[a-z]{2}(-[a-z]{2,8}){0,2}$")


def work_stem(path: Path) -> str:
    """Return the name by which files are one work: of captions without their language.

    talk.en.vtt and talk.pt-BR.vtt belong to talk.mp4.
    """
    stem = path.stem.casefold()
    return _LANGUAGE.sub("", stem) if path.suffix.lower() in _CAPTIONS else stem


def _same_kind(group: list[SourceFile] | None, file: SourceFile) -> bool:
    """Return whether the group has such a file: talk.pptx beside Talk.PPTX are two works."""
    return any(
        f.media_type == file.media_type
        and (
            file.path.suffix.lower() not in _CAPTIONS
            or f.path.stem.casefold() == file.path.stem.casefold()
        )
        for f in group or ()
    )
