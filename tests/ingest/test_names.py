"""Tests of ingest/names.py: which two names are one person's."""

from __future__ import annotations

import pytest

from coproarchive.ingest.names import bare_name, name_key


@pytest.mark.parametrize(
    "name",
    [
        "Ada Baker, PhD",
        "Dr Ada Baker",
        "Baker, Ada",
        "Baker, Dr Ada",
        "Dame Ada Baker MBE",
        "Revd Ada Baker",
        "Emeritus Professor Ada Báker, OBE, FBA",
        "prof. ada baker",
    ],
)
def test_titles_letters_case_and_order_are_no_other_person(name: str) -> None:
    """Every way in which a programme writes a name has the key of the plain name."""
    assert name_key(name) == name_key("Ada Baker")


@pytest.mark.parametrize("name", ["Ada Bakker", "Ada B. Baker", "Anna Lord", "Baker", ""])
def test_other_names_are_other_persons(name: str) -> None:
    """A surname that is also a title stays a surname."""
    assert name_key(name) != name_key("Ada Baker")
    assert name_key("Anna Lord") != name_key("Anna")


def test_a_bare_name_is_written_as_before() -> None:
    """Titles and letters go; accents, case and order stay."""
    assert bare_name("Prof Zoë van der Berg, PhD, MBE") == "Zoë van der Berg"
