"""Which words are a person's name, and whose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from coproarchive.ingest.names import NAME_TITLE, NameKey, bare_name, name_key

_LETTER = r"A-ZÀ-ÖØ-ÞĀ-ŽȘȚΆ-ΏΑ-ΫЀ-ЯḀ-ỿ"
_LOWER = r"a-zß-öø-ÿā-žșțά-ώа-ѿḁ-ỿ"
_PARTICLE = (
    r"(?:de|da|di|do|du|das|dos|dal|dei|del|della|degli|van|von|der|den|ter|ten|la|le|bin|bint|ibn|"
    r"al|ap|ab|af|zu|y|e)"
)
_WORD = (
    rf"(?:[{_LETTER}][{_LOWER}]+(?:[-’'][{_LETTER}]?[{_LOWER}]+)*"
    rf"|(?:Mc|Mac|De|Le|La|Van|Fitz|Di|Du|El|[ODLMN][’']|(?:[Aa]l|[Ee]l|[Aa]sh?|[Aa]n)-)"
    rf"[{_LETTER}][{_LOWER}]+(?:-[{_LETTER}][{_LOWER}]+)*"
    rf"|[{_LETTER}]\.(?:[{_LETTER}]\.)*)"
)
NAME = rf"{_WORD}(?:\s+(?:{_PARTICLE}\s+){{0,2}}{_WORD}){{1,3}}"
TITLED = re.compile(
    rf"\b(?:{NAME_TITLE}\s+)+(?P<name>{_WORD}(?:\s+(?:{_PARTICLE}\s+){{0,2}}{_WORD}){{1,2}})"
)
_AND = re.compile(r"\s*(?:,?\s+(?:and|with|und|et|y)\s+|\s*[&;/]\s*|\s*,\s*)")

# Capitalised words that stand in titles and headings and in no name.
NOT_NAMES = frozenset(
    """the a an and of in on for to at from with by university college school institute
    department faculty centre center trust foundation group council hospital society
    association service services network team nhs keynote registration welcome introduction
    opening closing discussion panel session sessions seminar workshop webinar symposium
    conference lecture talk talks programme program agenda schedule lunch tea coffee break
    refreshments networking summary summaries remarks plenary questions question answers
    feedback poster posters video videos slides presentation presentations download downloads
    read more click here follow register speaker speakers biography biographies bio chair
    chairs organiser organisers health mental power sharing act research project story co-
    production coproduction care social community public policy practice rights art life
    history power new what why how when where who is are do does can day week month year
    monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december morning afternoon evening guest post
    blog news contact about home next previous part chapter table round main key points final
    thanks thank dear best wishes kind regards us our your their my this that these those all
    some any no not experience experts expert work working shared future past present open
    access free online street road avenue lane square hall building room campus city town park
    house library theatre museum north south east west central great london""".split()
) - {"may", "park", "hall", "lane", "north", "west", "art", "house", "rights", "best", "street"}
_ORGANISATION = re.compile(
    r"\b(blog|series|network|project|team|group|university|college|centre|center|society|association|"
    r"institute|committee|admin|administrator|editor|office|seminars?|research|archive|webmaster|"
    r"collective|trust|foundation|hospital|council|museum|library|academy|forum|charity|department|"
    r"school|faculty|agency|service|services|partnership|clinic|press|ltd|cic)\b",
    re.IGNORECASE,
)


def is_name(text: str) -> bool:
    """Return whether the text, but for titles and letters, has the form of one person's name."""
    if len(text) > 80:
        return False
    bare = bare_name(re.sub(r"\s*\([^)]*\)\s*$", "", text))
    if not re.fullmatch(NAME, bare):
        return False
    return not any(w.casefold().strip(".") in NOT_NAMES for w in bare.split())


def is_organisation(text: str) -> bool:
    """Return whether an account's display name is that of a group and not of a person."""
    return bool(_ORGANISATION.search(text)) or bool(re.search(r"\b[A-Z]{3,}\b", text))


def named_people(text: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """Read a list of names: "A & B", "A, B and C", known names that only a space divides.

    Empty where something in the list is no name.
    """
    if len(text) > 400:
        return ()
    text = re.sub(r"\s*\([^)]*\)", "", text).strip(' .:–—-,;"“”')
    if not text or len(text) > 300:
        return ()
    if is_name(text) and gazetteer.has(text):
        return (gazetteer.preferred_form(text),)
    pieces = [p for p in _AND.split(text) if p.strip()]
    people: list[str] = []
    for piece in pieces:
        bare = bare_name(piece)
        together = gazetteer.run(bare)
        if together:
            people += together
        elif people and is_organisation(bare):
            continue
        elif is_name(piece):
            people.append(gazetteer.preferred_form(bare))
        elif people and (re.search(r"[A-Z]{2,}|University|College", piece) or not bare):
            continue  # ", University of X" after a name says where, not who
        else:
            return ()
    return tuple(dict.fromkeys(people))


@dataclass
class Gazetteer:
    """Names met so far, by folded form."""

    names: dict[NameKey, str] = field(default_factory=dict)

    def add(self, names: Iterable[str]) -> None:
        """Remember names; the first form met is the one shown."""
        for name in names:
            bare = bare_name(name)
            if bare:
                self.names.setdefault(name_key(bare), bare)

    def has(self, name: str) -> bool:
        """Return whether the name is known."""
        return name_key(name) in self.names

    def preferred_form(self, name: str) -> str:
        """Return the preferred form of a name."""
        return self.names.get(name_key(name), bare_name(name))

    def by_first(self, first: str) -> str:
        """Return the one known person of this first name, "" where there is none or several."""
        bearers = [n for n in self.names.values() if re.match(rf"{re.escape(first)}\b", n, re.I)]
        return bearers[0] if len(bearers) == 1 else ""

    def run(self, text: str) -> tuple[str, ...]:
        """Return known names that follow one another; four words are split in two."""
        words = text.split()
        if len(words) < 4 or not all(w[:1].isupper() for w in words):
            return ()
        names: list[str] = []
        while words:
            for length in (2, 3, 4):
                candidate = " ".join(words[:length])
                if self.has(candidate):
                    names.append(self.preferred_form(candidate))
                    words = words[length:]
                    break
            else:
                return self._pairs(text) if not names else ()
        return tuple(names)

    def _pairs(self, text: str) -> tuple[str, ...]:
        words = text.split()
        pairs = [" ".join(words[n : n + 2]) for n in range(0, len(words), 2)]
        if len(words) == 4 and all(is_name(p) for p in pairs) and any(self.has(p) for p in pairs):
            return tuple(self.preferred_form(p) for p in pairs)
        return ()

    def leading(self, text: str) -> tuple[str, str]:
        """Split a name off the text's start; ("", text) where there is none."""
        match = re.match(rf"^(?:{NAME_TITLE}\s+)*", text)
        start = match.end() if match else 0
        words = text[start:].split(" ")
        for length in (4, 3, 2):
            candidate = " ".join(words[:length])
            whole = candidate.rstrip(",:;’'")
            if length <= len(words) and whole[-1:].isalnum() and self.has(whole):
                return self.preferred_form(candidate), " ".join(words[length:]).lstrip(" ,:;–—-")
        if start:
            titled = re.match(NAME, text[start:])
            if titled and is_name(titled[0]):
                return titled[0], text[start + titled.end() :].lstrip(" ,:;–—-")
        return "", text
