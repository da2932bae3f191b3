"""The title of a talk: from its first slide by size and place, held against what else names it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from coproarchive.extract.text import real_title
from coproarchive.ingest.describe.cover import Cover, TextBlock
from coproarchive.ingest.describe.dates import without_date
from coproarchive.ingest.describe.file_names import GENERIC
from coproarchive.ingest.describe.folding import folded_words
from coproarchive.ingest.describe.name_lists import family_names, given_names
from coproarchive.ingest.wordpress.content import EMAIL
from coproarchive.ingest.wordpress.understand.names import is_name

MAX_TITLE = 200
"""Characters of a title; more are a paragraph."""
AGREES = 72.0
"""Likeness (0..100) from which two are one title."""
WHOLE = 88.0
"""Likeness (0..100) from which one says all of the other."""
DOUBTFUL = 0.68
"""Score below which a block of a slide is no title where the file's name says something."""
EQUAL = 3
"""Blocks of the largest letters from which none of them is a title by its size."""
PROMINENT = 1.15
"""Height of a title's letters, by that of most of the page, on a page of many lines."""

_ADDRESS = re.compile(
    r"https?://|www\.|\{[{%]|^\S+\.(?:com|org|net|io|edu|gov)\b\S*$|^@\w+$", re.IGNORECASE
)
_RIGHTS = re.compile(
    r"©|\(c\)\s|copyright|all rights reserved|confidential|licen[cs]ed under", re.I
)
_SECTION = re.compile(
    r"^\W*(?:agenda|contents?|table of contents|outline|overview|introduction|intro|"
    r"about(?: me| us)?|"
    r"who am i|whoami|hello|hi|welcome|thanks?!?|"
    r"thank(?:s| you)(?:\s+(?:for|to|very|so|all)\b.{0,40})?|questions?\??|q ?& ?a|the end|"
    r"disclaimer|acknowledge?ments?|references?|summary|conclusions?|inhalt|gliederung|übersicht|"
    r"danke|merci|gracias|grazie|obrigad[oa]|plan|sommaire|índice|indice|谢谢|感谢|"
    r".*(?:目录|大纲|概览|主要内容|议程|提纲)|content|"
    r"logistics|prerequisites|goals?|objectives|learning objectives|abstract|notes?)\W*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\s*(?:title|titel|titre|título|titolo|talk|topic|keynote|"
    r"(?:invited|plenary) (?:talk|lecture))\s*[:：]\s*",
    re.IGNORECASE,
)
_PART = re.compile(
    r"^\W*(?:workshop|lecture|session|module|unit|week|day|lesson|chapter|part|seminar|tutorial|"
    r"vorlesung|übung|sitzung|teil|kapitel|cours|séance|chapitre|lezione|parte|sesión|tema|aula|"
    r"les|college|лекция|занятие)\s*(?:no\.?|nr\.?|#)?\s*(?:\d+|[ivx]+)\W*$",
    re.IGNORECASE,
)
"""What says only which part of a course it is."""
_OTHER_LABEL = re.compile(
    r"^\W*(?:(?:presented|given|written|prepared|delivered|created) by|by|authors?|speakers?|"
    r"speaker name|presenters?|date|venue|location|contact|e-?mail|your name|name|title)\b\W*"
    r"(?:$|[:：])",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\W*(?:slide|page|seite|folie|\d+)\W*\d*\W*$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2}|[\u3040-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class TitleCandidate:
    """What may be the title.

    Attributes:
        title: as it would be written.
        line: the words it was read from.
        rule: where they stood.
        score: how it ranks among the others; not a probability.
        confidence: 0..1.
    """

    title: str
    line: str
    rule: str
    score: float
    confidence: float


def title_of(cover: Cover, metadata: str, stem_titles: Iterable[str]) -> TitleCandidate | None:
    """Choose the title; None where nothing names the talk.

    Args:
        cover: blocks of the file.
        metadata: the title that the file says of itself, "" where it is none.
        stem_titles: what of the file's name may be the title, the likeliest first.
    """
    on_cover = _on_cover(cover)
    stems = [stem for stem in stem_titles if _WORD.search(stem)]
    metadata = real_title(metadata)
    if metadata and _is_no_title(metadata):
        metadata = ""
    ranked = sorted(
        _held_against(on_cover, metadata, stems), key=lambda candidate: -candidate.score
    )
    if ranked and (ranked[0].score >= DOUBTFUL or not _says_something(stems)):
        return _with_margin(ranked)
    if ranked and stems:
        return TitleCandidate(stems[0], stems[0], "the file's name, as no slide", 0.4, 0.5)
    return _elsewhere(metadata, stems, cover)


def _says_something(stems: list[str]) -> bool:
    """Tell whether a file's name has words that are no number, hash or generic name."""
    words = {word for stem in stems for word in folded_words(stem).split()}
    return any(len(word) > 3 and not any(map(str.isdigit, word)) for word in words - GENERIC)


def _elsewhere(metadata: str, stems: list[str], cover: Cover) -> TitleCandidate | None:
    """Choose a title where no slide shows one."""
    if metadata and stems and max(likeness(metadata, stem) for stem in stems) >= AGREES:
        return TitleCandidate(metadata, metadata, "metadata and the file's name", 0.8, 0.75)
    first = next((leaf.title for leaf in cover.leaves[:3] if _WORD.search(leaf.title)), "")
    if first and not _is_no_title(first) and not _SECTION.match(first):
        return TitleCandidate(first[:MAX_TITLE], first, "the first heading", 0.5, 0.5)
    if stems:
        return TitleCandidate(stems[0], stems[0], "the file's name", 0.4, 0.4)
    if metadata:
        return TitleCandidate(metadata, metadata, "metadata alone", 0.3, 0.3)
    return None


def likeness(one: str, other: str) -> float:
    """Return how alike two titles are, 0..100: the words of the shorter, wherever they stand."""
    first, second = folded_words(one), folded_words(other)
    if not first or not second:
        return 0.0
    short, long = sorted((len(first), len(second)))
    joined = fuzz.ratio(first.replace(" ", ""), second.replace(" ", ""))
    contained = fuzz.token_set_ratio(first, second) if short >= 8 and short * 4 >= long else 0.0
    return float(max(joined, contained))


def _on_cover(cover: Cover) -> list[TitleCandidate]:
    """Return blocks of the first leaves that may be the title, by size, place and role."""
    candidates: list[TitleCandidate] = []
    leaves = list(dict.fromkeys(block.leaf for block in cover.opening))
    for number, leaf in enumerate(leaves):
        blocks = [b for b in cover.opening if b.leaf == leaf]
        possible = [b for b in blocks if _may_be_title(b, cover)]
        largest = max((b.size for b in possible), default=0.0)
        less = _less(blocks, possible, largest)
        for order, block in enumerate(possible):
            score, rule = _standing(block, order, largest)
            score -= 0.0 if block.role == "title" else less
            if number:
                score -= 0.45 if candidates else 0.12
                rule = f"{rule} of the second"
            title, rest = _finished(block, blocks)
            candidates.append(
                TitleCandidate(title, " / ".join((*block.lines, *rest))[:300], rule, score, 0.0)
            )
    return candidates


def _less(blocks: list[TextBlock], possible: list[TextBlock], largest: float) -> float:
    """Return what blocks lose on a leaf that is no title slide: a drawing, or a page of text."""
    if not largest:
        return 0.0
    equal = sum(block.size >= 0.95 * largest for block in possible)
    sizes = sorted(block.size for block in blocks for _ in block.lines)
    is_page = len(sizes) > 12 and largest < PROMINENT * sizes[len(sizes) // 2]
    return 0.4 if equal >= EQUAL or is_page else 0.0


def _standing(block: TextBlock, order: int, largest: float) -> tuple[float, str]:
    """Score a block by how it stands on its slide: 1.0 where it is the largest."""
    if not largest:
        is_first = block.role == "title" or order == 0
        return (0.95 if is_first else 0.3 - 0.05 * order), "the first line"
    score = block.size / largest
    rule = "the largest letters" if score >= 0.98 else "smaller letters"
    if block.role == "title":
        score, rule = max(score, 0.8) + 0.25, "the title's place"
    elif block.role in ("subtitle", "footer", "date"):
        score -= 0.25
    score -= 0.15 if block.top > 0.75 else 0.0
    words = len(block.text.split())
    score -= 0.12 if words == 1 and len(block.text) < 8 else 0.0
    score -= 0.3 if words > 22 else 0.0
    score -= 0.2 if re.match(r"^\s*[•\-–▪■➢●*]\s", block.text) else 0.0
    score -= 0.25 if _SECTION.match(block.text) else 0.0
    score -= 0.45 if _PART.match(block.text) else 0.0
    return score, rule


def _finished(block: TextBlock, blocks: list[TextBlock]) -> tuple[str, tuple[str, ...]]:
    """Return the block's title; one that ends with a colon goes on in the next block."""
    title = block.text
    at = blocks.index(block)
    if title.endswith((":", "–", "—", " -", "...", "…")) and at + 1 < len(blocks):
        following = blocks[at + 1]
        if following.size >= 0.4 * block.size and len(following.text) < 120:
            return real_title(f"{title} {following.text}")[:MAX_TITLE], following.lines
    title = _LABEL.sub("", title)
    return real_title(title.strip(" :;,|–—-•"))[:MAX_TITLE] or title[:MAX_TITLE], ()


def _may_be_title(block: TextBlock, cover: Cover) -> bool:
    text = block.text
    if not _WORD.search(text) or len(text) > 2 * MAX_TITLE or _is_no_title(text):
        return False
    if _is_person(text) or not real_title(text):
        return False
    if not _WORD.search(re.sub(r"\b(?:at|on|in|the)\b", "", without_date(text))):
        return False
    return block.role == "title" or not all(cover.is_running(line) for line in block.lines)


def _is_no_title(text: str) -> bool:
    """Tell an address, a line of rights or a number from a title."""
    bare = text.strip()
    return bool(
        _ADDRESS.search(bare)
        or EMAIL.search(bare)
        or _RIGHTS.search(bare)
        or _NUMBERED.match(bare)
        or (_OTHER_LABEL.match(bare) and not _LABEL.match(bare))
        or real_title(bare) == ""
    )


def _is_person(text: str) -> bool:
    """Tell whether the block is a person's name, as far as a list of given names tells."""
    name = " ".join(w.title() if w.isupper() and len(w) > 2 else w for w in text.split())
    first, *others = [word.casefold() for word in name.split()]
    if not is_name(name) or first not in given_names():
        return False
    # "Fisher Information Explained"
    return (
        len(others) != 2
        or others[-1] in family_names()
        or not name.istitle()
        or (others[0] in given_names() or len(others[0]) < 3)
    )


def _held_against(
    candidates: list[TitleCandidate], metadata: str, stems: list[str]
) -> list[TitleCandidate]:
    """Raise the scores of those that the file's name or metadata say too.

    A subtitle that a name repeats stays one: the smaller the letters, the less it is raised, unless
    nothing larger is said elsewhere and this is said whole.
    """
    agreements = [
        (
            max((_agreement(candidate.title, stem) for stem in stems), default=0.0),
            _agreement(candidate.title, metadata) if metadata else 0.0,
        )
        for candidate in candidates
    ]
    raised = []
    for candidate, (of_stem, of_metadata) in zip(candidates, agreements, strict=True):
        larger = (
            pair
            for other, pair in zip(candidates, agreements, strict=True)
            if other.score > candidate.score
        )
        is_whole = len(candidate.title.split()) >= 3 and max(of_stem, of_metadata) >= WHOLE
        is_alone = not any(max(pair) >= AGREES for pair in larger)
        weight = 1.0 if is_whole and is_alone else (candidate.score - 0.7) / 0.3
        weight = max(0.0, min(1.0, weight))
        score, rule = candidate.score, candidate.rule
        if of_stem >= AGREES:
            score, rule = score + 0.45 * weight * of_stem / 100, f"{rule}, as the file's name"
        if of_metadata >= AGREES:
            score, rule = score + 0.3 * weight * of_metadata / 100, f"{rule}, as the metadata"
        raised.append(replace(candidate, score=score, rule=rule))
    return raised


def _agreement(title: str, other: str) -> float:
    """Return likeness, 0 where the title is but a small part of what is said elsewhere."""
    if folded_words(other).startswith(f"{folded_words(title)} ") and " " in folded_words(title):
        return 95.0
    if len(folded_words(title)) < 0.4 * len(folded_words(other)):
        return 0.0
    return likeness(title, other)


def _with_margin(ranked: list[TitleCandidate]) -> TitleCandidate:
    """Say how sure the first is: by its score and by how far the second stands behind."""
    best = ranked[0]
    second = ranked[1].score if len(ranked) > 1 else 0.0
    margin = best.score - second
    confidence = 0.55 + 0.35 * min(1.0, max(0.0, margin) / 0.5)
    confidence += 0.12 if "as the " in best.rule else 0.0
    confidence += 0.05 if "the title's place" in best.rule else 0.0
    confidence -= 0.25 if "of the second" in best.rule else 0.0
    confidence -= 0.15 if best.score < 0.8 else 0.0
    return replace(best, confidence=round(max(0.1, min(0.97, confidence)), 2))
