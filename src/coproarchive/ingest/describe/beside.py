"""What stands beside the files of a folder: tables (CSV), bibliographies (BibTeX), READMEs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from coproarchive.ingest.describe.dates import find_dates
from coproarchive.ingest.describe.titles import likeness

MAX_BYTES = 2 * 1024**2
"""Bytes of a table, bibliography or README that is read."""
MAX_ROWS = 20_000
SAME_TITLE = 90.0
"""Likeness (0..100) from which an entry without a file's name is of a file."""

_COLUMNS = {
    "file": (
        "file", "filename", "file name", "path", "files", "datei", "fichier", "archivo", "slides",
    ),
    "title": ("title", "talk", "talk title", "name", "titel", "titre", "título", "titolo"),
    "speakers": (
        "speakers", "speaker", "people", "author", "authors", "presenter", "presenters", "names",
        "referent", "referenten", "intervenant", "ponente", "speaker(s)", "author(s)",
    ),
    "date": ("date", "day", "when", "datum", "fecha", "data"),
    "topics": ("topics", "topic", "tags", "keywords", "themen", "thèmes", "temas"),
    "seminar": (
        "seminar", "event", "conference", "workshop", "series", "meeting", "venue", "booktitle",
    ),
}  # fmt: skip
_LINKED = re.compile(r"\[(?P<text>[^\]\n]{1,300})\]\((?P<target>[^)\s]{1,500})[^)\n]*\)")
_PLAIN = re.compile(
    r"^\s*(?:slides?|deck|pdf|pptx?|html|video|here|link|download|presentation|notes|handout|github|"
    r"code|source|recording|folien|\W|\d)+\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ListedTalk:
    """What is said of one file somewhere beside it; "" and () where nothing is.

    Attributes:
        title, speakers, seminar: as written there.
        date: EDTF.
        topics: ids or labels.
        place: the file that says so.
        line: the words it was read from.
        confidence: 0..1, of every value.
    """

    title: str = ""
    speakers: tuple[str, ...] = ()
    date: str = ""
    seminar: str = ""
    topics: tuple[str, ...] = ()
    place: str = ""
    line: str = ""
    confidence: float = 0.9


@dataclass
class Entries:
    """Entries of a folder, by the files they name, and those that name none."""

    by_file: dict[str, list[ListedTalk]] = field(default_factory=dict)
    unbound: list[ListedTalk] = field(default_factory=list)

    def of(self, path: str, titles: Iterable[str]) -> list[ListedTalk]:
        """Return entries of a file: those that name it, else the one with its title.

        Args:
            path: of the file below the folder, with "/".
            titles: what the file seems to be called.
        """
        named = self.by_file.get(path) or self.by_file.get(path.rpartition("/")[2])
        if named:
            return named
        long = [title for title in titles if len(title) > 8]
        return [
            entry
            for entry in self.unbound
            if any(likeness(entry.title, title) >= SAME_TITLE for title in long)
        ][:1]


def entries_beside(folder: Path, paths: Iterable[Path]) -> Entries:
    """Read the tables, bibliographies and READMEs among a folder's files.

    What cannot be read says nothing.

    Args:
        folder: to which the files' paths are made relative.
        paths: all files of the folder.
    """
    entries = Entries()
    for path in sorted(paths):
        reader = _reader_of(path)
        if reader is None:
            continue
        try:
            if path.is_symlink() or path.stat().st_size > MAX_BYTES:
                continue
            text = path.read_bytes().decode("utf-8-sig", "replace")
        except OSError:
            continue
        place = path.relative_to(folder).as_posix()
        for named, entry in reader(text, place):
            if not named:
                entries.unbound.append(entry)
                continue
            name = _joined(place, named)
            for key in dict.fromkeys((name, name.rpartition("/")[2])):
                entries.by_file.setdefault(key, []).append(entry)
    return entries


_ListReader = Callable[[str, str], Iterator[tuple[str, ListedTalk]]]
"""Reads a text, and is given its place; yields the file that each entry names, "" for none."""


def _reader_of(path: Path) -> _ListReader | None:
    if path.suffix.lower() in (".csv", ".tsv"):
        return _rows
    if path.suffix.lower() == ".bib":
        return _bibliography
    if path.stem.lower() in ("readme", "index", "talks") and path.suffix.lower() in (
        ".md",
        ".markdown",
    ):
        return _readme
    return None


def _joined(place: str, named: str) -> str:
    """Return a name as a path below the folder, whatever is before it in the address."""
    named = unquote(named.partition("?")[0].partition("#")[0]).replace("\\", "/")
    named = re.sub(r"^https?://[^/]+/", "", named)
    parts: list[str] = []
    for part in (*PurePosixPath(place).parent.parts, *PurePosixPath(named).parts):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", "..", "/"):
            parts.append(part)
    return "/".join(parts)


def _rows(text: str, place: str) -> Iterator[tuple[str, ListedTalk]]:
    """Read a table whose first row names its columns."""
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:5_000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = csv.reader(io.StringIO(text, newline=""), dialect)
    try:
        columns = _columns(next(rows, []))
        if "title" not in columns and "speakers" not in columns:
            return
        for _, row in zip(range(MAX_ROWS), rows, strict=False):
            cells = {n: row[at].strip() if at < len(row) else "" for n, at in columns.items()}
            yield cells.get("file", ""), _entry(cells, place, " | ".join(row)[:300], 0.95)
    except csv.Error:
        return


def _columns(head: list[str]) -> dict[str, int]:
    named = [cell.strip().casefold() for cell in head]
    return {
        column: next(at for at, cell in enumerate(named) if cell in names)
        for column, names in _COLUMNS.items()
        if any(cell in names for cell in named)
    }


def _entry(cells: Mapping[str, str], place: str, line: str, confidence: float) -> ListedTalk:
    dates = find_dates(cells.get("date", ""))
    speakers = re.split(r"\s*(?:;|\||\band\b|&)\s*", cells.get("speakers", ""))
    topics = re.split(r"\s*[;|]\s*", cells.get("topics", ""))
    return ListedTalk(
        cells.get("title", "")[:300],
        tuple(speaker for speaker in speakers if speaker),
        dates[0].value if dates else "",
        cells.get("seminar", "")[:300],
        tuple(topic for topic in topics if topic),
        place,
        line,
        confidence,
    )


def _bibliography(text: str, place: str) -> Iterator[tuple[str, ListedTalk]]:
    """Read BibTeX: an entry names its file by `file`, `url` or `pdf`, or is found by its title."""
    from pybtex.database import parse_string  # noqa: PLC0415 - seldom
    from pybtex.exceptions import PybtexError  # noqa: PLC0415

    try:
        entries = parse_string(text, "bibtex").entries.values()
    except (PybtexError, ValueError, KeyError, IndexError, RecursionError):
        return
    for _, entry in zip(range(MAX_ROWS), entries, strict=False):
        fields = {key.lower(): re.sub(r"[{}]", "", value) for key, value in entry.fields.items()}
        people = [
            " ".join((*p.first_names, *p.middle_names, *p.prelast_names, *p.last_names))
            for p in entry.persons.get("author", ())
        ]
        date = fields.get("date") or " ".join(
            filter(None, (fields.get("month"), fields.get("year")))
        )
        cells = {
            "title": fields.get("title", ""),
            "speakers": ";".join(re.sub(r"[{}]", "", name) for name in people),
            "date": date,
            "seminar": fields.get("booktitle") or fields.get("eventtitle") or "",
        }
        named = fields.get("file") or fields.get("pdf") or fields.get("url") or ""
        named = re.sub(r"^:|:(?:pdf|application/pdf|PDF)$", "", named)
        is_file = bool(re.search(r"\.(?:pdf|pptx?|odp|key|html?|md)$", named, re.IGNORECASE))
        yield named if is_file else "", _entry(cells, place, fields.get("title", "")[:300], 0.9)


def _readme(text: str, place: str) -> Iterator[tuple[str, ListedTalk]]:
    """Read lines that link to a file: the link's words are its title, unless they are "Slides"."""
    for line in text.splitlines()[:5_000]:
        links = [m for m in _LINKED.finditer(line[:2_000]) if "." in m["target"]]
        for link in links:
            if not re.search(r"\.(?:pdf|pptx?|odp|key|html?|md)(?:[?#].*)?$", link["target"], re.I):
                continue
            text_of_line = re.sub(r"[*_`]+", "", _LINKED.sub(lambda m: m["text"], line)).strip(
                " #>-*|"
            )
            title = "" if _PLAIN.match(link["text"]) else re.sub(r"[*_`]+", "", link["text"])
            dates = find_dates(text_of_line)
            yield (
                link["target"],
                ListedTalk(
                    title=title.strip()[:300],
                    date=dates[0].value if len(dates) == 1 else "",
                    place=place,
                    line=text_of_line[:300],
                    confidence=0.7,
                ),
            )
