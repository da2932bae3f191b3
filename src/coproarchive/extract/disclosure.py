"""What a file would tell of people: notes, comments, hidden slides, and how to reach somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from coproarchive.extract.base import WITHHELD_WITH, Extraction, listed, without_withheld
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import WordSource

SHOWN_PLACES = 8
"""Slides named in a sentence; how many more there are is said."""

_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_SEPARATED = r"(?:[ .\-/\u00a0\u2010\u2011]{0,2}\(?\d\)?)"
_TELEPHONE = re.compile(
    rf"(?<![\w.,/+@-])(?:\+\(?\d{_SEPARATED}{{7,14}}"  # international: +44 113 496 0000
    rf"|\(?0[1-9]{_SEPARATED}{{7,12}}"  # national: 0113 496 0000, (030) 12345678
    r"|\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}[-.]\d{3}[-.]\d{4})(?![\w@-])"  # North American
)
"""Numbers as people write them in ITU-T E.123's notations; a plain number without a + or a 0 before
it is none. So are ISBN, ORCID, dates and sums of money."""
_NO_TELEPHONE = re.compile(r"(?:ISBN|ISSN|ORCID|doi)[-:\s\w]{0,10}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What readers of a file's words find; each a set of leaves' numbers, in their order.

    Attributes:
        kind: what a leaf is called ("slide").
        notes, comments, hidden: leaves with speaker notes, with comments, and hidden ones.
        addresses, telephones: leaves with e-mail addresses and telephone numbers in words that are
            public.
        withheld: what of notes, comments and hidden slides is not public.
    """

    kind: str = "slide"
    notes: tuple[int, ...] = ()
    comments: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()
    addresses: tuple[int, ...] = ()
    telephones: tuple[int, ...] = ()
    withheld: frozenset[WordSource] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.notes or self.comments or self.hidden or self.addresses or self.telephones)

    @property
    def sources(self) -> list[WordSource]:
        """Sources of words that may be withheld and that the file has."""
        rows = (
            (WordSource.NOTES, self.notes),
            (WordSource.COMMENTS, self.comments),
            (WordSource.HIDDEN_SLIDES, self.hidden),
        )
        return [source for source, places in rows if places]

    @property
    def sentences(self) -> list[str]:
        """Say in sentences what is not public, and what everybody can read."""
        rows = (
            ("speaker's notes", self.notes, WordSource.NOTES),
            ("comments", self.comments, WordSource.COMMENTS),
            ("words that the author hid", self.hidden, WordSource.HIDDEN_SLIDES),
            ("e-mail addresses", self.addresses, None),
            ("telephone numbers", self.telephones, None),
        )
        clauses: dict[bool, list[str]] = {False: [], True: []}
        for words, places, source in rows:
            if places:
                clauses[source in self.withheld].append(f"{words} on {self._named(places)}")
        heads = {False: "Everybody can read: ", True: "Not public: "}
        return [f"{heads[key]}{'; '.join(clauses[key])}." for key in (False, True) if clauses[key]]

    def _named(self, places: tuple[int, ...]) -> str:
        plural = "s" if len(places) > 1 else ""
        return f"{self.kind}{plural} {listed(places, SHOWN_PLACES)}"


def disclosure_of(extraction: Extraction, withheld: frozenset[WordSource]) -> Disclosure:
    """Return what a file would tell, and what of it is withheld."""
    leaves = extraction.leaves

    def leaves_with(source: WordSource) -> tuple[int, ...]:
        return tuple(x.number for x in leaves
                     if any(WITHHELD_WITH.get(p.source) is source for p in x.parts))  # fmt: skip

    def public(pattern: re.Pattern[str]) -> tuple[int, ...]:
        return tuple(x.number for x in leaves if _has(pattern, _public_texts(x, withheld)))

    return Disclosure(
        leaves[0].kind if leaves else "slide",
        leaves_with(WordSource.NOTES),
        leaves_with(WordSource.COMMENTS),
        tuple(leaf.number for leaf in leaves if leaf.hidden),
        public(_EMAIL),
        public(_TELEPHONE),
        withheld,
    )


def _public_texts(leaf: Leaf, withheld: frozenset[WordSource]) -> Iterable[str]:
    public = without_withheld(leaf, withheld)
    return () if public is None else (public.title, *(part.text for part in public.parts))


def _has(pattern: re.Pattern[str], texts: Iterable[str]) -> bool:
    return any(
        pattern is _EMAIL
        or not _NO_TELEPHONE.search(text[max(0, match.start() - 20) : match.start()])
        for text in texts
        for match in pattern.finditer(text)
    )
