"""From a query tree to OpenSearch's queries, scored as language/ranking.py says.

How rare terms and how long fields are is handed to fixed scripts, so that shards, replicas and
dead rows change no score. The scripts' texts never vary: OpenSearch compiles few a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from coproarchive.search.engines.opensearch.mapping import ANALYZER, query_text
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
    Term,
)
from coproarchive.search.language.ranking import STANDARD, Weights, idf

OsQuery = dict[str, Any]
TermGroup = tuple[tuple[str, ...], tuple[str, ...]]
"""Terms taken as one, and fields."""
_NOTHING: OsQuery = {"match_none": {}}
_NORMALISED = "params.w * _score / (1 - params.b + params.b * doc[params.l].value / params.a)"
_SATURATED = "params.i * _score * (params.k + 1) / (_score + params.k)"
_ROUNDED = "Math.round(_score * 10000.0) / 10000.0"
"""To ranking.PLACES, so that equal scores are equal when hits are sorted."""


def rounded(query: OsQuery) -> OsQuery:
    """Return a query whose scores are rounded to ranking.PLACES."""
    return _script(query, _ROUNDED)


def has_one_of(terms: Sequence[str], fields: tuple[str, ...]) -> OsQuery:
    """Return the query for documents with one of the terms in one of the fields."""
    if not terms:
        return _NOTHING
    if fields == TEXT_FIELDS:
        return {"terms": {"terms": list(terms)}}
    return _at_least([{"terms": {field: list(terms)}} for field in fields])


def groups_of(node: Node, expand: Callable[[str], tuple[str, ...]]) -> set[TermGroup]:  # noqa: PLR0911 - see query
    """Return the term groups whose document frequency the scores of a node need."""
    match node:
        case Term(text, fields):
            return {((text,), fields or TEXT_FIELDS)}
        case Prefix(text, fields):
            return {(expand(text), fields or TEXT_FIELDS)}
        case Phrase(terms, fields):
            return {((term,), fields or TEXT_FIELDS) for term in terms}
        case SameLeaf(groups):
            return {(group, TEXT_FIELDS) for group in groups}
        case DisMax(children) | And(children) | AtLeast(children):
            return set().union(*(groups_of(child, expand) for child in children))
        case Boosted(child, bonuses):
            return set().union(*(groups_of(part, expand) for part in (child, *bonuses)))
        case Not(child):
            return groups_of(child, expand)
        case MatchAll():
            return set()


class QueryBuilder:
    """Makes queries that score with one commit's figures.

    Args:
        documents: number of all documents.
        lengths: text field -> mean length.
        frequencies: of term groups; those of `groups_of` must be there for a scored query.
        expand: prefix -> the terms that it stands for.
        weights: of the ranking.
    """

    def __init__(
        self,
        documents: int,
        lengths: Mapping[str, float],
        frequencies: Mapping[TermGroup, int],
        expand: Callable[[str], tuple[str, ...]],
        weights: Weights = STANDARD,
    ):
        self._documents = documents
        self._lengths = lengths
        self._frequencies = frequencies
        self._expand = expand
        self._weights = weights

    def query(self, node: Node, *, scored: bool = True) -> OsQuery:  # noqa: PLR0911 - a return a kind of node
        """Return the query for a node; without scores where only what matches is asked for."""
        sub = partial(self.query, scored=scored)
        match node:
            case MatchAll():
                return _constant({"match_all": {}}, 0)
            case Not(child):
                return _constant({"bool": {"must_not": self.query(child, scored=False)}}, 0)
            case DisMax(children):
                return {"dis_max": {"queries": list(map(sub, children))}} if children else _NOTHING
            case And(children):
                return {"bool": {"must": list(map(sub, children))}} if children else _NOTHING
            case AtLeast(children, least):
                return _at_least(list(map(sub, children)), max(least, 1))
            case Boosted(child, bonuses):
                should = list(map(sub, bonuses)) if scored else []
                return {"bool": {"must": sub(child), "should": should}}
            case SameLeaf(groups, weight):
                worth = sum(self._rarity((g, TEXT_FIELDS)) for g in groups) if scored else 0
                return _constant(_on_one_leaf(groups), weight * worth)
            case Phrase(terms, fields, weight):
                return self._phrase(terms, fields or TEXT_FIELDS, weight, scored=scored)
            case Term(text, fields, weight):
                return self._one_of((text,), fields or TEXT_FIELDS, weight, scored=scored)
            case Prefix(text, fields, weight):
                terms = self._expand(text)
                return self._one_of(terms, fields or TEXT_FIELDS, weight, scored=scored)

    def _phrase(
        self, terms: tuple[str, ...], fields: tuple[str, ...], weight: float, *, scored: bool
    ) -> OsQuery:
        text = {"query": query_text(terms, together=False), "analyzer": ANALYZER}
        adjacent = _at_least([{"match_phrase": {field: text}} for field in fields])
        alone = [self._one_of((term,), fields, weight, scored=True) for term in terms if scored]
        return {"bool": {"filter": adjacent, "should": alone}}

    def _one_of(
        self, terms: tuple[str, ...], fields: tuple[str, ...], weight: float, *, scored: bool
    ) -> OsQuery:
        """Return the query for several terms taken as one, scored with BM25F."""
        if not scored or not terms:
            return has_one_of(terms, fields)
        # A synonym query: the similarity is told how often any of them occurs.
        text = {"query": query_text(terms, together=True), "analyzer": ANALYZER}
        in_fields = [
            _script(
                {"match": {field: text}},
                _NORMALISED,
                w=self._weights.fields[field],
                b=self._weights.b,
                l=f"length.{field}",
                a=self._lengths[field],
            )
            for field in fields
            if self._lengths.get(field)
        ]
        worth = weight * self._rarity((terms, fields))
        return _script(_at_least(in_fields), _SATURATED, i=worth, k=self._weights.k1)

    def _rarity(self, group: TermGroup) -> float:
        return idf(self._documents, self._frequencies[group], self._weights.rarity)


def _on_one_leaf(groups: tuple[tuple[str, ...], ...]) -> OsQuery:
    """Return the query for a leaf with a term of each group: a leaf is one position."""
    if not groups or not all(groups):
        return _NOTHING
    spans = [
        {"span_or": {"clauses": [{"span_term": {"leaf": term}} for term in group]}}
        for group in groups
    ]
    if len(spans) == 1:
        return spans[0]
    return {"span_near": {"clauses": spans, "slop": 0, "in_order": False}}


def _at_least(queries: list[OsQuery], least: int = 1) -> OsQuery:
    if len(queries) < least:
        return _NOTHING
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": queries, "minimum_should_match": least}}


def _constant(query: OsQuery, score: float) -> OsQuery:
    return {"constant_score": {"filter": query, "boost": score}}


def _script(query: OsQuery, source: str, **params: object) -> OsQuery:
    script = {"source": source, "params": params}
    return {"script_score": {"query": query, "script": script}}
