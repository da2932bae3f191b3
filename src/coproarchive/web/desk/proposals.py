"""What is proposed beside a field: names that are there, languages, licences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from coproarchive.catalogue import Catalogue
from coproarchive.web.desk.form_fields import FormField
from coproarchive.web.desk.names import NameNoun, RecordNames

MOST_PROPOSED = 400
"""Names in a page; of more, a script asks for those that fit what was typed."""

LICENCES = (
    ("CC-BY-4.0", "Creative Commons: name the author"),
    ("CC-BY-SA-4.0", "Creative Commons: name the author, share alike"),
    ("CC-BY-NC-4.0", "Creative Commons: name the author, not for profit"),
    ("CC-BY-ND-4.0", "Creative Commons: name the author, change nothing"),
    ("CC-BY-NC-SA-4.0", "Creative Commons: name the author, not for profit, share alike"),
    ("CC-BY-NC-ND-4.0", "Creative Commons: name the author, not for profit, change nothing"),
    ("CC0-1.0", "Public domain, given by the author"),
)
"""SPDX identifiers of the licences that talks have, in words."""
LANGUAGES = (
    ("en-GB", "English, British"), ("en-US", "English, American"), ("en", "English"),
    ("cy", "Welsh"), ("ga", "Irish"), ("gd", "Scottish Gaelic"), ("de", "German"),
    ("fr", "French"), ("es", "Spanish"), ("it", "Italian"), ("nl", "Dutch"), ("da", "Danish"),
    ("nb", "Norwegian"), ("sv", "Swedish"), ("fi", "Finnish"), ("pl", "Polish"),
    ("pt", "Portuguese"), ("el", "Greek"), ("ru", "Russian"), ("uk", "Ukrainian"),
    ("ar", "Arabic"), ("he", "Hebrew"), ("zh", "Chinese"), ("ja", "Japanese"),
)  # fmt: skip
"""BCP 47 tags, in words."""

Proposal = tuple[str, str]
"""What is filled in, and a word about it; "" where it speaks for itself."""


def proposals(
    names: RecordNames, catalogue: Catalogue, fields: Iterable[FormField]
) -> dict[str, list[Proposal]]:
    """Return what a form's fields are proposed, by what they name; nothing of long lists."""
    wanted_lists = {f.noun or f.suggests for field in fields for f in (field, *field.columns)}
    proposed: dict[str, list[Proposal]] = {}
    nouns: tuple[NameNoun, ...] = ("person", "topic", "item")
    for noun in nouns:
        if noun in wanted_lists:
            proposed[noun] = [(name, "") for name in proposed_names(names, noun)]
    if "language" in wanted_lists:
        used = Counter(i.language for i in catalogue.items.values() if i.language)
        proposed["language"] = _used_first(LANGUAGES, [*catalogue.series.languages, *used])
    if "licence" in wanted_lists:
        licences = Counter(i.licence for i in catalogue.items.values() if i.licence)
        proposed["licence"] = _used_first(LICENCES, [x for x, _ in licences.most_common(20)])
    return proposed


def proposed_names(names: RecordNames, noun: NameNoun) -> list[str]:
    """Return the names of all records, to choose from; none of a long list."""
    known_names = names.all(noun)
    return known_names if len(known_names) <= MOST_PROPOSED else []


def _used_first(common: Sequence[Proposal], used: Iterable[str]) -> list[Proposal]:
    """Return proposals, those first that the archive has already."""
    words = dict(common)
    return [(value, words.get(value, "")) for value in dict.fromkeys([*used, *words])]
