"""`init`, `seminar`, `add` and `index`: what those do who keep the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import (
    display_path,
    out,
    printable,
    problem_json,
    problem_table,
    progress_bars,
    say_json,
)
from coproarchive.cli.context import CliState, state_of
from coproarchive.cli.options import (
    DATE_FORMS,
    AbstractOption,
    ConfidenceOption,
    DateOption,
    DescribeOption,
    DryAddOption,
    FilesArgument,
    IncomingOption,
    JsonOption,
    KindOption,
    PlanCsvOption,
    RecursiveOption,
    ReleaseOption,
    RoleOption,
    SeminarFromOption,
    SeminarOption,
    SpeakerOption,
    TitleOption,
    TopicOption,
)
from coproarchive.errors import IngestError
from coproarchive.vocabulary import Severity

if TYPE_CHECKING:
    from coproarchive.extract.disclosure import Disclosure
    from coproarchive.ingest.add import AddResult, ItemDraft
    from coproarchive.ingest.folder_plan import DescribeOptions, FolderReport
    from coproarchive.library import Library
    from coproarchive.model import Problem
    from coproarchive.progress import Progress
    from coproarchive.search.discover.reuse import OtherVersion
    from coproarchive.search.index.update import UpdateReport

SHOWN_PROBLEMS = 30
SHOWN_VERSIONS = 3


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (init, seminar, add, index):
        app.command(command.__name__)(command)


def init(
    context: typer.Context,
    title: Annotated[
        str, typer.Option(help="The archive's name, shown on every page; archive.yaml keeps it.")
    ] = "An archive of talks",
    language: Annotated[
        str | None,
        typer.Option(
            help="The language of all talks, by its code: en, cy, de, pt-BR. Without it, the words "
            "of each talk tell."
        ),
    ] = None,
) -> None:
    """Begin an archive: make its folder, with an archive.yaml in it. Do this once, first of all."""
    from coproarchive.model import Series
    from coproarchive.store import Store
    from coproarchive.store.sidecar import valid

    state = state_of(context)
    series = valid(lambda: Series(title=title, languages=(language,) if language else ()))
    store = Store.create(state.settings.archive, series)
    record = display_path(store.root / "archive.yaml")
    out.print(Text(f"Made {record}. Add files with: {state.command('add FILE...')}"))


def seminar(
    context: typer.Context,
    seminar_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A short name for folder and address, in small letters: 1-beginnings.",
        ),
    ],
    title: Annotated[str, typer.Option(help="The seminar's title, as its programme has it.")],
    date: Annotated[str | None, typer.Option(help=f"Its (first) day, {DATE_FORMS}.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it was held: building, town.")] = None,
) -> None:
    """Make a seminar: an event that talks belong to. Then add them with: add --seminar ID"""
    from coproarchive.model import Seminar
    from coproarchive.store.changes import Activity
    from coproarchive.store.sidecar import valid

    store = state_of(context).library.store
    record = valid(lambda: Seminar(id=seminar_id, title=title, date=date, place=place))
    if record.id in store.seminar_ids():
        raise IngestError(f'there is a seminar "{record.id}" already.')
    with store.activity(Activity("seminar")):
        store.save_seminar(record, expected_digest="")
    out.print(Text(f"Made {display_path(store.root / record.id / 'seminar.yaml')}."))


def add(
    context: typer.Context,
    paths: FilesArgument = None,
    seminar: SeminarOption = None,
    title: TitleOption = None,
    kind: KindOption = None,
    speaker: SpeakerOption = None,
    role: RoleOption = None,
    topic: TopicOption = None,
    date: DateOption = None,
    abstract: AbstractOption = None,
    release: ReleaseOption = None,
    recursive: RecursiveOption = False,
    incoming: IncomingOption = False,
    describe: DescribeOption = False,
    confidence: ConfidenceOption = None,
    seminar_from: SeminarFromOption = None,
    dry_run: DryAddOption = False,
    as_csv: PlanCsvOption = False,
    as_json: JsonOption = False,
) -> None:
    """Add a talk: its files become one new item; with --recursive, a folder of them many.

    What you leave out is proposed from the files. Then make it searchable: coproarchive index
    """
    from coproarchive.ingest.add import ItemDraft

    paths = _paths(state_of(context), paths or [], is_incoming=incoming)
    recursive, describe = recursive or incoming, describe or incoming
    options = _describe_options(describe, recursive, confidence, seminar, seminar_from)
    if as_csv and not (recursive and dry_run):
        raise IngestError("--csv prints the plan of a folder: add --recursive --dry-run --csv.")
    library = state_of(context).library
    draft = ItemDraft(
        seminar=seminar, title=title, kind=kind, people=tuple(speaker) if speaker else None,
        role=role, topics=tuple(topic) if topic else None, date=date, abstract=abstract,
        release=tuple(release or ()),
    )  # fmt: skip
    if dry_run:
        if recursive:
            _print_plan(library, paths, options, incoming, as_json=as_json, as_csv=as_csv)
        else:
            _say_before(library, paths, draft, as_json)
        return
    with progress_bars(not as_json) as progress:
        report = _added(library, paths, draft, options, progress,
                        is_folder=recursive, is_incoming=incoming)  # fmt: skip
    listed = report.added if as_json else report.added[-SHOWN_PROBLEMS:]
    versions = {added.item.id: _other_versions(library, added) for added in listed}
    if as_json:
        say_json(_report_json(report, versions))
        return
    _print_report(report, versions, state_of(context), is_described=options is not None)


def _print_report(
    report: FolderReport,
    versions: Mapping[str, Sequence[OtherVersion]],
    state: CliState,
    *,
    is_described: bool,
) -> None:
    """Print what was added and what was not, and what to do next."""
    for each in report.added[-SHOWN_PROBLEMS:]:
        _print_added(each, versions[each.item.id])
    _print_problems(report.problems)
    counts = f"{report.files} files: {report.stored} added in {len(report.added)} items"
    out.print(Text(f"{counts}, {len(report.problems)} not added.", style="bold"))
    if report.added:
        if is_described:
            look = state.command("review")
            out.print(Text(f"To look through what was guessed: {look}"))
        index_it = state.command("index")
        out.print(Text(f"To make them searchable: {index_it}"))


def _describe_options(
    describe: bool,
    recursive: bool,
    confidence: float | None,
    seminar: str | None,
    seminar_from: str | None,
) -> DescribeOptions | None:
    """Return how a folder is described; None where it is not.

    Raises:
        IngestError: options that do not go together.
    """
    from coproarchive.ingest.describe import SURE
    from coproarchive.ingest.folder_plan import DescribeOptions

    if not describe:
        if confidence is not None or seminar_from is not None:
            raise IngestError("--confidence and --seminar-from belong to --describe.")
        return None
    if not recursive:
        raise IngestError("--describe takes a folder: add --recursive --describe FOLDER.")
    if seminar is not None and seminar_from is not None:
        raise IngestError("--seminar names one seminar, --seminar-from makes one a folder.")
    return DescribeOptions(SURE if confidence is None else confidence, seminar_from is not None)


def _paths(state: CliState, paths: list[Path], *, is_incoming: bool) -> list[Path]:
    """Return what is to be added: the files named, or the incoming folder. Raises IngestError."""
    if not is_incoming:
        return paths
    if paths:
        raise IngestError("--incoming takes no files: it adds all in the incoming folder.")
    if state.settings.incoming is None:
        hint = 'Set it in coproarchive.toml: incoming = "/srv/incoming"'
        raise IngestError("no incoming folder is set.", hint=hint)
    return [state.settings.incoming]


def _print_plan(
    library: Library,
    paths: list[Path],
    options: DescribeOptions | None,
    is_incoming: bool,
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show what the one folder would become."""
    from coproarchive.cli.describing import print_plan
    from coproarchive.desk.incoming import plan_incoming
    from coproarchive.ingest.folder_plan import DescribeOptions, plan_folder

    how, folder = options or DescribeOptions(), _one_folder(paths)
    with progress_bars(not as_json) as progress:
        if is_incoming:
            plan = plan_incoming(library, folder, how, progress)
        else:
            catalogue = library.catalogue(progress)
            plan = plan_folder(catalogue, library.reader, folder, how, progress)
    print_plan(plan, how, as_json=as_json, as_csv=as_csv)


def _one_folder(paths: list[Path]) -> Path:
    if len(paths) != 1:
        raise IngestError("--recursive takes one folder.")
    return paths[0]


def _added(
    library: Library,
    paths: list[Path],
    draft: ItemDraft,
    options: DescribeOptions | None,
    progress: Progress,
    *,
    is_folder: bool,
    is_incoming: bool,
) -> FolderReport:
    """Add the files, or all that is in the one folder."""
    from coproarchive.desk.incoming import add_incoming
    from coproarchive.ingest.add import add_files
    from coproarchive.ingest.folder_plan import FolderReport, add_folder
    from coproarchive.store.sidecar import valid

    catalogue = library.catalogue(progress)
    if not is_folder:
        added = valid(lambda: add_files(library.store, catalogue, library.reader, paths, draft))
        return FolderReport([added], len(paths), len(paths))
    folder = _one_folder(paths)
    if draft.title or draft.abstract:
        raise IngestError("--title and --abstract describe one item, not a folder of them.")
    if is_incoming and options is not None:
        return valid(lambda: add_incoming(library, folder, draft, options, progress))
    return valid(
        lambda: add_folder(
            library.store, catalogue, library.reader, folder, draft, progress, options
        )
    )


def _print_disclosures(disclosures: Sequence[tuple[str, Disclosure]]) -> None:
    for name, disclosure in disclosures:
        for sentence in disclosure.sentences:
            out.print(Text(f"   {printable(name)}: {sentence}"))
    if any(disclosure.withheld.intersection(disclosure.sources) for _, disclosure in disclosures):
        out.print(Text("   To make it public: --release, or release in its item.yaml."))


def _disclosures_json(disclosures: Sequence[tuple[str, Disclosure]]) -> list[dict[str, object]]:
    return [
        {
            "file": name,
            "notes": len(disclosure.notes),
            "comments": len(disclosure.comments),
            "hidden": len(disclosure.hidden),
            "addresses": len(disclosure.addresses),
            "telephones": len(disclosure.telephones),
            "withheld": sorted(disclosure.withheld.intersection(disclosure.sources)),
        }
        for name, disclosure in disclosures
    ]


def _say_before(library: Library, paths: list[Path], draft: ItemDraft, as_json: bool) -> None:
    """Say what files would tell, and of what they may be a new version; nothing is added."""
    from coproarchive.ingest.add import disclosures_of, read_files

    catalogue, reader = library.catalogue(), library.reader
    files = read_files(paths, catalogue, reader)
    disclosures = disclosures_of(files, catalogue, draft.release)
    versions = library.talks.other_versions(f.extraction for f in files)
    if as_json:
        say_json(
            {
                "disclosures": _disclosures_json(disclosures),
                "other_versions": _versions_json(versions),
            }
        )
    else:
        _print_disclosures(disclosures)
        _print_versions(versions)


def _print_versions(versions: Sequence[OtherVersion]) -> None:
    for version in versions[:SHOWN_VERSIONS]:
        same = f"{version.slides} of {version.of} slides are the same, or nearly"
        line = f"   A new version of {version.item.id}  {version.item.title}? {same}."
        out.print(Text(printable(line)))


def _versions_json(versions: Sequence[OtherVersion]) -> list[dict[str, object]]:
    return [
        {"id": v.item.id, "title": v.item.title, "slides": v.slides, "of": v.of} for v in versions
    ]


def _other_versions(library: Library, added: AddResult) -> list[OtherVersion]:
    """Return items of which one that was added may be another version."""
    read = (library.reader.cached(asset.sha256, asset.media_type) for asset in added.item.assets)
    return library.talks.other_versions((file for file in read if file), added.item.id)


def _print_added(added: AddResult, versions: Sequence[OtherVersion]) -> None:
    item = added.item
    out.print(Text("added ", style="green") + Text(printable(f"{item.id}  {item.title}")))
    if added.unknown_people:
        names = ", ".join(f'"{printable(name)}"' for name in added.unknown_people)
        out.print(Text(f"   The file names {names}: if they spoke, add them to the record."))
    _print_versions(versions)
    for problem in added.problems:
        if problem.severity is not Severity.NOTE or problem.code == "name-mended":
            line = f"   {problem.path.rpartition('/')[2]}: {problem.message} {problem.hint}"
            out.print(Text(printable(line.rstrip()), style="yellow"))
    _print_disclosures(added.disclosures)


def _report_json(
    report: FolderReport, versions: Mapping[str, Sequence[OtherVersion]]
) -> dict[str, object]:
    return {
        "files": report.files,
        "stored": report.stored,
        "items": [
            {
                "id": added.item.id,
                "title": added.item.title,
                "assets": [asset.path for asset in added.item.assets],
                "unknown_people": list(added.unknown_people),
                "problems": [problem_json(problem) for problem in added.problems],
                "disclosures": _disclosures_json(added.disclosures),
                "other_versions": _versions_json(versions[added.item.id]),
            }
            for added in report.added
        ],
        "problems": [problem_json(problem) for problem in report.problems],
    }


def index(
    context: typer.Context,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild",
            help="Make the index anew, as after damage; readers use the old one meanwhile.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make everything in the archive searchable; only what changed is read and written.

    A running `serve` does this by itself. Pictures of slides are drawn afterwards, in a process
    that gives way to all others.
    """
    state = state_of(context)
    report = update(state, rebuild=rebuild, quiet=as_json)
    if state.settings.pictures_ahead == "on":
        from coproarchive.operate.pictures_ahead import draw_aside

        draw_aside(state.environment)
    if as_json:
        say_json(
            {
                "added": report.added,
                "updated": report.updated,
                "removed": report.removed,
                "unchanged": report.unchanged,
                "leaves": report.leaves,
                "problems": [problem_json(problem) for problem in report.problems],
                "seconds": round(report.seconds, 3),
                "reading_seconds": round(report.reading_seconds, 3),
                "rebuilt": report.rebuilt,
            }
        )
        return
    _print_problems([p for p in report.problems if p.severity is Severity.ERROR])
    out.print(Text(summary(report), style="bold"))


def update(state: CliState, *, rebuild: bool = False, quiet: bool = False) -> UpdateReport:
    """Update the index with progress on the terminal."""
    with progress_bars(not quiet) as progress:
        return state.library.update_index(rebuild=rebuild, progress=progress)


def summary(report: UpdateReport) -> str:
    """Return what an update did, in a line."""
    errors = sum(p.severity is Severity.ERROR for p in report.problems)
    others = len(report.problems) - errors
    return (
        f"{report.added} added, {report.updated} updated, {report.removed} removed, "
        f"{report.unchanged} unchanged; {report.leaves} leaves read; "
        f"{errors} errors and {others} notes (coproarchive check lists them); "
        f"{report.seconds:.1f} seconds."
    )


def _print_problems(problems: list[Problem]) -> None:
    if problems:
        out.print(problem_table(problems[:SHOWN_PROBLEMS]))
        if len(problems) > SHOWN_PROBLEMS:
            out.print(Text(f"... and {len(problems) - SHOWN_PROBLEMS} more; --json lists all."))
