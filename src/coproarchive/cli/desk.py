"""`edit`, `visibility`, `withdraw`, `merge`, `rename`, `split`, `history`, `undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from coproarchive.cli.console import out, printable, say_json
from coproarchive.cli.context import CliState, state_of
from coproarchive.cli.options import (
    AboutTopicOption,
    BySpeakerOption,
    ItemArgument,
    JsonOption,
    OfKindOption,
    OfSeminarOption,
    OfYearOption,
    WhyOption,
)
from coproarchive.errors import IngestError

if TYPE_CHECKING:
    from coproarchive.desk import Desk
    from coproarchive.desk.edit import ActReport
    from coproarchive.desk.values import FieldEdit
    from coproarchive.store.changes import Change

SHOWN_RECORDS = 20
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would change, field by field; write nothing.")
]


RecordsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID",
        help="An item or seminar by its id, person:ID, topic:ID, or archive.yaml; several, to "
        "change them all.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help='A field and what it shall be: "title=Rye by night"; nothing behind = empties it. '
        'Lists: "topics=rye; oats", and += adds to them, -= takes out: "people+=Ada Baker".',
    ),
]
SeenOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD=VALUE",
        help="Write only if the field is this now: what somebody else changed is not lost.",
    ),
]

SlideOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="A slide or page of the one item: set its title and alt, which tells those who cannot "
        "see it what is to be seen on it.",
    ),
]
SlideFileOption = Annotated[
    str,
    typer.Option(metavar="FILE", help="With --slide: in which file; else in the first."),
]
DigestOption = Annotated[
    str,
    typer.Option(
        metavar="SHA256",
        help="Write only what nobody changed since the record was this, as show --json tells it.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (edit, visibility, withdraw, merge, rename, split, history, undo):
        app.command(command.__name__)(command)


def desk_of(context: typer.Context) -> Desk:
    """Return the acts over this run's archive."""
    from coproarchive.desk import Desk

    return Desk(state_of(context).library)


def edit(
    context: typer.Context,
    names: RecordsArgument = None,
    assignments: SetOption = None,
    query: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="All items that a search for these words finds."),
    ] = None,
    seminar: OfSeminarOption = None,
    speaker: BySpeakerOption = None,
    topic: AboutTopicOption = None,
    kind: OfKindOption = None,
    year: OfYearOption = None,
    new: Annotated[
        bool, typer.Option("--new", help="Make people and topics that are not there yet.")
    ] = False,
    seen: SeenOption = None,
    digest: DigestOption = "",
    slide: SlideOption = None,
    file: SlideFileOption = "",
    why: WhyOption = "",
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Correct records: one, several, or all that a search finds; comments in them stay.

    Every change is in the history, and can be taken back: coproarchive undo
    """
    from coproarchive.desk.values import FieldEdit

    edits = [FieldEdit.parse(text) for text in assignments or ()]
    if not edits:
        raise IngestError("nothing to change was named.", hint='Add --set "FIELD=VALUE"')
    choices = {"seminar": seminar, "speaker": speaker, "topic": topic, "kind": kind, "year": year}
    params = {name: values for name, values in choices.items() if values}
    desk = desk_of(context)
    ids = list(names or ())
    if slide is not None:
        if query is not None or params or digest or new or len(ids) != 1:
            raise IngestError("--slide takes one item, and none of the options of a search.")
        outcome = _describe_slide(desk, ids[0], slide, file, edits, seen, why, dry_run=dry_run)
        say_report(context, outcome, as_json=as_json, is_dry=dry_run)
        return
    if query is not None or params:
        ids += [i for i in _matching(desk, query or "", params) if i not in ids]
    elif not ids:
        raise IngestError("no record was named.", hint="Name an ID, or --query WORDS")
    outcome = desk.edit(
        ids,
        edits,
        why=why,
        make_new=new,
        dry_run=dry_run,
        digest=digest,
        seen=desk.fields(ids[0], [FieldEdit.parse(text) for text in seen]) if seen else None,
    )
    say_report(context, outcome, as_json=as_json, is_dry=dry_run)


def _describe_slide(
    desk: Desk,
    item_id: str,
    number: int,
    file: str,
    edits: list[FieldEdit],
    seen: list[str] | None,
    why: str,
    *,
    dry_run: bool,
) -> ActReport:
    """Set the title and the description of a slide."""
    from coproarchive.desk.slides import SlideName
    from coproarchive.desk.values import FieldEdit

    seen_edits = [FieldEdit.parse(text) for text in seen or ()]
    values = {edit.field: edit.value for edit in seen_edits} if seen else None
    name = SlideName(item_id, number, file)
    return desk.describe_slide(name, edits, why=why, dry_run=dry_run, seen=values)


def _matching(desk: Desk, query: str, params: dict[str, list[str]]) -> list[str]:
    """Return the items of a search; at least one."""
    from coproarchive.search.language.query import Query

    ids = desk.matching(Query.from_params({"q": [query], **params}))
    if not ids:
        raise IngestError("this search finds nothing, so nothing was changed.")
    return ids


def visibility(
    context: typer.Context,
    item_id: ItemArgument,
    visible: Annotated[
        str,
        typer.Argument(
            metavar="WHO",
            help="public, members, hidden, or a day (2027-01-31) from which on it is public.",
        ),
    ],
    file: Annotated[
        str, typer.Option(metavar="FILE", help="Only this file of the item, by its name.")
    ] = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set who may see an item or a file, at once; from a day on, by itself.

    For members means, while there are no accounts for them: only for those who keep the archive.
    """
    outcome = desk_of(context).set_visibility([item_id], visible, file=file, why=why)
    say_report(context, outcome, as_json=as_json)


def withdraw(
    context: typer.Context,
    item_id: ItemArgument,
    reason: Annotated[
        str, typer.Option(help="Why, in a sentence for readers: at the speaker's wish.")
    ] = "",
    replacement: Annotated[
        str | None, typer.Option(metavar="ID", help="The item that takes its place.")
    ] = None,
    back: Annotated[
        bool, typer.Option("--back", help="Give a withdrawn item back to its readers.")
    ] = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take an item back: its page then says when, why and what is there instead.

    It is in no search, list, picture or download any more. Nothing is destroyed: --back gives it
    to readers again, and purge is another command.
    """
    if back == bool(reason.strip()):
        raise IngestError("name a reason for readers, or --back.", hint='Add --reason "..."')
    if back:
        outcome = desk_of(context).return_item(item_id, why=why)
    else:
        outcome = desk_of(context).withdraw(item_id, reason, replacement=replacement, why=why)
    say_report(context, outcome, as_json=as_json)


NounArgument = Annotated[
    Literal["person", "topic"], typer.Argument(metavar="person|topic", help="What they are.")
]


def merge(
    context: typer.Context,
    noun: NounArgument,
    old: Annotated[str, typer.Argument(metavar="FROM", help="Id of the one that goes.")],
    new: Annotated[str, typer.Argument(metavar="INTO", help="Id of the one that stays.")],
    why: WhyOption = "",
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make one person or topic of two: every record that names FROM names INTO then.

    The names of FROM are kept as other names, and its address leads to INTO.
    """
    outcome = desk_of(context).merge(noun, old, new, why=why, dry_run=dry_run)
    say_report(context, outcome, as_json=as_json, is_dry=dry_run)


def rename(
    context: typer.Context,
    noun: NounArgument,
    old: Annotated[str, typer.Argument(metavar="OLD", help="The id that it has.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The id that it shall have.")],
    why: WhyOption = "",
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give a person or topic another id; the old address leads to the new one."""
    outcome = desk_of(context).rename(noun, old, new, why=why, dry_run=dry_run)
    say_report(context, outcome, as_json=as_json, is_dry=dry_run)


def split(
    context: typer.Context,
    noun: NounArgument,
    old: Annotated[str, typer.Argument(metavar="ID", help="Id of the one that is two.")],
    name: Annotated[str, typer.Option("--into", metavar="NAME", help="Name of the new one.")],
    items: Annotated[
        list[str],
        typer.Option(
            "--items",
            metavar="ID",
            help="An item or a seminar that is to name the new one; give it again for a second "
            "one, or put several behind it with commas between.",
        ),
    ],
    why: WhyOption = "",
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make two people or topics of one: the records that you name are of the new one then.

    NAME, where it was another name of ID, goes with the new one; everything else stays with ID.
    """
    ids = [i.strip() for listed in items for i in listed.split(",") if i.strip()]
    outcome = desk_of(context).split(noun, old, name, ids, why=why, dry_run=dry_run)
    say_report(context, outcome, as_json=as_json, is_dry=dry_run)


def history(
    context: typer.Context,
    named: Annotated[
        str,
        typer.Argument(
            metavar="[ID]",
            help="Of one record, as for edit, or one change or batch by its id; else of all.",
        ),
    ] = "",
    who: Annotated[str, typer.Option(metavar="NAME", help="Only what NAME did.")] = "",
    act: Annotated[
        str,
        typer.Option("--what", metavar="ACT", help='Only this: edit, "import wordpress", add.'),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many changes at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List changes of records, newest first: when, who, what, why, and each field that changed.

    Edits made by hand are told as far as they can be seen now.
    """
    changes = desk_of(context).history(named, limit, who=who, act=act)
    if as_json:
        from coproarchive.desk.history import change_json

        say_json([change_json(change) for change in changes])
        return
    batch = ""
    for change in changes:
        if change.batch != batch:
            batch = change.batch
            _print_activity(change)
        _print_change(change)
    if not changes:
        out.print("Nothing was changed yet.")


def _print_activity(change: Change) -> None:
    activity = change.activity
    who = f" by {activity.who}" if activity.who else ""
    when = change.when[:16].replace("T", " ")
    out.print(Text(f"{change.batch}  ", style="bold") + Text(
        printable(f"{when} UTC  {activity.name}{who}")))  # fmt: skip
    if activity.why:
        out.print(Text(printable(f"   {activity.why}"), style="italic"))


def _print_change(change: Change) -> None:
    from coproarchive.desk.history import lines_of
    from coproarchive.desk.records import name_of_change

    name = name_of_change(change.record, change.entry)
    number = change.id.rpartition(".")[2]
    out.print(Text(f"   .{number} ", style="dim") + Text(printable(name), style="cyan"))
    for line in lines_of(change.before, change.after):
        out.print(Text(printable(f"      {line}")))


def undo(
    context: typer.Context,
    change: Annotated[
        str,
        typer.Argument(
            metavar="[CHANGE]",
            help="A change as history lists it, with its number (...-123456.2) or a whole batch "
            "without (a command, an import); or last.",
        ),
    ] = "",
    to: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="All changes since then: 2026-11-29T14:00"),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also fields that were changed again since.")
    ] = False,
    why: WhyOption = "",
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take changes back: one, a whole batch, or all since a moment. Undo can be undone too."""
    if bool(change) == (to is not None):
        raise IngestError("name a change, or --to TIME.", hint="To see all: coproarchive history")
    outcome = desk_of(context).undo(change, to=to, why=why, force=force, dry_run=dry_run)
    say_report(context, outcome, as_json=as_json, is_dry=dry_run)


# ------------------------------------------------------------------- what was done


def say_report(
    context: typer.Context, outcome: ActReport, *, as_json: bool, is_dry: bool = False
) -> None:
    """Print what an act did, or would do."""
    if as_json:
        say_json(outcome_json(outcome))
        return
    _print_diffs(outcome)
    for note in outcome.notes:
        out.print(Text(printable(note), style="yellow"))
    if is_dry:
        out.print(Text(f"{len(outcome.diffs)} records would change. Nothing was written.",
                       style="bold"))  # fmt: skip
    elif outcome.diffs:
        _print_undo(state_of(context), outcome)
    else:
        out.print(Text("Nothing was to be changed.", style="bold"))


def outcome_json(outcome: ActReport) -> dict[str, Any]:
    """Return what an act did as --json prints it."""
    return {
        "change": outcome.change,
        "records": [
            {"record": d.name, "before": d.before, "after": d.after} for d in outcome.diffs
        ],
        "notes": list(outcome.notes),
    }


def _print_diffs(outcome: ActReport) -> None:
    from coproarchive.desk.history import lines_of

    for diff in outcome.diffs[:SHOWN_RECORDS]:
        out.print(Text(printable(diff.name), style="cyan"))
        for line in lines_of(diff.before, diff.after):
            out.print(Text(printable(f"   {line}")))
    more = len(outcome.diffs) - SHOWN_RECORDS
    if more > 0:
        out.print(Text(f"... and {more} more; --json lists all."))


def _print_undo(state: CliState, outcome: ActReport) -> None:
    number = len(outcome.diffs)
    records = "1 record" if number == 1 else f"{number} records"
    back = state.command(f"undo {outcome.change}")
    out.print(Text(f"{records} changed. To take it back: {back}", style="bold"))
