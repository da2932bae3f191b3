"""Names of persons as citations need them: family and given name told apart, or one literal.

The parts are those of CSL 1.0.2 (section "Name Variables").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from coproarchive.ingest.names import bare_name

_PARTICLES = frozenset(
    """
    af al al- av da das de del della den der des di do dos du el ibn la las le los ten ter van vom
    von vonder zu zum zur
    """.split()
)
_SUFFIX = re.compile(r"^(?:Jr|Sr|Jnr|Snr|II|III|IV)\.?$", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"\b(?:academy|agency|alliance|archive|association|board|cent(?:er|re)|charity|club|"
    r"collective|college|commission|committee|community|company|conference|consortium|council|"
    r"department|editors|faculty|foundation|forum|government|group|hospital|initiative|institut\w*|"
    r"laborator(?:y|ies)|library|ministry|museum|nhs|network|office|organi[sz]ers?|panel|"
    r"partnership|press|programme|project|school|seminars?|service|services|society|staff|"
    r"studio|team|trust|union|universit\w*|verein|workshop|ltd|gmbh|inc|e\.v)\b|&|\d|/",
    re.IGNORECASE,
)
"""Words of groups and bodies, whose names are not turned round."""


@dataclass(frozen=True, slots=True)
class CitedName:
    """A name taken apart.

    Attributes:
        family_name, given_name: "Baker" and "Ada".
        particle: "van der", kept before the family name (CSL: non-dropping-particle).
        suffix: "Jr." or "III".
        literal: the whole, of a group or where the parts are not known; the others are "" then.
    """

    family_name: str = ""
    given_name: str = ""
    particle: str = ""
    suffix: str = ""
    literal: str = ""

    @property
    def inverted(self) -> str:
        """The name with the family name first: "van Dam, Ada, Jr.", or the literal."""
        if self.literal:
            return self.literal
        family = " ".join(filter(None, (self.particle, self.family_name)))
        return ", ".join(filter(None, (family, self.given_name, self.suffix)))

    @property
    def straight(self) -> str:
        """The name as it is spoken: "Ada van Dam Jr."."""
        parts = (self.given_name, self.particle, self.family_name, self.suffix)
        return self.literal or " ".join(filter(None, parts))


@lru_cache(maxsize=20_000)
def cited_name(name: str, others: tuple[str, ...] = ()) -> CitedName:
    """Take a person's name apart.

    Where one of the other names is the same with its family name first ("García Márquez, Gabriel"),
    that decides. Else the last word is the family name, with the particles before it.

    Args:
        name: as it is shown.
        others: further names of the same person.
    """
    plain = bare_name(name) or " ".join(name.split())
    for other in (name, *others):
        parts = _inverted(other)
        if parts and (other == name or _words(other) == _words(plain)):
            return parts
    words = plain.split()
    if len(words) < 2 or _ORGANISATION.search(plain) or _is_ideographic(plain):
        return CitedName(literal=plain)
    suffix = ""
    if len(words) > 2 and _SUFFIX.match(words[-1]):
        suffix = words.pop()
        words[-1] = words[-1].rstrip(",")
    start = len(words) - 1
    while start > 1 and words[start - 1].casefold() in _PARTICLES:
        start -= 1
    particles = [word for word in words[start:-1] if word.islower()]
    family = words[start + len(particles) :]
    return CitedName(" ".join(family), " ".join(words[:start]), " ".join(particles), suffix)


def _inverted(name: str) -> CitedName | None:
    """Return the parts of "Family, Given" or "Family, Given, Jr.", None for any other form."""
    pieces = [piece.strip() for piece in name.split(",")]
    if len(pieces) == 3 and not _SUFFIX.match(pieces[2]):
        return None
    if len(pieces) not in (2, 3) or not all(pieces) or _SUFFIX.match(pieces[1]):
        return None
    if bare_name(name) == bare_name(pieces[0]):
        return None  # letters after a name: "Ada Baker, PhD"
    words = pieces[0].split()
    particles = [word for word in words[:-1] if word in _PARTICLES]
    if words[: len(particles)] != particles:
        particles = []
    family = " ".join(words[len(particles) :])
    return CitedName(family, pieces[1], " ".join(particles), (pieces[2:] or [""])[0])


def _words(name: str) -> list[str]:
    return sorted(re.findall(r"[^\s,]+", bare_name(name).casefold()))


def _is_ideographic(name: str) -> bool:
    """Tell whether a name is written in Chinese, Japanese or Korean, family name first."""
    first = next((letter for letter in name if letter.isalpha()), "")
    return bool(first) and unicodedata.name(first, "").startswith(
        ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
    )
