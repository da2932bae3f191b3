"""The query language and the state of a search: one value, to and from a URL.

Words (all of them, anywhere in a talk), "a phrase" (within one slide), -without, begin* and
title:word. There are no syntax errors: whatever is typed is searched, and a note says how it was
understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from coproarchive.edtf import edtf_bounds
from coproarchive.search.language.analysis import PREFIXES, STOP_WORDS, tokenize
from coproarchive.search.language.fields import FACETS, TEXT_FIELDS
from coproarchive.search.language.query_tree import Sort

MAX_CHARACTERS = 2000
MAX_CLAUSES = 200
"""Long enough for a pasted paragraph: at 400 and 32, questions of that length lost 0.05 nDCG@10."""
MIN_PREFIX = 3
MAX_PREFIXES = 4
"""Each may stand for 200 words; what is more is searched as words."""
MAX_SIZE = 1000
MAX_PAGE = 100_000

# What readers type before a colon, beside the fields' own names.
_FIELD_NAMES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in TEXT_FIELDS},
    "slide": ("heading",),
    "text": ("body",),
    "description": ("abstract",),
    "speaker": ("names",),
    "person": ("names",),
    "topic": ("names",),
    "seminar": ("names",),
}
_FILTERS = ("kind", "year")
_Choices = dict[str, tuple[str, ...]]
_PIECE = re.compile(
    r'(?P<minus>[-−]?)(?:(?P<field>[A-Za-z]+):)?(?:["“”](?P<quoted>[^"“”]*)(?P<end>["“”]|$)|(?P<bare>[^\s"“”]+))'
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition of a query.

    Attributes:
        kind: a word; a compound (co-production: its parts, or the parts as one word); a phrase; or
            the beginning of a word.
        words: folded; one for a word and a prefix.
        joined: for compounds and phrases, the words with those bound by a hyphen made one.
        surface: as typed.
        fields: text fields to look in, all where empty.
        excluded: must not match.
    """

    kind: Literal["word", "compound", "phrase", "prefix"]
    words: tuple[str, ...]
    joined: tuple[str, ...]
    surface: str
    fields: tuple[str, ...] = ()
    excluded: bool = False


@dataclass(frozen=True)
class Query:
    """A search as a reader typed and narrowed it. Frozen: every change is a new value.

    Attributes:
        text: as typed, at most MAX_CHARACTERS.
        clauses: what it means.
        notes: how it was understood, where that is not obvious.
        facets: facet -> chosen values, of which one must hold.
        without: facet -> values of which none may hold; in addresses with a minus before them.
        after, before: EDTF dates, "" for open; both ends count.
        sort, page (from 1), size: which hits, in which order.
        exact: only the words as typed: no corrections, no synonyms.
        leaves: how many slides of a hit are shown.
    """

    text: str = ""
    clauses: tuple[Clause, ...] = ()
    notes: tuple[str, ...] = ()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: str = ""
    before: str = ""
    sort: Sort = "relevance"
    page: int = 1
    size: int = 10
    exact: bool = False
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leaves: int = 3

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        facets: Mapping[str, Iterable[str]] | None = None,
        after: str = "",
        before: str = "",
        sort: str = "relevance",
        page: int = 1,
        size: int = 10,
        exact: bool = False,
    ) -> Query:
        """Parse anything that was typed. Never raises."""
        notes: list[str] = []
        text = " ".join(text.split())
        if len(text) > MAX_CHARACTERS:
            notes.append(f"Only the first {MAX_CHARACTERS} characters were searched.")
            text = text[:MAX_CHARACTERS]
        chosen = {
            name: tuple(dict.fromkeys(v for v in values if v.strip("-")))
            for name, values in (facets or {}).items()
            if name in FACETS
        }
        # No id begins with a minus: in an address it excludes the value.
        without = {name: tuple(v[1:] for v in vs if v[0] == "-") for name, vs in chosen.items()}
        chosen = {name: tuple(v for v in vs if v[0] != "-") for name, vs in chosen.items()}
        clauses = _parse(text, chosen, notes)
        first, last = _date(after, notes), _date(before, notes)
        sorts = get_args(Sort)
        return cls(
            text,
            clauses,
            tuple(dict.fromkeys(notes)),
            {name: values for name, values in chosen.items() if values},
            first,
            last,
            sort if sort in sorts else "relevance",  # type: ignore[arg-type]  # checked here
            min(max(page, 1), MAX_PAGE),
            min(max(size, 1), MAX_SIZE),
            exact,
            {name: values for name, values in without.items() if values},
        )

    # ------------------------------------------------------------ the URL

    def to_params(self) -> dict[str, list[str]]:
        """Return the URL parameters that make this query again, defaults left out."""
        params: dict[str, list[str]] = {}
        if self.text:
            params["q"] = [self.text]
        for name in FACETS:
            minus = (f"-{value}" for value in self.without.get(name, ()))
            if values := [*self.facets.get(name, ()), *minus]:
                params[name] = values
        usual = {"sort": "relevance", "page": "1", "after": "", "before": ""}
        for name, default in usual.items():
            value = str(getattr(self, name))
            if value != default:
                params[name] = [value]
        if self.exact:
            params["exact"] = ["1"]
        return params

    @classmethod
    def from_params(cls, params: Mapping[str, Iterable[str]], *, size: int = 10) -> Query:
        """Parse URL parameters; values out of range are ignored."""

        def one(name: str) -> str:
            return next(iter(params.get(name, ())), "")

        return cls.parse(
            one("q"),
            facets={name: tuple(params.get(name, ())) for name in FACETS},
            after=one("after"),
            before=one("before"),
            sort=one("sort"),
            page=int(one("page")) if re.fullmatch(r"\d{1,6}", one("page"), re.ASCII) else 1,
            size=size,
            exact=one("exact") == "1",
        )

    # ------------------------------------------------------- changed values

    def widened(self) -> Query:
        """Return the query with its words alone, no facets and no dates, on the first page."""
        return replace(self, facets={}, without={}, after="", before="", page=1)

    def undated(self) -> Query:
        """Return the query without dates, on the first page."""
        return replace(self, after="", before="", page=1)

    def toggle(self, facet: str, value: str) -> Query:
        """Return the query with a facet's value chosen, or no longer chosen, on the first page."""
        facets = _toggled(self.facets, facet, value)
        without = _removed(self.without, facet, value)
        return replace(self, facets=facets, without=without, page=1)

    def toggle_without(self, facet: str, value: str) -> Query:
        """Return the query with a facet's value excluded, or no longer, on the first page."""
        without = _toggled(self.without, facet, value)
        facets = _removed(self.facets, facet, value)
        return replace(self, facets=facets, without=without, page=1)

    @property
    def positive(self) -> tuple[Clause, ...]:
        """What must match."""
        return tuple(c for c in self.clauses if not c.excluded)

    @property
    def is_narrowed(self) -> bool:
        """Whether facets or dates must hold, beside the words."""
        return bool(self.facets or self.without or self.after or self.before)

    @property
    def is_empty(self) -> bool:
        """Whether it has no condition: everything is listed."""
        return not (self.clauses or self.is_narrowed)


def _removed(chosen: Mapping[str, tuple[str, ...]], facet: str, value: str) -> _Choices:
    """Return the choices without a value."""
    values = tuple(v for v in chosen.get(facet, ()) if v != value)
    return {name: v for name, v in {**chosen, facet: values}.items() if v}


def _toggled(chosen: Mapping[str, tuple[str, ...]], facet: str, value: str) -> _Choices:
    """Return the choices with a value that was not in them, or without one that was."""
    values = chosen.get(facet, ())
    if value in values:
        return _removed(chosen, facet, value)
    return {**chosen, facet: (*values, value)}


def _parse(text: str, chosen: dict[str, tuple[str, ...]], notes: list[str]) -> tuple[Clause, ...]:
    clauses = _bind_prefixes(_few_prefixes(_pieces(text, chosen, notes), notes))
    if len(clauses) > MAX_CLAUSES:
        notes.append(f"Only the first {MAX_CLAUSES} words were searched.")
    return _without_question_words(clauses[:MAX_CLAUSES])


def _pieces(text: str, chosen: dict[str, tuple[str, ...]], notes: list[str]) -> list[Clause]:
    clauses: list[Clause] = []
    position = 0
    while position < len(text):
        match = _PIECE.match(text, position)
        if match is None or match.end() == position:
            position += 1
            continue
        position = match.end()
        clauses += _piece(match, chosen, notes)
    return clauses


def _piece(
    match: re.Match[str], chosen: dict[str, tuple[str, ...]], notes: list[str]
) -> list[Clause]:
    """Parse one piece between spaces, or one quotation."""
    excluded = bool(match["minus"])
    name = (match["field"] or "").lower()
    quoted, bare = match["quoted"], match["bare"]
    if name in _FILTERS and not excluded:
        value = (quoted or bare or "").lower()
        chosen[name] = tuple(dict.fromkeys((*chosen.get(name, ()), value)))
        return []
    fields = _FIELD_NAMES.get(name, ())
    if name and not fields:
        # Not one of our fields: "C:" or "10:30" are words like any others.
        bare = f"{match['field']}:{bare or ''}" if quoted is None else match["field"]
    if quoted is not None:
        if match["end"] == "":
            notes.append("The quote was not closed: its words were searched separately.")
            return [c for word in quoted.split() for c in _words(word, fields, excluded, notes)]
        before = _words(bare, (), excluded, notes) if bare else []
        return [*before, *_phrase(quoted, fields, excluded)]
    return _words(bare or "", fields, excluded, notes)


def _words(bare: str, fields: tuple[str, ...], excluded: bool, notes: list[str]) -> list[Clause]:
    """Parse a run without spaces: one clause usually, more where signs stand between words."""
    tokens = tokenize(bare)
    if bare.endswith("*") and len(tokens) == 1:
        word = tokens[0].word
        if len(word) >= MIN_PREFIX:
            return [Clause("prefix", (word,), (word,), bare, fields, excluded)]
        notes.append(f"A beginning needs {MIN_PREFIX} letters: {bare} was searched as a word.")
    clauses: list[Clause] = []
    group: list[str] = []
    for token in tokens:
        group.append(token.word)
        if token.joins:
            continue
        kind: Literal["word", "compound"] = "compound" if len(group) > 1 else "word"
        surface = bare if len(tokens) == len(group) else " ".join(group)
        clauses.append(
            Clause(kind, tuple(group), ("".join(group),), surface.lstrip("-"), fields, excluded)
        )
        group = []
    return clauses


def _phrase(quoted: str, fields: tuple[str, ...], excluded: bool) -> list[Clause]:
    tokens = tokenize(quoted)
    if not tokens:
        return []
    joined: list[str] = []
    bound = False
    for token in tokens:
        if bound:
            joined[-1] += token.word
        else:
            joined.append(token.word)
        bound = token.joins
    words = tuple(token.word for token in tokens)
    return [Clause("phrase", words, tuple(joined), f'"{quoted}"', fields, excluded)]


def _few_prefixes(clauses: list[Clause], notes: list[str]) -> list[Clause]:
    """Leave the first MAX_PREFIXES beginnings, and make words of the others."""
    beginnings = [n for n, c in enumerate(clauses) if c.kind == "prefix"][MAX_PREFIXES:]
    if beginnings:
        notes.append(f"Only the first {MAX_PREFIXES} beginnings were searched as beginnings.")
    for n in beginnings:
        clauses[n] = replace(clauses[n], kind="word")
    return clauses


def _bind_prefixes(clauses: list[Clause]) -> list[Clause]:
    """Make a compound of "co production", typed as two words."""
    bound: list[Clause] = []
    for clause in clauses:
        last = bound[-1] if bound else None
        if (
            last is not None
            and last.kind == clause.kind == "word"
            and last.words[0] in PREFIXES
            and (last.fields, last.excluded) == (clause.fields, clause.excluded)
        ):
            words = (*last.words, *clause.words)
            surface = f"{last.surface} {clause.surface}"
            bound[-1] = Clause(
                "compound", words, ("".join(words),), surface, clause.fields, clause.excluded
            )
        else:
            bound.append(clause)
    return bound


def _without_question_words(clauses: list[Clause]) -> tuple[Clause, ...]:
    """Leave out question words such as "what" and "is", unless there are no others."""
    telling = tuple(
        c for c in clauses if not (c.kind == "word" and not c.excluded and c.words[0] in STOP_WORDS)
    )
    return telling if any(not c.excluded for c in telling) else tuple(clauses)


def _date(value: str, notes: list[str]) -> str:
    if not value:
        return ""
    try:
        edtf_bounds(value)
    except ValueError:
        notes.append(f'"{value[:20]}" is no date: write 2017, 2017-07 or 2017-07-06.')
        return ""
    return value
