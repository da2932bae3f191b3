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
