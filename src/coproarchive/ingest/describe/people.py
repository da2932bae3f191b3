"""Names of those who speak: on slides, in file names and in metadata, and how sure each is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from coproarchive.extract.made_up import authors_in
from coproarchive.ingest.describe.cover import Cover, TextBlock
from coproarchive.ingest.describe.folding import folded_words
from coproarchive.ingest.describe.name_lists import (
    family_names,
    given_names,
    is_chinese_name,
    is_pinyin_name,
    without_accents,
)
from coproarchive.ingest.describe.name_words import (
    ALSO_WORDS,
    BEFORE_PLACES,
    ONLY_PLACES,
    ORGANISATIONS,
    PLACES,
    ROLES,
)
from coproarchive.ingest.names import NameKey, bare_name, name_key
from coproarchive.ingest.wordpress.content import EMAIL
from coproarchive.ingest.wordpress.understand.names import NOT_NAMES, is_name, is_organisation

MAX_NAMES = 14
"""Names that a slide's list of speakers has; more are those of a committee, or of references."""
MAX_LINE = 400

_LABEL = re.compile(
    r"^\W*(?:(?:presented|given|delivered|prepared|written|held|taught|slides|talk|a talk|lecture)"
    r"\s+)?(?:by|von|par|por|di|door|av|af)\b\s*:?\s+"
    r"|^\W*(?:(?:guest|invited|keynote|main|co-?)\s*)?(?:speakers?|presenters?|authors?|lecturers?|"
    r"instructors?|trainers?|teachers?|tutors?|presenting|referent(?:en|in|innen)?|vortragende[rn]?|"
    r"dozent(?:in|en)?|autor(?:es|a|as|en|in|innen)?|auteurs?|autrices?|auteures?|"
    r"intervenant(?:e|s|es)?|conférenci(?:er|ère)s?|ora(?:teur|trice)s?|ponentes?|relat(?:or[ei]|"
    r"rice|rici)|candidat[eoa]?s?|kandidat(?:in)?|docentes?|sprekers?|palestrantes?|"
    r"prelegent(?:ka)?|prowadząc[ya]|přednášející|foredragsholder|talare|föreläsare|esittäjä|előadó|"
    r"konuşmacı|sunan|докладчик|автор|лектор|ομιλητής|ομιλήτρια|"
    r"演讲人|演讲者|讲师|主讲人?|分享人|嘉宾|講者|発表者|講師|발표자)\s*(?:[:：\-–—|]|\bis\b)\s*",
    re.IGNORECASE,
)
_OF_OTHERS = re.compile(
    r"\b(?:thanks|thank you) to\b|\bcourtesy\b|\bet al\b|©|\(c\)|\bcopyright\b|"
    r"\b(?:photos?|images?|cartoon|figure|quote|funded|supported|sponsored|hosted|edited|"
    r"translated|inspired|chaired|moderated|introduced) (?:by|from)\b|"
    r"\b(?:based on|adapted from|joint work with|in memory of)\b|"
    r"^\W*(?:thanks|thank you|acknowledg\w+|credits?|photos?|images?|supervisors?|advis[oe]rs?|"
    r"promot[oe]rs?|(?:session |programme |program )?chairs?(?:person|man|woman)?|hosts?|"
    r"moderators?|sponsors?|references?|sources?|licen[cs]e|betreuer(?:in)?|encadrants?)\s*[:：\-–—]",
    re.IGNORECASE,
)
_APART = re.compile(
    r"\s*(?:[;&/|·•+,、，；／⋅◦]|\s[–—-]\s|\s(?:and|und|et|y|e|og|och|en|i|with|mit|avec|con)\s)\s*"
)
_DEGREES = re.compile(
    r"^(?:(?:prof|professor|dr|ir|ing|drs|mr|mrs|ms|dipl|mag|doc|m\.?sc|ph\.?d|dott|dra|herr|frau|"
    r"hab|habil|univ|conf|assoc|asst|priv|doz|inż|mgr|lic|sir|dame|rev)"
    r"(?:\.-?\w*\.?|\b)\s*)+(?=\w)|\s*,?\s*(?:ph\.?\s?d|m\.?sc|mba|b\.?sc)\.?$",
    re.IGNORECASE,
)
_HONORIFIC = re.compile(r"^\W*(?:prof|professor|dr|dott|dra|drs|sir|dame|mgr)\b", re.IGNORECASE)
_FAMILY_FIRST = re.compile(
    r"^(?P<family>[^\W\d_][\w’'-]*(?: [\w’'-]+)?), (?P<given>[^\W\d_][\w’'-]+(?: \w[\w.]*)?)$"
)
_WHERE = frozenset("for at from of in on".split())
_AND = re.compile(r"^(?:and|und|et|y|with|mit|by)\s+")
_AFTER_NAME = re.compile(r"(?<=[^\W\d_])[\d¹²³⁰-⁹*∗†‡§¶]+(?:,[\d*†‡]+)*(?=\s|,|;|$)")
_MARKS = re.compile(r"[\d¹²³⁰-⁹*∗†‡§¶#]+(?:\s*,\s*[\d*†‡]+)*")
_BRACKETS = re.compile(r"\s*[(\[（【<][^)\]）】>]*[)\]）】>]?")
_ADDRESS = re.compile(
    rf"{EMAIL.pattern}|\S*(?:://|www\.)\S*|(?<!\w)@\w+|\b[\w-]+\.(?:com|org|net|io|edu)\S*"
)
_PLACE_OF_WORK = re.compile(
    r"universi|institu|college|school|department|faculty|\bdept\b|laborator|\blabs?\b|research|"
    r"hospital|foundation|\b(?:inc|ltd|llc|gmbh|corp|ag|sa|bv|ab)\b\.?|@|engineer|developer|"
    r"scientist|professor|lecturer|architect|director|manager|founder|\bc[te]o\b|ph\.?\s?d|fellow|"
    r"student|consultant|école|hochschule|académi|centre|center|council|company",
    re.IGNORECASE,
)
_LISTING = re.compile(
    r"^\W*(?:references?|bibliography|acknowledg\w+|credits?|further\s+(?:reading|information)|"
    r"(?:more\s+)?resources|links?|(?:our\s+|the\s+)?team|committee|sponsors?|contributors?|"
    r"related\s+work|literature|quellen|literatur(?:verzeichnis)?|bibliographie|références|"
    r"collaborators?|people|thanks\s+to)\b.{0,30}$",
    re.IGNORECASE,
)
SPLASH_LINES = 3
"""Lines below which a first slide is none that says who speaks."""
MANY_LINES = 25
"""Lines of a leaf above which it is a page of text, whose names stand at its top."""
TOP_LINES = 12


@dataclass(frozen=True, slots=True)
class NameMention:
    """A person's name in the file.

    Attributes:
        name: as it is to be written.
        line: where it stands.
        rule: why it was taken for a speaker's.
        confidence: 0..1.
    """

    name: str
    line: str
    rule: str
    confidence: float

    @property
    def key(self) -> NameKey:
        """The name as it is compared."""
        return name_key(self.name)


def written_authors(authors: Iterable[str], *, is_post: bool = False) -> list[str]:
    """Return those of a file's authors that have the form of a name.

    Args:
        authors: as the file has them.
        is_post: whether a post's front matter says so, where somebody wrote them as they are.
    """
    names: list[str] = []
    for author in authors:
        if is_post and 2 <= len(author.split()) <= 5 and author.replace(" ", "").isalpha():
            if author.isupper() or not is_organisation(author):  # "Core Team"
                names.append(author)
            continue
        for one in authors_in(author):
            name = _written(_BRACKETS.sub("", one))
            if name and not is_organisation(name) and not _has_other_word(name):
                names.append(name)
    return list(dict.fromkeys(names))


def names_on(
    cover: Cover,
    title: str,
    authors: Iterable[str],
    stem: str,
    vocabulary: frozenset[str] = frozenset(),
) -> list[NameMention]:
    """Find names of speakers on the first and the last leaves.

    Args:
        cover: blocks of the file.
        title: the file's title, which is no name.
        authors: people of its metadata.
        stem: the file's name without its ending.
        vocabulary: words in small letters of all talks of the folder; none where they are few.
    """
    context = _NameContext(
        cover.common_words,
        cover.accounts,
        frozenset(name_key(author) for author in authors),
        folded_words(title),
        f" {folded_words(stem)} ",
        vocabulary,
    )
    mentions: list[NameMention] = []
    is_cover = True
    for leaf in dict.fromkeys(b.leaf for b in cover.opening):
        blocks = [b for b in cover.opening if b.leaf == leaf]
        mentions += _on_leaf(blocks, context, 0.0 if is_cover else 0.18)
        # A picture or a house's name stands before some title slides.
        is_cover = is_cover and sum(len(block.lines) for block in blocks) < SPLASH_LINES
    for leaf in dict.fromkeys(b.leaf for b in cover.closing):
        blocks = [b for b in cover.closing if b.leaf == leaf]
        mentions += _on_leaf(blocks, context, 0.3)
    return merged_names(mentions)


def names_in_pieces(pieces: Iterable[str]) -> list[NameMention]:
    """Find names among the parts of a file's name: "Title - Ada Baker - Leeds 2015"."""
    pieces = tuple(pieces)
    mentions = []
    for piece in pieces if len(pieces) > 1 else ():
        divided = [
            _written(one.title() if one[1:].islower() else one) for one in _APART.split(piece)
        ]
        for name in divided if all(divided) else ():
            score, rule = _score(name, _NameContext(frozenset(), frozenset(), frozenset(), "", ""))
            score += 0.15 if is_chinese_name(name) else 0.0
            if score > 0:
                rule = f"{rule}, in the file's name"
                mentions.append(NameMention(name, piece, rule, round(min(score, 0.9), 2)))
    return mentions


@dataclass(frozen=True, slots=True)
class _NameContext:
    common_words: frozenset[str]
    accounts: frozenset[str]
    authors: frozenset[NameKey]
    title: str
    stem: str
    vocabulary: frozenset[str] = frozenset()


def _on_leaf(blocks: list[TextBlock], context: _NameContext, less: float) -> list[NameMention]:
    lines = [(block, line) for block in blocks for line in block.lines]
    if len(lines) > MANY_LINES:
        lines = lines[:TOP_LINES]
    if any(_LISTING.match(block.text) for block in blocks[:3]):
        less += 0.4
    mentions: list[NameMention] = []
    before = ""
    for at, (block, line) in enumerate(lines):
        beside = lines[at + 1][1] if at + 1 < len(lines) else ""
        of_line = _in_line(block, line, before, beside, context)
        mentions += of_line
        # Under "Speakers" each line is one, until another kind of line comes.
        if not (of_line and is_label(before)):
            before = line
    names = len({mention.key for mention in mentions})
    if names > MAX_NAMES:
        less += 0.35
    return [
        NameMention(m.name, m.line, m.rule, round(max(0.0, min(0.98, m.confidence - less)), 2))
        for m in mentions
    ]


def is_label(line: str) -> bool:
    """Tell whether the whole line is a label, as "Speakers" is of the lines under it."""
    return bool(_LABEL.match(f"{line} : ")) and len(line) < 30 and not _LABEL.match(line)


def _in_line(
    block: TextBlock, line: str, before: str, beside: str, context: _NameContext
) -> list[NameMention]:
    """Read the names of one line: "Ada Baker, Oven College", "by Ada Baker and Ben Carter"."""
    if len(line) > MAX_LINE or _OF_OTHERS.search(line):
        return []
    is_title = folded_words(block.text) == context.title
    label = _LABEL.match(line)
    is_labelled = bool(label) or (bool(_LABEL.match(f"{before} : ")) and len(before) < 30)
    text = _given_first(line[label.end() :] if label else line)
    text = _MARKS.sub(" ", _AFTER_NAME.sub(" ; ", _BRACKETS.sub(" ", _ADDRESS.sub(" ; ", text))))
    if not label and len(text.split()) > (60 if text.count(",") > 3 else 22):
        return []
    has_contact = bool(_ADDRESS.search(line) or _ADDRESS.search(beside))
    mentions: list[NameMention] = []
    pieces = [piece.strip(" .:–—-\"'“”") for piece in _APART.split(text)]
    pieces = [one for piece in pieces if piece for one in _run(piece)]
    for number, piece in enumerate(pieces):
        name = _name_in(piece, is_lower_case=has_contact and number == 0)
        if not name or folded_words(piece) == context.title:
            continue
        if is_title and not is_chinese_name(name):
            continue  # "Hadley Cells and Trade Winds"
        if block.role == "title" and f" {folded_words(piece)} " in f" {context.title} ":
            continue
        score, rule = _score(name, context)
        if score <= 0:
            continue
        if is_labelled:
            score, rule = score + 0.4, f"after a label, {rule}"
        score += 0.08 if has_contact else 0.0
        if _HONORIFIC.match(piece):
            score, rule = score + (0.4 if len(name.split()) == 2 else 0.25), f"{rule}, with a title"
        is_placed = number == 0 and (len(pieces) > 1 or bool(_PLACE_OF_WORK.search(beside)))
        if "the form of a name" in rule and is_placed and not _LISTING.match(line):
            score += 0.2 if any(map(_PLACE_OF_WORK.search, (line, beside))) else 0.0
        # What stands behind a name of two characters, in brackets or after a dash, is about it.
        is_apart = bool(re.match(rf"\s*{re.escape(name)}\s*(?:[(（@,，|/–—-])", line))
        score += 0.12 if len(name) == 2 and is_apart else 0.0
        score -= 0.0 if number == 0 or mentions else 0.12
        score -= 0.1 if len(pieces) == 1 and len(line.split()) > 6 else 0.0
        mentions.append(NameMention(name, line, rule, score))
    return _beside_others(mentions) or _of_address(line)


def _given_first(line: str) -> str:
    """Return "KLEIN, Marguerite" as "Marguerite KLEIN"; other lines as they are."""
    match = _FAMILY_FIRST.match(line.strip())
    if not match:
        return line
    family, given_name = match["family"], match["given"]
    is_written_so = family.isupper() and len(family) > 2 and not given_name.isupper()
    are_listed = family.casefold() in family_names() and family.casefold() not in given_names()
    if _is_given(given_name.split()[0].casefold()) and (is_written_so or are_listed):
        return f"{given_name} {family}"
    return line


def _is_given(word: str) -> bool:
    """Tell whether a word in small letters is a given name, with its accents or without."""
    return word in given_names() or without_accents(word) in given_names()


def _run(piece: str) -> list[str]:
    """Divide names that only a wide space stood between: "Ada Baker Ben Carter"."""
    words = piece.split()
    folded = [word.casefold() for word in words]
    is_run = (
        len(words) in (4, 6)
        and given_names().issuperset(folded[0::2])
        and all(word in family_names() or word not in given_names() for word in folded[1::2])
    )
    return [" ".join(words[n : n + 2]) for n in range(0, len(words), 2)] if is_run else [piece]


def _beside_others(mentions: list[NameMention]) -> list[NameMention]:
    """Raise what has the form of a name in a list in which others are surely names."""
    if not any(mention.confidence >= 0.7 for mention in mentions):
        return mentions
    return [
        NameMention(m.name, m.line, f"{m.rule}, beside others", 0.74)
        if 0.2 < m.confidence < 0.7 and "given name" not in m.rule
        else m
        for m in mentions
    ]


def _name_in(piece: str, *, is_lower_case: bool) -> str:
    """Return the name that a piece of a line is, or begins or ends with; "" where there is none.

    Args:
        piece: between commas and the like.
        is_lower_case: whether "ada baker" may be a name: beside an address it is.
    """
    piece = _AND.sub("", piece)
    if (name := _written(piece)) and not _has_other_word(name):
        return name
    words = piece.split()
    chinese = [word for word in words if is_chinese_name(word)]
    if len(chinese) == 1 and len(words) <= 5:
        return chinese[0]
    if is_lower_case and len(words) == 2 and piece.islower() and words[0] in given_names():
        return _written(piece.title())
    # "Ada Baker Software Engineer", "Ada Baker University of Leeds": what she is without a comma.
    for length in (3, 2):
        begin = " ".join(words[:length])
        after = [word.casefold() for word in words[length:]]
        is_about = after and (after[0] in ROLES or words[length] in _WHERE)
        if is_about and (name := _written(begin)) and not _has_other_word(name):
            return name
    return ""


def _of_address(line: str) -> list[NameMention]:
    """Read the name of which an address is made: ada.baker@example.org."""
    mentions = []
    for address in EMAIL.findall(line):
        words = re.split(r"[._]", address.partition("@")[0])
        if len(words) == 2 and all(w.replace("-", "").isalpha() and len(w) > 2 for w in words):
            name = _written(" ".join(word.title() for word in words))
            if name and words[0].casefold() in given_names() and not _has_other_word(name):
                mentions.append(NameMention(name, line, "an e-mail address", 0.72))
    return mentions


def _written(piece: str) -> str:
    """Return a piece as a name is written, "" where it does not have the form of one."""
    bare = bare_name(_DEGREES.sub("", piece))
    if is_chinese_name(bare):
        return bare
    letters = [c for c in bare if c.isalpha()]
    words = bare.split()
    if not 2 <= len(words) <= 5 or not letters:
        return ""
    if all(c.isupper() for c in letters) and len(letters) > 5:
        bare = " ".join(word if len(word) < 3 and "." in word else word.title() for word in words)
    else:
        if any(2 < len(w) < 6 and w.isupper() and not _is_listed(w.casefold()) for w in words):
            return ""  # "SLU Uppsala"
        # "Katie KODES" and "KODES Katie": the surname in capitals is written as a name.
        bare = " ".join(w.title() if w.isupper() and len(w) > 2 else w for w in words)
    return bare if is_name(bare) else ""


def _is_listed(word: str) -> bool:
    return word in family_names() or _is_given(word)


def _has_other_word(name: str) -> bool:
    """Tell whether a word is that of an organisation, a place, a trade or a heading."""
    words = [word.casefold().strip(".") for word in name.split()]
    if words[-1] in PLACES or words[0] in BEFORE_PLACES or words[0] in ONLY_PLACES:
        return True
    return any(word in NOT_NAMES or word in ORGANISATIONS for word in words)


def _score(name: str, context: _NameContext) -> tuple[float, str]:
    """Return how sure a form is a person's name by itself, and why."""
    if is_chinese_name(name):
        score, rule = (0.75 if len(name) == 3 else 0.6), "a Chinese name"
        if name in context.stem:
            score, rule = score + 0.3, f"{rule}, and the file's name"
        return score, rule
    words = [word.casefold().strip(".") for word in name.split()]
    if _has_other_word(name):
        return 0.0, ""
    capitalised = [word.casefold().strip(".") for word in name.split() if not word.islower()]
    score, rule = _by_form(capitalised, context)
    if any(_agrees(name_key(name), author) for author in context.authors):
        score, rule = score + 0.4, f"{rule}, and the file's author"
    if _is_account(words, context.accounts):
        score, rule = score + 0.3, f"{rule}, and an address or handle"
    is_initialled = len(words) > 1 and sum(len(word) > 1 for word in words) == 1
    if is_initialled and len(words[-1]) > 3 and f" {words[-1]} " in context.stem:
        score, rule = score + 0.4, f"{rule}, and the file's name"
    elif f" {' '.join(words)} " in context.stem:
        score, rule = score + 0.3, f"{rule}, and the file's name"
    return score, rule


def _by_form(words: list[str], context: _NameContext) -> tuple[float, str]:
    """Return how sure words are a name by lists of names, and by words that are none."""
    long = [word for word in words if len(word) > 1]
    if not long:
        return 0.0, ""
    score, rule = 0.32, "the form of a name"
    if context.vocabulary.isdisjoint(words) and context.vocabulary:
        score, rule = 0.5, "the form of a name, and no word of the folder's talks"
    is_given = _is_given(long[0]) or (len(long) > 1 and long[-1] in given_names())
    if _is_given(long[0]):
        score, rule = (0.55 if long[0] in ALSO_WORDS else 0.75), "a given name first"
    elif is_pinyin_name(words):
        score, rule = 0.72, "a Chinese name in Latin letters"
    elif is_given:
        score, rule = 0.62, "a given name last"
    if long[-1] in family_names() or long[0] in family_names():
        score += 0.1
    common = sum(word in context.common_words for word in words)
    if not common and is_given and long[-1] not in family_names():
        common = int(long[-1] in context.vocabulary)
    return score - (0.22 if is_given else 0.3) * common, rule


def _agrees(key: NameKey, author: NameKey) -> bool:
    """Tell whether two names are one person's: middle names and initials may be missing."""
    if key == author:
        return True
    long, other = {w for w in key if len(w) > 1}, {w for w in author if len(w) > 1}
    return len(long & other) >= 2 or (len(other) == 1 and len(long) == 1 and long == other)


def _is_account(words: list[str], accounts: frozenset[str]) -> bool:
    """Tell whether a handle or address is made of the name: jbogard, ada.baker, abaker."""
    first, last = words[0], words[-1]
    if len(last) < 3:
        return False
    for account in accounts:
        letters = re.sub(r"[\W\d_]", "", account)
        if last in letters and (first in letters or letters.startswith(first[0])):
            return True
        if letters in (last, first + last[0], f"{last}{first}") and len(letters) > 3:
            return True
    return False


def merged_names(mentions: list[NameMention]) -> list[NameMention]:
    """Keep each person once, in order; named twice is surer, and the longer form is written."""
    people: list[NameMention] = []
    for mention in mentions:
        for number, other in enumerate(people):
            if _agrees(mention.key, other.key):
                best, less = sorted((mention, other), key=lambda m: -m.confidence)
                again = 0.05 if less.line != best.line and less.confidence >= 0.3 else 0.0
                people[number] = NameMention(
                    best.name, best.line, best.rule, round(min(0.98, best.confidence + again), 2)
                )
                break
        else:
            people.append(mention)
    return people
