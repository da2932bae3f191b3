"""BibTeX, with the fields that biblatex adds (its manual, section 2.2); UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from coproarchive.publish.person_names import CitedName
from coproarchive.publish.reference import Reference, date_parts, one_line

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        # BibTeX counts braces behind a backslash, too: these names keep them in pairs.
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "$&#%_"},
    }
)
_LANGUAGES = {
    "cs": "czech", "cy": "welsh", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian",
    "nb": "norsk", "nl": "dutch", "nn": "nynorsk", "pl": "polish", "pt": "portuguese",
    "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""Primary language of BCP 47 -> babel's name, as biblatex wants it (its manual, table 2)."""
_ADDRESS_SIGNS = ":/?#[]@!$&'()*+,;=%~"


def to_bibtex(references: Iterable[Reference]) -> str:
    """Return one entry for each reference: @online for posts, @misc for what else there is."""
    return "\n".join(map(_entry, references))


def _entry(reference: Reference) -> str:
    kind = "online" if reference.kind == "post" else "misc"
    fields = "".join(f"  {name} = {value},\n" for name, value in _fields(reference))
    return f"@{kind}{{{reference.id},\n{fields}}}\n"


def _fields(reference: Reference) -> Iterable[tuple[str, str]]:
    if reference.authors:
        yield "author", "{" + " and ".join(map(_name, reference.authors)) + "}"
    yield "title", "{" + _with_capitals(one_line(reference.title)) + "}"
    yield from _date_fields(reference)
    event = ", ".join(filter(None, (reference.event_title, reference.event_place)))
    texts = {
        "howpublished": f"{reference.genre}, {event}" if event else reference.genre,
        "type": reference.genre,
        "eventtitle": reference.event_title,
        "venue": reference.event_place,
        "organization": reference.archive,
        "note": str(reference.locator).capitalize() if reference.locator else "",
    }
    yield from ((name, "{" + latex(text) + "}") for name, text in texts.items() if text)
    # A verbatim field: signs of LaTeX stay what they are, but braces would end it.
    yield "url", "{" + quote(one_line(reference.address), safe=_ADDRESS_SIGNS) + "}"
    more = {
        "langid": _LANGUAGES.get(reference.language.partition("-")[0], ""),
        "language": reference.language,
        "keywords": ", ".join(word.replace(",", " ") for word in reference.keywords),
        "abstract": reference.abstract,
        "copyright": reference.licence or reference.rights,
    }
    yield from ((name, "{" + latex(text) + "}") for name, text in more.items() if text)


def _date_fields(reference: Reference) -> Iterable[tuple[str, str]]:
    """Yield the date for biblatex (EDTF), and for BibTeX taken apart."""
    if not reference.issued:
        return
    parts = date_parts(reference.issued)[0]
    yield "date", "{" + reference.issued + "}"
    yield "year", "{" + f"{parts[0]:04}" + "}"
    if len(parts) > 1:
        yield "month", _MONTHS[parts[1] - 1]
    if len(parts) > 2:
        yield "day", "{" + str(parts[2]) + "}"


def latex(text: str) -> str:
    """Return a text in which no sign means anything to LaTeX or BibTeX."""
    return one_line(text).translate(_ESCAPES)


def _with_capitals(title: str) -> str:
    """Escape a title, with braces round words whose capitals are to stay.

    Styles of BibTeX put titles in lower case but for their first letter.
    """
    words = title.split(" ")
    return " ".join(
        "{" + latex(word) + "}" if _has_capital(word, n == 0) else latex(word)
        for n, word in enumerate(words)
    )


def _has_capital(word: str, is_first: bool) -> bool:
    letters = re.sub(r"^\W+", "", word)
    return any(c.isupper() for c in (letters[1:] if is_first else letters))


def _name(name: CitedName) -> str:
    """Return a name as BibTeX takes it apart: "van Dam, Jr., Ada"."""
    if name.literal:
        return "{" + latex(name.literal) + "}"
    family = _kept_whole(name.family_name, lower=True)
    pieces = (
        f"{latex(name.particle)} {family}".strip(),
        _kept_whole(name.suffix),
        _kept_whole(name.given_name),
    )
    return ", ".join(filter(None, pieces))


def _kept_whole(text: str, *, lower: bool = False) -> str:
    """Escape a part of a name, in braces where BibTeX would take it for more than one part.

    Args:
        lower: whether words in lower case before others would be taken for particles.
    """
    is_list = re.search(r",|\band\b", text, re.IGNORECASE) is not None
    is_cut = is_list or (lower and " " in text and text[:1].islower())
    return "{" + latex(text) + "}" if is_cut else latex(text)
