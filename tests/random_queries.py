"""Random documents and requests, by which engines are compared."""

from __future__ import annotations

import random

from coproarchive.search.engines.memory import MemoryEngine
from coproarchive.search.engines.seam import (
    Document,
    Request,
    Response,
    SearchEngine,
    Snapshot,
)
from coproarchive.search.language.analysis import exact, fold, stem
from coproarchive.search.language.fields import TEXT_FIELDS
from coproarchive.search.language.query_tree import (
    And,
    AtLeast,
    Boosted,
    DisMax,
    MatchAll,
    Node,
    Not,
    Phrase,
    Prefix,
    SameLeaf,
    Sort,
    Term,
)


def doc(name: str, body: str | tuple[str, ...], **more: object) -> Document:
    """A document with a text of one leaf, or of several."""
    texts = {"body": (body,) if isinstance(body, str) else body}
    given = {"id": name, "digest": name, "texts": texts} | more
    return Document(**given)  # type: ignore[arg-type]  # the fields of a Document


def ids(engine: SearchEngine, node: Node, **more: object) -> list[str]:
    """Ids found, in order."""
    return [i for i, _ in engine.snapshot().search(Request(node, limit=100, **more)).hits]  # type: ignore[arg-type]


WORDS = ["power", "sharing", "powers", "co-production", "coproduction", "lunch", "detained",
         "detention", "C++", "act", "mental", "naïve", "R&D", "講演",
         "Häuser", "well\u00adknown", "super\u200cmarket"]  # fmt: skip
LANGUAGES = ("en", "de")


class RandomQueries:
    """Random documents and query values."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)

    def text(self) -> str:
        return " ".join(self.rng.choice(WORDS) for _ in range(self.rng.randint(1, 30)))

    def document(self) -> Document:
        rng = self.rng
        return Document(
            f"d{rng.randint(0, 60)}",
            str(rng.random()),
            {f: tuple(self.text() for _ in range(rng.randint(0, 3))) for f in TEXT_FIELDS},
            "en",
            {"kind": (rng.choice("ab"),), "topic": tuple(rng.sample("pqrs", rng.randint(0, 3)))},
            rng.choice(["", "2017-01-01", "2018-02-03"]),
            rng.choice(["A", "b", "C"]),
            {n: rng.randbytes(rng.choice([0, 5, 2000])) for n in rng.choice([(), ("hit", "more")])},
            rng.choice([(), tuple(rng.choice(LANGUAGES) for _ in range(3))]),
        )

    def node(self, depth: int = 0) -> Node:
        rng, word = self.rng, self.rng.choice([*WORDS, "zzz"])
        kind = rng.randint(0, 9 if depth < 3 else 3)
        fields = rng.choice([(), ("title",), ("body", "notes")])
        if kind == 0:
            return Term(stem(fold(word), rng.choice(LANGUAGES)), fields, rng.choice([1, 0.5]))
        if kind == 1:
            words = (exact(fold(rng.choice(WORDS))) for _ in range(rng.randint(1, 3)))
            return Phrase(tuple(words), fields)
        if kind == 2:
            return Prefix(fold(word)[: rng.randint(1, 4)], fields)
        if kind == 3:
            groups = [
                tuple(stem(fold(rng.choice(WORDS))) for _ in range(rng.randint(1, 2)))
                for _ in range(rng.randint(1, 3))
            ]
            return SameLeaf(tuple(groups), rng.choice([1, 0.5]))
        if kind == 9:
            return MatchAll()
        children = tuple(self.node(depth + 1) for _ in range(rng.randint(1, 3)))
        some = AtLeast(children, rng.randint(0, 2))
        choices: list[Node] = [And(children), DisMax(children), some, Not(children[0])]
        return [*choices, Boosted(children[0], children[1:])][kind - 4]

    def request(self) -> Request:
        rng = self.rng
        chosen = {
            "kind": frozenset(rng.choice([[], ["a"], ["a", "b"]])),
            "topic": frozenset(rng.choice([[], ["p"], ["p", "q", "none"]])),
        }
        dates = rng.choice([("", ""), ("2017-06-01", ""), ("", "2017-06-01")])
        sorts: list[Sort] = ["relevance", "date", "title"]
        sort = rng.choice(sorts)
        node = self.node()
        other = rng.choice([None, AtLeast((node, self.node()))])
        fallback_below = rng.choice([0, 10, 30])
        facets = ("kind", "topic", "none")
        offset = rng.choice([0, 3])
        exclude = frozenset(f"d{rng.randint(0, 60)}" for _ in range(rng.choice([0, 0, 20])))
        without = {"topic": frozenset(rng.choice(["p", "q"]))} if rng.random() < 0.2 else {}
        return Request(
            node,
            other,
            fallback_below,
            chosen,
            dates,
            exclude,
            sort,
            offset,
            10,
            facets,
            True,
            without,
        )


def differences(one: Response, other: Response, within: float) -> list[str]:
    """Name what two engines do not agree on.

    Args:
        one, other: answers to the same request.
        within: how far scores may be apart, as they are added up in another order.
    """
    pages = [(*r.hits, *r.near_misses) for r in (one, other)]
    differ = {
        "total": (one.total, one.used_fallback) != (other.total, other.used_fallback),
        "facets": one.facets != other.facets,
        # An engine may say that it cannot count so many.
        "leaves": None not in (one.leaves, other.leaves) and one.leaves != other.leaves,
        "hits": [i for i, _ in one.hits] != [i for i, _ in other.hits],
        "near misses": [i for i, _ in one.near_misses] != [i for i, _ in other.near_misses],
        "scores": any(abs(a - b) > within + 1e-9 for (_, a), (_, b) in zip(*pages, strict=False)),
    }
    return [what for what, is_so in differ.items() if is_so]


def assert_agrees(
    engine: SearchEngine, make: RandomQueries, *, writes: int, requests: int, lookups: int,
    within: float,
) -> None:  # fmt: skip
    """Check that an engine answers as the memory engine does, over changing documents.

    Args:
        engine: empty.
        make: source of documents and requests.
        writes: how often documents change.
        requests, lookups: after each write.
        within: see differences.
    """
    memory = MemoryEngine()
    for _ in range(writes):
        documents = {d.id: d for d in (make.document() for _ in range(25))}
        gone = [f"d{make.rng.randint(0, 60)}" for _ in range(3)]
        gone = [i for i in gone if i not in documents]
        memory.write(documents.values(), gone)
        engine.write(documents.values(), gone)
        one, other = memory.snapshot(), engine.snapshot()
        assert one.digests() == other.digests()
        assert one.words() == other.words()
        for _ in range(requests):
            request = make.request()
            assert not differences(one.search(request), other.search(request), within), request
        terms = [exact("power"), stem("sharing"), exact("講"), "zzz"]
        for _ in range(lookups):
            asked = [f"d{make.rng.randint(0, 60)}" for _ in range(5)]
            assert one.occurrences(asked, terms, ["po", "co"]) == other.occurrences(
                asked, terms, ["po", "co"]
            )
            for name in ("hit", "more", "none"):
                assert one.stored(name, asked) == other.stored(name, asked)
                assert one.stored(name) == other.stored(name)
            in_index = sorted(one.digests())
            exclude = frozenset(make.rng.sample(in_index, make.rng.randint(1, len(in_index))))
            assert one.words(exclude) == other.words(exclude)
            for left_out in (exclude, frozenset()):
                frequencies = Snapshot.frequencies(one, terms, left_out)
                assert one.frequencies(terms, left_out) == frequencies
                assert other.frequencies(terms, left_out) == frequencies
