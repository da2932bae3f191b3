"""Names of persons as they are compared: titles, letters after the name and order do not count."""

from __future__ import annotations

import re
from functools import lru_cache

from coproarchive.search.language.analysis import tokenize

NAME_TITLE = (
    r"(?:Emeritus |Emerita |Associate |Assistant |Honorary |Visiting |Adjunct )*"
    r"(?:Professor|Prof|Dr|Doctor|Mr|Mrs|Ms|Miss|Mx|Sir|Dame|Lord|Lady|Baroness|Rev(?:d|erend)?|"
    r"Cllr)\b\.?"
)
POSTNOMINALS = (
    r"Ph\.?\s?D|D\.?Phil|MD|MBE|OBE|CBE|FRS|FBA|MSc|MA|BA|BSc|RMN|RN|JD|LLB|LLM|FRCPsych|"
    r"MRCPsych|DClinPsy|EdD|MPhil|QC|KC"
)
_TITLES = re.compile(rf"(^|,\s*)(?:{NAME_TITLE}\s+)+")
_POSTNOMINAL = re.compile(rf"[,\s]+(?:{POSTNOMINALS})\b\.?(?=$|[\s,.;:)(–-])")
# Titles that are nobody's surname: left out of a key wherever and in whatever case they stand.
_TITLE_WORDS = frozenset(("dr", "prof", "professor", "mr", "mrs", "ms"))

NameKey = tuple[str, ...]
"""The words of a person's name, folded and sorted: "Baker, Ada" and "Dr Ada Baker, PhD" are one."""


def bare_name(text: str) -> str:
    """Return a name without titles before it and letters after it."""
    text = text.strip(" \t,;:.–—-“”\"‘’'•*|()")
    text = _TITLES.sub(r"\1", text)
    previous = ""
    while previous != text:
        previous, text = text, _POSTNOMINAL.sub(" ", text + " ").strip(" ,")
    return " ".join(text.split())


@lru_cache(maxsize=50_000)
def name_key(name: str) -> NameKey:
    """Fold a person's name for comparing: no case, accents, order, titles or letters after it."""
    words = (token.word for token in tokenize(bare_name(name)))
    return tuple(sorted(word for word in words if word not in _TITLE_WORDS))
