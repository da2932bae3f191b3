"""What commands take, in sentences: options that several have, and those of the long ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from coproarchive.vocabulary import Kind, Role, WordSource

DATE_FORMS = "as 2017, 2017-07 or 2017-07-06: no more of it than is known"

JsonOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print the result as JSON, for a program to read, and show no progress."
    ),
]

ItemArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The item's id, as search prints it.")
]
WhyOption = Annotated[
    str, typer.Option("--why", metavar="TEXT", help="Why, for the history: a few words.")
]

# ---------------------------------------------------------------------- review

ConfirmOption = Annotated[
    list[int] | None,
    typer.Option(
        "--confirm",
        metavar="NUMBER",
        help="Say that this guess is right, by its number in the list.",
    ),
]
ConfirmAllOption = Annotated[
    bool, typer.Option("--confirm-all", help="Say that all guesses in the list are right.")
]

# ------------------------------------------------------------------------- add

FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE",
        help="The files of one talk: deck, PDF, handout, captions. They are copied; your own stay "
        "where they are.",
    ),
]
SeminarOption = Annotated[
    str | None,
    typer.Option(
        metavar="ID", help="The seminar it belongs to, by its id; to make one: coproarchive seminar"
    ),
]
TitleOption = Annotated[
    str | None, typer.Option(help="Its title. Without this, what the file itself says.")
]
KindOption = Annotated[
    Kind | None, typer.Option(help="What it is. Without this, proposed from the kind of file.")
]
SpeakerOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ID_OR_NAME",
        help="Who gave it, by name or id; give it again for a second one. A new name is added to "
        "people.yaml.",
    ),
]
RoleOption = Annotated[Role | None, typer.Option(help="What the people named by --speaker did.")]
TopicOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ID", help="A topic of topics.yaml, by its id; give it again for a second one."
    ),
]
DateOption = Annotated[str | None, typer.Option(help=f"When it was given, {DATE_FORMS}.")]
AbstractOption = Annotated[
    str | None, typer.Option(help="What it is about, in a few sentences: shown and searched.")
]
ReleaseOption = Annotated[
    list[WordSource] | None,
    typer.Option(
        help="Make words public that are withheld else: speaker notes, comments, hidden slides. "
        "Give it again for a second kind."
    ),
]
RecursiveOption = Annotated[
    bool,
    typer.Option(
        "--recursive",
        help="FILE is a folder: make an item of each deck or PDF in it and below. Safe to run "
        "again: what the archive has is passed over.",
    ),
]
DryAddOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what the files would tell of people (notes, addresses, telephone numbers), and "
        "add nothing. With --recursive: show the table of items that the folder would become.",
    ),
]
IncomingOption = Annotated[
    bool,
    typer.Option(
        "--incoming",
        help="Add all that lies in the incoming folder (the setting `incoming`), described as with "
        "--describe, and take it out of there. What is still being copied, or cannot be added, "
        "stays, and why is said.",
    ),
]
DescribeOption = Annotated[
    bool,
    typer.Option(
        "--describe",
        help="Fill in title, people, date and topics of each item from slides, names of files and "
        "folders, and tables, BibTeX and READMEs beside them. What is written is marked as a "
        "guess; look through them with: coproarchive review",
    ),
]
ConfidenceOption = Annotated[
    float | None,
    typer.Option(
        "--confidence",
        min=0.0,
        max=1.0,
        help="With --describe: how sure (0 to 1) a guess has to be, to be written. Without this, "
        "0.7.",
    ),
]
SeminarFromOption = Annotated[
    Literal["folder"] | None,
    typer.Option(
        "--seminar-from",
        metavar="folder",
        help="With --describe: the folder that files lie in becomes their seminar.",
    ),
]
PlanCsvOption = Annotated[
    bool,
    typer.Option(
        "--csv",
        help="With --recursive --dry-run: print the table as CSV. Corrected, and saved as "
        "talks.csv in the folder, it is what --describe goes by.",
    ),
]

# ---------------------------------------------------------------------- search

OfSeminarOption = Annotated[
    list[str] | None, typer.Option("--seminar", metavar="ID", help="Only of this seminar.")
]
BySpeakerOption = Annotated[
    list[str] | None,
    typer.Option("--speaker", metavar="ID", help="Only by this person: ada-baker."),
]
AboutTopicOption = Annotated[
    list[str] | None, typer.Option("--topic", metavar="ID", help="Only about this topic.")
]
OfKindOption = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only presentation, post, video, ..."),
]
OfYearOption = Annotated[
    list[str] | None, typer.Option("--year", metavar="YEAR", help="Only of this year.")
]
AfterOption = Annotated[
    str, typer.Option(metavar="DATE", help="Only from this day, month or year on: 2017-07.")
]
BeforeOption = Annotated[
    str, typer.Option(metavar="DATE", help="Only up to this day, month or year.")
]
SortOption = Annotated[
    str, typer.Option(help="What comes first: relevance, date (the newest) or title.")
]
ExactOption = Annotated[
    bool,
    typer.Option("--exact", help="Only the words as typed: no other endings, no synonyms."),
]
ExplainOption = Annotated[
    bool,
    typer.Option("--explain", help="Say of each result in which places the words stand."),
]

# ------------------------------------------------------------ import wordpress

HIDDEN = ("private", "draft", "password", "trash", "e-mail")
"""The same as wordpress.source.INCLUDES, for --help to say without importing the importer."""

BlogArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="What to bring: files that WordPress exported (.xml, .xml.gz), the blog's address, or "
        "its saved pages.",
    ),
]
MediaOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="A folder with the blog's files (wp-content/uploads), however it is arranged.",
    ),
]
DownloadOption = Annotated[
    bool,
    typer.Option(
        "--download", help="Fetch files of the blog that are not at hand; else they are only named."
    ),
]
IncludeOption = Annotated[
    list[str] | None,
    typer.Option(metavar="WHAT", help=f"Bring these too, as hidden items: {', '.join(HIDDEN)}."),
]
TagsOption = Annotated[
    bool,
    typer.Option(
        "--topics/--no-topics",
        help="Whether a tag that no rule turns into something else becomes a topic.",
    ),
]
PrivateAddressesOption = Annotated[
    bool,
    typer.Option(
        "--allow-private-addresses",
        help="Fetch from addresses of this machine and its network too; else they are refused.",
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Save the whole report there: .md for reading, .json for a program."
    ),
]
