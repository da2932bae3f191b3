"""Citations as text by the Citation Style Language (CSL 1.0.2), with the styles in publish/styles.

The styles are shipped as their authors wrote them. CSL's list of locators has no slide, so a slide
is given to them as a "figure", and a locale that stands before theirs calls that one "slide".
"""

from __future__ import annotations

import datetime
import re
import threading
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from citeproc import (
    Citation,
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
    formatter,
)
from citeproc.source import Locator as CslLocator
from citeproc.source.json import CiteProcJSON
from lxml import etree

from coproarchive.publish.csl_json import csl_item
from coproarchive.publish.reference import Reference, date_parts

LOCALE = "en-GB"
_LANGUAGES = frozenset(
    "af ar bg ca cs cy da de el en es et eu fa fi fr gl he hi hr hu id is it ja ko lt lv nb nl nn "
    "pl pt ro ru sk sl sr sv th tr uk vi zh".split()
)
"""Primary languages of BCP 47 that CSL's locales have; the words of others are English."""
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
"""Of a locale, which readers write into addresses and the processor into an XPath."""
_SLIDE = {
    "cs": "snímek", "cy": "sleid", "da": "dias", "de": "Folie", "es": "diapositiva", "fi": "dia",
    "fr": "diapositive", "it": "diapositiva", "nb": "lysbilde", "nl": "dia", "nn": "lysbilete",
    "pl": "slajd", "pt": "diapositivo", "sv": "bild",
}  # fmt: skip
"""What CSL's locales have no word for; "slide" in other languages."""
_LABELS = {"slide": "figure", "page": "page", "section": "section", "cue": "timestamp"}
"""Kind of leaf -> type of CSL's locator."""
_SPACE = "http://purl.org/net/xbiblio/csl"
_TITLE = {
    False: f'<text xmlns="{_SPACE}" variable="title"/>',
    True: f'<text xmlns="{_SPACE}" variable="title" quotes="true"/>',
}
"""Whether a title is in quotes -> the element of a style that writes it."""


class CitationStyle(NamedTuple):
    """A style.

    Attributes:
        label: its name for readers.
        file: in publish/styles.
        quotes_titles: whether the title of a talk is in quotes.
        dates_event: whether the date of a talk is that of its event.
    """

    label: str
    file: str
    quotes_titles: bool = True
    dates_event: bool = False


STYLES: dict[str, CitationStyle] = {
    "apa": CitationStyle("APA", "apa.csl", quotes_titles=False),
    "harvard": CitationStyle("Harvard", "harvard-cite-them-right.csl"),
    "mla": CitationStyle("MLA", "modern-language-association.csl", dates_event=True),
    "chicago": CitationStyle("Chicago", "chicago-author-date.csl"),
}
"""Name in commands and addresses -> the style."""


class StyledCitation(NamedTuple):
    """A citation in a style.

    Attributes:
        entry: for a list of references.
        in_text: for the running text, with the slide.
    """

    entry: str
    in_text: str


def styled(
    reference: Reference,
    style: str,
    *,
    locale: str = LOCALE,
    accessed: datetime.date | None = None,
) -> StyledCitation:
    """Return a reference in a style.

    Args:
        reference: what is cited.
        style: a key of STYLES.
        locale: language of the style's own words, BCP 47; English ones where it has none.
        accessed: when it was read, for styles that say so.
    """
    has_words = _LOCALE.fullmatch(locale) and _primary(locale) in _LANGUAGES
    return _styled(reference, style, locale if has_words else LOCALE, accessed)


def _primary(locale: str) -> str:
    return locale.partition("-")[0].lower()


# The processor keeps what it renders in the style's tree: one thread at a time.
_processing = threading.Lock()


@lru_cache(maxsize=2_000)
def _styled(
    reference: Reference, style: str, locale: str, accessed: datetime.date | None
) -> StyledCitation:
    item = _processed(reference, STYLES[style], accessed)
    place = reference.locator
    located = {"locator": CslLocator(_LABELS[place.kind], place.label)} if place else {}
    with _processing:
        loaded = _style(style, locale)
        source = CiteProcJSON([item])
        citation = Citation([CitationItem(reference.id, **located)])
        in_text = CitationStylesBibliography(loaded, source, formatter.plain)
        in_text.register(citation)
        cited = str(in_text.cite(citation, lambda _: None))
        listed = CitationStylesBibliography(loaded, source, formatter.plain)
        listed.register(Citation([CitationItem(reference.id)]))
        entry = str(listed.bibliography()[0])
    return StyledCitation(" ".join(entry.split()), " ".join(cited.split()))


def _processed(
    reference: Reference, style: CitationStyle, accessed: datetime.date | None
) -> dict[str, Any]:
    """Return a reference as citeproc-py 0.11 takes it."""
    item = csl_item(reference)
    # The place is told with the citation; of two dates styles would write both.
    for name in ("locator", "note", "abstract", "event-date"):
        item.pop(name, None)
    if "event-title" in item:
        item["event"] = item.pop("event-title")  # as CSL 1.0.1 called it
    if reference.issued:
        # The processor ends at an interval where a style writes parts of the date by themselves.
        item["issued"] = {"date-parts": date_parts(reference.issued)[:1]}
        if style.dates_event and item["type"] == "speech":
            item["event-date"] = item["issued"]
    if accessed is not None:
        item["accessed"] = {"date-parts": date_parts(accessed.isoformat())}
    return item


@lru_cache(maxsize=32)
def _style(name: str, locale: str) -> Any:
    """Load a style, with the words of a locale."""
    path = files("coproarchive.publish").joinpath("styles", STYLES[name].file)
    with path.open("rb") as file:
        style = CitationStylesStyle(file, locale=locale, validate=False)
    _spell_out(style, STYLES[name].quotes_titles)
    word = _SLIDE.get(_primary(locale), "slide")
    forms = "".join(f'<term name="figure"{form}>{word}</term>' for form in ("", ' form="short"'))
    xml = f'<locale xmlns="{_SPACE}" version="1.0"><terms>{forms}</terms></locale>'
    words = etree.fromstring(xml, style.parser)
    words.style = style.root
    style.root.locales.insert(0, words)
    return style


def _spell_out(style: CitationStylesStyle, quotes_titles: bool) -> None:
    """Rewrite what citeproc-py 0.11 does not know into what it does, with the same meaning.

    It ignores `initialize="false"` and `disambiguate="true"`, and writes a title that stands in for
    missing authors a second time where a macro writes it. So initials are asked for at each name,
    not for all; what is for ambiguous citations is taken out, since one that stands alone never is;
    and titles stand in as themselves.
    """
    root = style.root
    initials = root.attrib.pop("initialize-with", None)
    for name in root.iter(f"{{{_SPACE}}}name"):
        if name.get("initialize") == "false":
            name.attrib.pop("initialize-with", None)
        elif initials is not None and name.get("initialize-with") is None:
            name.set("initialize-with", initials)
    for branch in list(root.xpath(".//*[@disambiguate='true']")):
        branch.getparent().remove(branch)
    of_authors = "cs:names[@variable='author'] or parent::cs:names[@variable='author']"
    is_long = "not(parent::cs:names/cs:name[@form='short'])"
    for substitute in root.xpath_search(f".//cs:substitute[{of_authors}][{is_long}]"):
        for child in list(substitute):
            if child.get("variable") != "author":  # nobody else is named in our references
                substitute.remove(child)
        substitute.append(etree.fromstring(_TITLE[quotes_titles], style.parser))
