"""Diffs of fields as people read them."""

from __future__ import annotations

from coproarchive.desk.diffs import DiffPiece, field_diffs, text_diff
from coproarchive.store.changes import Fields

NAMES = {("person", "ada-baker"): "Ada Baker", ("topic", "rye"): "Rye"}


def name_of(noun: str, key: str) -> str:
    return NAMES.get((noun, key), key)


def marked(pieces: tuple[DiffPiece, ...]) -> str:
    return "".join(f"[{p.text}]" if p.is_changed else p.text for p in pieces)


def test_words_that_changed_are_marked_with_what_lies_between_them() -> None:
    before, after = text_diff("Why rye, and when", "Why white oats, and when")
    assert (marked(before), marked(after)) == ("Why [rye], and when", "Why [white oats], and when")
    before, after = text_diff("", "New")
    assert (before, marked(after)) == ((), "New")


def test_long_texts_are_compared_by_lines() -> None:
    """In a moment, however long they are."""
    lines = [f"Line {n} of a long description\n" for n in range(3000)]
    before, after = text_diff("".join(lines), "".join([*lines[:-1], "The end"]))
    assert marked(before).endswith("[Line 2999 of a long description\n]")
    assert marked(after).endswith("[The end]")


def test_values_are_told_in_words() -> None:
    before: Fields = {
        "people": [{"person": "ada-baker", "role": "keynote"}, {"person": "zoe"}],
        "topics": ["rye"],
        "assets": [{"path": "a.pdf", "size": "1200", "sha256": "ab" * 32, "title": "Slides"}],
    }
    after: Fields = {
        "people": [{"person": "zoe"}],
        "withdrawn": {"date": "2026-11-29", "reason": "Asked for."},
        "programme": [{"start": "10:00", "end": "10:30", "title": "Loaves",
                       "people": [{"person": "ada-baker"}]}],
    }  # fmt: skip
    diffs = {d.field: ("".join(p.text for p in d.before), "".join(p.text for p in d.after))
             for d in field_diffs(before, after, name_of)}  # fmt: skip
    assert diffs == {
        "people": ("Ada Baker (keynote)\nzoe", "zoe"),
        "topics": ("Rye", ""),
        "assets": ("a.pdf (1,200 bytes, checksum abababababab, title Slides)", ""),
        "withdrawn": ("", "date: 2026-11-29\nreason: Asked for."),
        "programme": ("", "10:00–10:30 · Loaves · Ada Baker"),
    }
