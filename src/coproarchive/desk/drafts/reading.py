"""From files that wait to rows: read, grouped, described and compared; the archive is as it was."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from coproarchive.desk.drafts.record import (
    DraftFile,
    DraftRow,
    DraftSet,
    LeftOut,
    RowValues,
    Twin,
)
from coproarchive.desk.drafts.shelf import Shelf
from coproarchive.extract.base import Extraction
from coproarchive.extract.disclosure import Disclosure, disclosure_of
from coproarchive.ingest.add import SourceFile, speaks_first
from coproarchive.ingest.describe import SHOWN
from coproarchive.ingest.describe.surroundings import Surroundings, surroundings_of
from coproarchive.ingest.folder_plan import DescribeOptions, PlannedTalk, plan_folder
from coproarchive.ingest.guesses import Guess
from coproarchive.ingest.propose import propose
from coproarchive.ingest.zipped import ZIP, open_zips
from coproarchive.library import Library
from coproarchive.model import Problem, Severity, WordSource
from coproarchive.progress import Progress, silent
from coproarchive.store import hash_file, media_type_of_file

MOST_TWINS = 3
"""Items of the archive that are shown beside a row that is nearly the same."""
LANGUAGE = "language"
READING, READING_SECONDS = ".reading", 600.0
"""Name of the lock of who reads a set, and how long another waits for it."""
_OPTIONS = DescribeOptions()


def read_set(library: Library, shelf: Shelf, set_id: str, progress: Progress = silent) -> DraftSet:
    """Read the files of a set that no row has yet, and make rows of them.

    What somebody typed, grouped or left out stays as it is.

    Args:
        library: whose archive they wait for.
        shelf: has the set.
        set_id: of the set.
        progress: told of every file.

    Raises:
        NotFoundError: there is no such set.
        LockedError: another has been reading it for READING_SECONDS.
    """
    with shelf.lock(set_id, READING, READING_SECONDS):
        draft = shelf.read(set_id)
        return draft if draft.is_read else _read(library, shelf, set_id, progress)


def _read(library: Library, shelf: Shelf, set_id: str, progress: Progress) -> DraftSet:
    folder = shelf.folder_of(set_id)
    in_zips = _unpack_zips(library, shelf, set_id)
    plan = plan_folder(library.catalogue(), library.reader, folder, _OPTIONS, progress)
    draft = shelf.read(set_id)
    sources = {_path(f, folder): f for talk in plan.talks for f in talk.files}
    rows = {row.id: row for row in draft.rows}
    for done, talk in enumerate(plan.talks, start=1):
        progress("comparing", done, len(plan.talks), talk.paths[0].name)
        paths = [_path(f, folder) for f in talk.files]
        new = [path for path in paths if path not in draft.files]
        beside = next((row for row in draft.rows if set(row.files).intersection(paths)), None)
        if new and beside is not None:
            files = [sources[p] for p in (*rows[beside.id].files, *new) if p in sources]
            rows[beside.id] = described(library, folder, _talk(library, files), beside)
        elif new:
            row = described(library, folder, talk)
            rows[row.id] = row
    problems = [*in_zips, *(_left_out(problem) for problem in plan.report.problems)]

    def merged(now: DraftSet) -> DraftSet:
        """Put the rows beside what was typed meanwhile."""
        new = [
            row for row in rows.values() if now.row(row.id) is None and draft.row(row.id) is None
        ]
        changed = [_with_files(row, rows.get(row.id, row)) for row in now.rows]
        paths = {problem.path for problem in problems}
        of_zips = [left for left in now.left_out if not (folder / left.path).exists()]
        files = {path: _file(f, folder) for path, f in sources.items()}
        return now.model_copy(
            update={
                "rows": (*changed, *new),
                "files": now.files | files,
                "left_out": (*problems, *(left for left in of_zips if left.path not in paths)),
            }
        )

    return shelf.change(set_id, merged)


def described(
    library: Library, folder: Path, talk: PlannedTalk, row: DraftRow | None = None
) -> DraftRow:
    """Return the row of a talk.

    Args:
        library: whose archive it waits for.
        folder: of the set's files.
        talk: files and what is understood of them.
        row: that it had before; what was typed there stays.
    """
    proposal, extractions = talk.proposal, [f.extraction for f in talk.files]
    seminar = talk.seminar(_OPTIONS)
    languages = list(_languages(talk))
    proposed = RowValues(
        title=proposal.title,
        kind=proposal.kind,
        people=(*proposal.people, *proposal.likely_people),
        seminar=seminar.value if seminar else "",
        date=proposal.date or "",
        topics=proposal.topics,
        language=languages[0].value if languages else "",
    )
    before = row or DraftRow(id=secrets.token_hex(6), files=())
    versions = library.talks.other_versions(extractions)[:MOST_TWINS]
    guesses = (guess for guess in talk.description.guesses if guess.confidence >= SHOWN)
    changed = before.model_copy(
        update={
            "files": tuple(_path(f, folder) for f in talk.files),
            "proposed": proposed,
            "guesses": (*guesses, *languages),
            "twins": tuple(Twin(item=v.item.id, title=v.item.title, slides=v.slides, of=v.of)
                           for v in versions),
        }
    )  # fmt: skip
    return with_disclosures(library, changed, {_path(f, folder): f.extraction for f in talk.files})


def with_disclosures(
    library: Library, row: DraftRow, extractions: dict[str, Extraction]
) -> DraftRow:
    """Return a row with what its files would tell, as far as they were read."""
    withheld = frozenset(library.catalogue().series.withhold).difference(row.values.release)
    pairs: list[tuple[str, Disclosure]] = []
    for path in row.files:
        disclosure = disclosure_of(extractions.get(path, Extraction()), withheld)
        if disclosure:
            pairs.append((path.rpartition("/")[2], disclosure))
    return row.model_copy(update={"disclosures": tuple(pairs)})


def read_again(
    library: Library, shelf: Shelf, draft: DraftSet, files: Iterable[str]
) -> list[SourceFile]:
    """Return what was read of files of a set, from what is remembered. Raises NotFoundError."""
    folder = shelf.folder_of(draft.id)
    sources = []
    for path in files:
        file = draft.files[path]
        extraction = library.reader.read(
            folder / path, file.sha256, file.media_type, is_described=True
        )
        sources.append(SourceFile(folder / path, file.sha256, file.media_type, extraction))
    return sorted(sources, key=speaks_first)


def regrouped(
    library: Library,
    shelf: Shelf,
    draft: DraftSet,
    groups: Sequence[tuple[Sequence[str], DraftRow | None]],
) -> list[DraftRow]:
    """Return rows of files that somebody grouped.

    Args:
        library, shelf: of the set.
        draft: the set.
        groups: paths of the files of each row, and the row whose typed values it has.

    Raises:
        NotFoundError: the set is gone.
    """
    folder = shelf.folder_of(draft.id)
    works = [read_again(library, shelf, draft, row.files) for row in draft.rows]
    around = surroundings_of(folder, [[(f.path, f.extraction) for f in work] for work in works])
    rows = []
    for paths, row in groups:
        files = read_again(library, shelf, draft, paths)
        rows.append(described(library, folder, _talk(library, files, around), row))
    return rows


def added_by_hand(library: Library, shelf: Shelf, draft: DraftSet, path: str) -> DraftSet:
    """Return a set with a row for a file that was left out. Raises NotFoundError, OSError."""
    folder = shelf.folder_of(draft.id)
    size, sha256 = hash_file(folder / path)
    file = DraftFile(
        path=path, size=size, sha256=sha256, media_type=media_type_of_file(folder / path)
    )
    draft = draft.model_copy(
        update={
            "files": draft.files | {path: file},
            "left_out": tuple(left for left in draft.left_out if left.path != path),
        }
    )
    rows = regrouped(library, shelf, draft, [([path], None)])
    return draft.model_copy(update={"rows": (*draft.rows, *rows)})


def _talk(
    library: Library, files: Sequence[SourceFile], around: Surroundings | None = None
) -> PlannedTalk:
    first, *others = sorted(files, key=speaks_first)
    proposal = propose(first.path, first.extraction, library.catalogue(), around)
    return PlannedTalk((first, *others), proposal)


def _languages(talk: PlannedTalk) -> Iterator[Guess]:
    """Yield what language a talk may be in: as its file says, else as its words tell."""
    extraction, file = talk.files[0].extraction, talk.paths[0].name
    if language := talk.proposal.language:
        yield Guess(LANGUAGE, language, language, "the file's own setting", 0.8, file)
        return
    counted = Counter(leaf.language for leaf in extraction.leaves if leaf.language)
    for language, count in counted.most_common(1):
        line = f"{count} of {len(extraction.leaves)} slides or pages"
        share = count / counted.total()
        yield Guess(LANGUAGE, language, line, "its words", round(0.9 * share, 2), file)


def _with_files(now: DraftRow, read: DraftRow) -> DraftRow:
    """Return a row as it is now, with the files that were read for it meanwhile."""
    fields = ("files", "proposed", "guesses", "disclosures", "twins")
    return now.model_copy(update={name: getattr(read, name) for name in fields})


def _unpack_zips(library: Library, shelf: Shelf, set_id: str) -> list[LeftOut]:
    """Put files of talks in the place of the zip files that they are in; name what stays."""
    folder = shelf.folder_of(set_id)
    left_out: list[LeftOut] = []
    for path in shelf.files_of(set_id):
        if media_type_of_file(folder / path) != ZIP:
            continue
        opened = open_zips([folder / path], library.reader)
        if not opened.places:
            continue
        above = path.rpartition("/")[0]
        for unpacked, place in opened.places.items():
            inside = place.partition("/")[2]
            name = Path(path).stem
            shelf.take(set_id, unpacked, "/".join(filter(None, (above, name, inside))))
        shelf.remove(set_id, [path])
        left_out += [_left_out(problem) for problem in opened.problems]
    return left_out


def _left_out(problem: Problem) -> LeftOut:
    can_be_added = problem.code == "not-added" and problem.severity is Severity.WARNING
    return LeftOut(
        path=problem.path, code=problem.code, message=problem.message, hint=problem.hint,
        can_be_added=can_be_added,
    )  # fmt: skip


def _path(file: SourceFile, folder: Path) -> str:
    return file.path.relative_to(folder).as_posix()


def _file(file: SourceFile, folder: Path) -> DraftFile:
    leaves = file.extraction.leaves
    return DraftFile(
        path=_path(file, folder),
        size=file.path.stat().st_size,
        sha256=file.sha256,
        media_type=file.media_type,
        leaves=leaves[-1].number if leaves else 0,
    )


RELEASABLE = (WordSource.NOTES, WordSource.COMMENTS, WordSource.HIDDEN_SLIDES)
"""Words of files that somebody may let out."""
