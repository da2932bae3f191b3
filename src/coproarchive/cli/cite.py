"""`cite`: references to talks and slides, for a text or for a reference manager."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from coproarchive.cli.console import err, out, printable
from coproarchive.cli.context import state_of


class StyleChoice(StrEnum):
    """The keys of csl.STYLES, for --help to say without importing the processor."""

    APA = "apa"
    HARVARD = "harvard"
    MLA = "mla"
    CHICAGO = "chicago"


class FormatChoice(StrEnum):
    """Text, and the keys of formats.FORMATS."""

    TEXT = "text"
    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("cite")(cite)


def cite(
    context: typer.Context,
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="ID[#slide-N]",
            help="A talk or post by its id, or one slide, page, section or cue of it; or the "
            "address of its page. Give several for a list.",
        ),
    ],
    style: Annotated[StyleChoice, typer.Option(help="How a text cites it.")] = StyleChoice.APA,
    file_format: Annotated[
        FormatChoice, typer.Option("--format", help="Text, or what reference managers read.")
    ] = FormatChoice.TEXT,
    locale: Annotated[
        str, typer.Option(metavar="TAG", help="Language of the style's own words: en-GB, de-DE.")
    ] = "en-GB",
) -> None:
    """Cite talks and single slides, in a style or as a file for a reference manager.

    Of a text, the first line is for the list of references, the second for the running text.
    """
    from coproarchive.publish.citing import reference_at
    from coproarchive.publish.formats import FORMATS

    library = state_of(context).library
    references = [reference_at(library, place) for place in places]
    if not library.public().series.address:
        err.print("The archive has no address of its own: add one to archive.yaml.")
    if file_format is not FormatChoice.TEXT:
        sys.stdout.write(FORMATS[file_format].write(references))
        return
    from datetime import date

    from coproarchive.publish.csl import styled

    for reference in references:
        text = styled(reference, style.value, locale=locale, accessed=date.today())
        out.print(printable(text.entry), markup=False, highlight=False, soft_wrap=True)
        out.print(printable(text.in_text), markup=False, highlight=False, soft_wrap=True)
