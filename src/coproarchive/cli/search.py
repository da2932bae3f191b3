"""`search`, `show`, `suggest` and `similar`: what researchers ask the archive."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import out, printable, say_json
from coproarchive.cli.context import CliState, state_of
from coproarchive.cli.options import (
    AboutTopicOption,
    AfterOption,
    BeforeOption,
    BySpeakerOption,
    ExactOption,
    ExplainOption,
    JsonOption,
    OfKindOption,
    OfSeminarOption,
    OfYearOption,
    SortOption,
)

if TYPE_CHECKING:
    from coproarchive.catalogue import Catalogue
    from coproarchive.extract.base import Extraction
    from coproarchive.model import Asset, Item, Leaf, Part, WordSource
    from coproarchive.search.hits.results import Hit, LeafHit, Results, Snippet

MARK = "bold reverse"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    # A word of a query may start with "-" (without it), so such words are not options here.
    app.command("search", context_settings={"ignore_unknown_options": True})(search)
    app.command("show")(show)
    app.command("suggest")(suggest)
    app.command("similar")(similar)


def search(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY", help='Words, "a phrase", -without, begin*; nothing lists everything.'
        ),
    ] = None,
    seminar: OfSeminarOption = None,
    speaker: BySpeakerOption = None,
    topic: AboutTopicOption = None,
    kind: OfKindOption = None,
    year: OfYearOption = None,
    after: AfterOption = "",
    before: BeforeOption = "",
    sort: SortOption = "relevance",
    page: Annotated[int, typer.Option(min=1, help="Which page of results to show.")] = 1,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many results a page has.")] = 10,
    exact: ExactOption = False,
    explain: ExplainOption = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print all results as a table, for a spreadsheet.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Search the archive, as the page does; shows the best slides of each result.

    Ids for --seminar, --speaker and --topic stand in brackets below the results. Given twice, such
    an option means either; different ones mean both.
    """
    from coproarchive.search.language.query import Query

    state = state_of(context)
    query = Query.parse(
        _query_text(words or []),
        facets={
            "seminar": seminar or (),
            "speaker": speaker or (),
            "topic": topic or (),
            "kind": kind or (),
            "year": year or (),
        },
        after=after,
        before=before,
        sort=sort,
        page=page,
        size=limit,
        exact=exact,
    )
    if sort != query.sort:
        raise typer.BadParameter(f'"{sort}" is none of relevance, date, title.')
    if as_csv:
        base = state.library.public().series.address or ""
        sys.stdout.write(state.library.csv(query, base))
        return
    results = state.library.search(query)
    if as_json:
        say_json(results.to_json())
    else:
        _print_results(results, state.library.public(), explain)


def _query_text(words: list[str]) -> str:
    """Join one query from the words of the command line; a mistyped --option is not a word."""
    for word in words:
        if word.startswith("--"):
            raise typer.BadParameter(f"There is no option {word}.")
    return " ".join(words)


def _print_results(results: Results, catalogue: Catalogue, explain: bool) -> None:
    """Print hits with their slides, then the ways to narrow with their counts."""
    for note in results.notes:
        out.print(Text(printable(note), style="italic"))
    pages = f", page {results.query.page} of {results.pages}" if results.pages > 1 else ""
    slides = f", on {results.leaves} slide{'s' * (results.leaves > 1)}" if results.leaves else ""
    out.print(Text(f"{results.total} found{slides}{pages}", style="bold"))
    first = (results.query.page - 1) * results.query.size + 1
    for number, hit in enumerate(results.hits, start=first):
        _print_hit(number, hit, catalogue, explain)
    if results.near_misses:
        out.print(Text("\nThese have only some of the words:", style="italic"))
    for number, hit in enumerate(results.near_misses, start=first + len(results.hits)):
        _print_hit(number, hit, catalogue, explain)
    out.print()
    for facet in results.facets:
        values = ", ".join(f"{v.label} [{v.value}] {v.count}" for v in facet.matching("", 8))
        if values:
            out.print(Text(f"{facet.label}: ", style="bold") + Text(printable(values)))


def _print_hit(number: int, hit: Hit, catalogue: Catalogue, explain: bool) -> None:
    names = ", ".join(catalogue.person_name(p) for p in hit.speakers)
    about = " · ".join(filter(None, [hit.kind, names, hit.date or ""]))
    out.print()
    out.print(Text(f"{number}. ", style="bold") + _marked(hit.title, "bold"))
    out.print(Text(" " * 3) + Text(printable(f"{about}   {hit.id}"), style="dim"))
    if hit.snippet.text:
        out.print(Text(" " * 3) + _marked(hit.snippet))
    for leaf in hit.leaves:
        heading = Text(f"{leaf.kind} {leaf.label or leaf.number}  ", style="cyan")
        forms = Text(_forms(leaf), style="dim")
        out.print(Text(" " * 3) + heading + _marked(leaf.title, "bold") + _source(leaf) + forms)
        if leaf.snippet.text:
            out.print(Text(" " * 6) + _marked(leaf.snippet))
    if hit.missing:
        out.print(Text(" " * 3) + Text("without: " + ", ".join(hit.missing), style="dim"))
    if explain:
        for word, places in hit.matched.items():
            out.print(Text(" " * 3) + Text(f"{printable(word)}: {', '.join(places)}"))


def _forms(leaf: LeafHit) -> str:
    """Return where else a slide stands: in which file, and when it was spoken of first."""
    first = {form.asset: form for form in reversed(leaf.forms)}
    places = (f"{f.kind} {f.label or f.number} of {f.asset}" for f in reversed(first.values()))
    return printable("".join(f"  = {place}" for place in places))


def _source(leaf: LeafHit) -> Text:
    plain = leaf.source in ("text", "title")
    return Text("" if plain else f"  (from the {leaf.source})", style="dim")


def _marked(snippet: Snippet, style: str = "") -> Text:
    """Return text with its marks; what stands in the document is never markup."""
    text = Text(snippet.text.replace("\n", " "), style=style)
    for start, end in snippet.marks:
        text.stylize(MARK, start, end)
    text.plain = printable(text.plain)
    return text


def suggest(
    context: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help="What has been typed so far.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Suggest what a search may go on with: titles, speakers, topics and phrases."""
    suggestions = state_of(context).library.suggest(" ".join(words))
    if as_json:
        say_json([asdict(suggestion) for suggestion in suggestions])
        return
    for suggestion in suggestions:
        about = f"  {suggestion.kind} {suggestion.id}".rstrip()
        out.print(Text(printable(suggestion.text)) + Text(printable(about), style="dim"))


def similar(
    context: typer.Context,
    item_id: Annotated[
        str, typer.Argument(metavar="ID", help="The item's id, as search prints it.")
    ],
    leaf: Annotated[
        int | None,
        typer.Option("--leaf", metavar="N", help="Like this slide or page of its first file."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List items like one item, or like one slide of it, and the telling words they share."""
    alike = state_of(context).library.similar(item_id, leaf)
    if as_json:
        say_json(
            [
                {"id": s.item.id, "title": s.item.title, "score": s.score, "shared": list(s.shared)}
                for s in alike
            ]
        )
        return
    for like in alike:
        out.print(Text(printable(like.item.title), style="bold"))
        shared = ", ".join(like.shared)
        out.print(Text(printable(f"   {like.item.id}   {shared}"), style="dim"))
    if not alike:
        out.print("Nothing here is like it.")


def show(
    context: typer.Context,
    item_id: Annotated[
        str, typer.Argument(metavar="ID", help="The item's id, as search prints it.")
    ],
    leaves: Annotated[
        bool,
        typer.Option(
            "--leaves", help="Show the text of every slide too, and what it was read from."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one item: its record, its files and, with --leaves, where its words come from."""
    state = state_of(context)
    catalogue = state.library.catalogue()
    item = catalogue.item(item_id)
    read, withheld = _read(state, item) if leaves else [], catalogue.withheld(item)
    if as_json:
        content: dict[str, object] = item.model_dump(mode="json", exclude_none=True)
        content["digest"] = state.library.store.digest(f"{item.id}/item.yaml")
        if leaves:
            content["leaves"] = [
                _leaf_json(asset, e, leaf, withheld) for asset, e in read for leaf in e.leaves
            ]
        say_json(content)
        return
    _print_item(item, catalogue)
    for asset, extraction in read:
        _print_extraction(asset, extraction, withheld)


def _is_withheld(leaf: Leaf, part: Part, withheld: frozenset[WordSource]) -> bool:
    """Test whether readers do not get a part of a leaf."""
    from coproarchive.extract.base import without_withheld

    public = without_withheld(leaf, withheld)
    return public is None or part not in public.parts


def _read(state: CliState, item: Item) -> list[tuple[Asset, Extraction]]:
    """Return the text of the item's files, read now where it is not known."""
    library = state.library
    return [
        (a, library.reader.read(library.store.asset_path(item.id, a.path), a.sha256, a.media_type))
        for a in item.assets
    ]


def _print_item(item: Item, catalogue: Catalogue) -> None:
    people = "; ".join(f"{catalogue.person_name(c.person)} ({c.role.value})" for c in item.people)
    rows = {
        "kind": item.kind.value,
        "seminar": catalogue.seminar_title(item.seminar) if item.seminar else "",
        "people": people,
        "date": catalogue.item_date(item) or "",
        "topics": ", ".join(catalogue.topic_label(t) for t in item.topics),
        "visibility": item.visibility.value,
        "rights": item.rights or "",
        "licence": item.licence or "",
        "prepared by": item.prepared_by or "",
        "source": item.source or "",
    }
    out.print(Text(printable(item.title), style="bold"))
    for name, value in rows.items():
        if value:
            out.print(Text(f"{name}: ", style="dim") + Text(printable(value)))
    if item.withdrawn:
        out.print(Text(f"withdrawn {item.withdrawn.date}: {item.withdrawn.reason}", style="red"))
    if item.abstract:
        out.print(Text(printable(item.abstract)))
    for asset in item.assets:
        size = f"{asset.size:,} bytes"
        out.print(Text(f"file: {printable(asset.path)}  {asset.role.value}  {size}"))
    for link in item.held_at:
        out.print(Text(f"held at: {printable(link.label)}  {link.url}"))


def _print_extraction(
    asset: Asset, extraction: Extraction, withheld: frozenset[WordSource]
) -> None:
    reader = extraction.extractor or "not read"
    out.print(Text(f"\n{printable(asset.path)}  (read by {reader})", style="bold"))
    for notice in extraction.notices:
        out.print(Text(printable(f"{notice.severity.value}: {notice.message}"), style="yellow"))
    for leaf in extraction.leaves:
        label = f" [{leaf.label}]" if leaf.label else ""
        hidden = " (hidden by its author)" if leaf.hidden else ""
        heading = f"\n{leaf.kind} {leaf.number}{label}{hidden}  {leaf.title}"
        out.print(Text(printable(heading), style="cyan"))
        for part in leaf.parts:
            sure = f" ({part.confidence:.0%} sure)" if part.confidence is not None else ""
            private = ", not public" if _is_withheld(leaf, part, withheld) else ""
            source = Text(f"{part.source.value}{sure}{private}: ", style="dim")
            out.print(Text(" " * 2) + source + Text(printable(part.text)))


def _leaf_json(
    asset: Asset, extraction: Extraction, leaf: Leaf, withheld: frozenset[WordSource]
) -> dict[str, object]:
    return {
        "asset": asset.path,
        "extractor": extraction.extractor,
        "number": leaf.number,
        "kind": leaf.kind,
        "label": leaf.label,
        "title": leaf.title,
        "hidden": leaf.hidden,
        "start": leaf.start,
        "parts": [
            {
                "source": p.source.value,
                "text": p.text,
                "confidence": p.confidence,
                "withheld": _is_withheld(leaf, p, withheld),
            }
            for p in leaf.parts
        ],
    }
