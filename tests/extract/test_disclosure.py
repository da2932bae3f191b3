"""What a file would tell of people, found in its words."""

from __future__ import annotations

import time

import pytest

from coproarchive.extract.base import Extraction
from coproarchive.extract.disclosure import disclosure_of
from coproarchive.model import Leaf, Part, Source, WordSource

ALL = frozenset({WordSource.NOTES, WordSource.COMMENTS, WordSource.HIDDEN_SLIDES})


def deck(*slides: tuple[Source, str]) -> Extraction:
    """A deck with a part on each slide."""
    return Extraction(
        tuple(Leaf(n, "slide", "", (Part(*slide),)) for n, slide in enumerate(slides, start=1))
    )


@pytest.mark.parametrize(
    "text",
    [
        "+44 113 496 0000", "+441134960000", "Tel. 0113 496 0000", "(0113) 496 0000",
        "07700 900123", "+1 (202) 555-0143", "(202) 555-0143", "202-555-0143",
        "Ring 030/1234567 or", "01632-960-001",
        "+49 (0)30 1234567",
    ],
)  # fmt: skip
def test_telephone_numbers_are_seen(text: str) -> None:
    """As people write them, numbers for use in fiction among them."""
    assert disclosure_of(deck((Source.TEXT, f"{text}.")), ALL).telephones == (1,)


@pytest.mark.parametrize(
    "text",
    [
        "2017-07-06", "1998-2004", "06.07.2017", "6 July 2017 10:00", "ISBN 0-19-853453-1",
        "ORCID 0000-0002-1825-0097", "0000-0002-1825-0097", "1,234,567", "0.123456789",
        "£12 000 000",
        "doi:10.1177/0123456789", "https://example.org/0123456789", "12345678",
        "0 1 2 3 4 5 6 7 8 9",
        "2017/2018 2018/2019", "page 012",
    ],
)  # fmt: skip
def test_other_numbers_are_not(text: str) -> None:
    """Dates, sums, ISBN, ORCID, addresses of pages."""
    assert disclosure_of(deck((Source.TEXT, text)), ALL).telephones == ()


def test_what_is_public_and_what_is_not_is_told_apart() -> None:
    """Where the words stand, not what they are: a report is shown to others too."""
    leaves = deck(
        (Source.NOTES, "Call +44 113 496 0000"),
        (Source.COMMENT, "Ada: no"),
        (Source.TEXT, "ada.baker@example.org"),
        *[(Source.TEXT, "07700 900123")] * 12,
    ).leaves
    extraction = Extraction((*leaves, Leaf(16, "slide", "x@example.org", hidden=True)))
    found = disclosure_of(extraction, ALL)
    assert found.sentences == [
        "Everybody can read: e-mail addresses on slide 3; telephone numbers on slides "
        "4, 5, 6, 7, 8, 9, 10, 11 and 4 more.",
        "Not public: speaker's notes on slide 1; comments on slide 2; words that the author hid "
        "on slide 16.",
    ]
    released = disclosure_of(extraction, frozenset())
    assert (released.telephones[0], released.addresses) == (1, (3, 16))
    assert len(released.sentences) == 1


def test_a_file_that_tells_nothing_is_nothing() -> None:
    """No sentence about it."""
    assert not disclosure_of(deck((Source.TEXT, "Bread")), ALL)
    assert disclosure_of(Extraction(), ALL).sentences == []


@pytest.mark.parametrize("text", ["0" * 200_000, "a@" * 100_000, "0-" * 100_000, "a." * 100_000])
def test_hostile_text_takes_no_time(text: str) -> None:
    """Patterns without nested repetition."""
    started = time.monotonic()
    disclosure_of(deck((Source.TEXT, text)), ALL)
    assert time.monotonic() - started < 5
