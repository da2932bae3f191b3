"""Clean text: what every reader's words become before they are kept."""

from __future__ import annotations

import pytest

from coproarchive.extract.text import clean, one_line


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Rye and wheat\nrise slowly", "Rye and wheat\nrise slowly"),
        ("  Rye   and \r\n wheat\r\rrise\vslowly\f", "Rye and\nwheat\n\nrise\nslowly"),
        ("Rye\tand\x00 wheat\x1c", "Rye and wheat"),
        ("Rye\u00a0and\u2003wheat \u2028rise", "Rye and wheat rise"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
        ("ﬁne ﬂour, co\u00adoperate", "fine flour, cooperate"),
        ("cafe\u0301 \ud800\ufffe\ufeff\ue000bread", "café bread"),
        ("\n \n", ""),
        ("日本語 と ελληνικά", "日本語 と ελληνικά"),
    ],
)
def test_text_is_clean_whatever_it_holds(given: str, expected: str) -> None:
    """The same from text that needs nothing, and nothing more is done to clean text."""
    assert clean(given) == expected
    assert clean(expected) == expected
    assert one_line(given) == " ".join(expected.split())


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u2060", "\ufeff", "\u200e", "\u202a", "\u2066", "\u180e"]
)
def test_what_has_no_width_does_not_split_a_word(unseen: str) -> None:
    """Editors put it where a line may break; readers do not see it."""
    assert clean(f"super{unseen}market and{unseen} bread") == "supermarket and bread"


def test_a_word_that_a_line_end_divided_has_a_soft_hyphen_and_others_none() -> None:
    """Authors' own soft hyphens are within one word."""
    assert (
        clean("know\u00adledge of well\ufffeknown \ufffe bread")
        == "knowledge of well\u00adknown bread"
    )
