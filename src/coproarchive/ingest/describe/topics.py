"""What a talk is about: the archive's own topic words, and phrases that it often says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from coproarchive.catalogue import Catalogue
from coproarchive.model import Leaf, Source
from coproarchive.search.discover.phrases import phrases_of
from coproarchive.search.language.analysis import tokenize

TOPIC_MENTIONS = 3
"""A topic is proposed when its words stand in the text so often, or once in the title."""
MAX_TOPICS = 6
PHRASE_LEAVES = 4
"""Leaves on which a phrase stands at least that may be a topic the archive does not have yet."""
MAX_PHRASES = 3
_NOT_SHOWN = (Source.NOTES, Source.COMMENT, Source.ANNOTATION, Source.LINK)


def topics_in(title: str, leaves: Iterable[Leaf], catalogue: Catalogue) -> list[tuple[str, int]]:
    """Return ids of the archive's topics that the talk is often about, with their mentions."""
    text = " ".join(chain.from_iterable((leaf.title, shown_text(leaf)) for leaf in leaves))
    words = f" {' '.join(token.word for token in tokenize(text[:500_000]))} "
    in_title = f" {' '.join(token.word for token in tokenize(title))} "
    counts: Counter[str] = Counter()
    for topic in catalogue.topics.values():
        for label in (topic.label, *topic.alternatives):
            words_of_label = " ".join(token.word for token in tokenize(label))
            if words_of_label:
                counts[topic.id] += words.count(f" {words_of_label} ")
                counts[topic.id] += TOPIC_MENTIONS * in_title.count(f" {words_of_label} ")
    return [(t, n) for t, n in counts.most_common(MAX_TOPICS) if n >= TOPIC_MENTIONS]


def new_topics_in(leaves: Iterable[Leaf], language: str) -> list[tuple[str, int]]:
    """Return phrases that stand on many leaves, which may become topics, with their leaves."""
    texts_of_leaves = [(leaf.title, shown_text(leaf)) for leaf in leaves][:300]
    if len(texts_of_leaves) < PHRASE_LEAVES:
        return []
    texts = [f" {title} \n {body} ".casefold() for title, body in texts_of_leaves]
    counted = (
        (phrase, sum(phrase.casefold() in text for text in texts))
        for phrase in phrases_of(texts_of_leaves, language)[:20]
    )
    # A line that every slide has is its footer.
    often = [
        (p, n) for p, n in counted if PHRASE_LEAVES <= n <= max(PHRASE_LEAVES, len(texts) // 2)
    ]
    return sorted(often, key=lambda pair: -pair[1])[:MAX_PHRASES]


def shown_text(leaf: Leaf) -> str:
    """Return a leaf's words without notes, comments and addresses."""
    return "\n".join(part.text for part in leaf.parts if part.source not in _NOT_SHOWN)
