"""Other engines on the same documents: what this archive's ranking is measured against.

Each takes title and text as two fields and the words of a query as alternatives, as its own
documentation would have it. One that is not installed is left out, and said so.
"""

from __future__ import annotations

import importlib.util
import re
import sqlite3
import tempfile
import warnings
from collections.abc import Callable
from typing import Any, Protocol

from collection import DEPTH, Collection

WORD = re.compile(r"\w+")
ALL = 10_000_000


class Rival(Protocol):
    """Ranks documents for the words of a query."""

    def rank(self, text: str) -> list[str]:
        """Ids, best first, of every document found."""
        ...


class Fts5:
    """SQLite FTS5: porter stemming, every word of the query an alternative, bm25()."""

    def __init__(self, collection: Collection):
        self._db = sqlite3.connect(":memory:")
        self._db.execute(
            "CREATE VIRTUAL TABLE d USING fts5(id UNINDEXED, title, text, tokenize='porter')"
        )
        rows = ((d.id, d.title, d.text) for d in collection.docs)
        self._db.executemany("INSERT INTO d VALUES (?, ?, ?)", rows)

    def rank(self, text: str) -> list[str]:
        words = " OR ".join(f'"{w}"' for w in WORD.findall(text))
        if not words:
            return []
        sql = "SELECT id FROM d WHERE d MATCH ? ORDER BY bm25(d)"
        return [row[0] for row in self._db.execute(sql, (words,))]


class Tantivy:
    """tantivy: English stemming, every word of the query an alternative."""

    def __init__(self, collection: Collection):
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        builder.add_text_field("title", tokenizer_name="en_stem")
        builder.add_text_field("text", tokenizer_name="en_stem")
        self._index = tantivy.Index(builder.build())
        writer = self._index.writer(num_threads=1)
        for d in collection.docs:
            writer.add_document(tantivy.Document(id=d.id, title=d.title, text=d.text))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._count = len(collection.docs)

    def rank(self, text: str) -> list[str]:
        # In quotes, so that OR, AND and NOT among the words are words.
        words = " ".join(f'"{w}"' for w in WORD.findall(text))
        if not words:
            return []
        searcher = self._index.searcher()
        query = self._index.parse_query(words, ["title", "text"])
        hits = searcher.search(query, limit=max(self._count, 1)).hits
        return [str(searcher.doc(address)["id"][0]) for _, address in hits]


class _Whoosh:
    """Whoosh as its documentation introduces it."""

    def __init__(self, collection: Collection, stemmed: bool):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from whoosh import analysis, fields, index, qparser

        analyzer = analysis.StemmingAnalyzer() if stemmed else analysis.StandardAnalyzer()
        schema = fields.Schema(
            id=fields.ID(stored=True), title=fields.TEXT(analyzer), text=fields.TEXT(analyzer)
        )
        self._folder = tempfile.TemporaryDirectory()
        opened = index.create_in(self._folder.name, schema)
        writer = opened.writer(limitmb=256)
        for d in collection.docs:
            writer.add_document(id=d.id, title=d.title, text=d.text)
        writer.commit()
        group = qparser.OrGroup if stemmed else qparser.AndGroup
        self._parser = qparser.MultifieldParser(["title", "text"], schema, group=group)
        self._searcher = opened.searcher()

    def rank(self, text: str) -> list[str]:
        query = self._parser.parse(" ".join(w.lower() for w in WORD.findall(text)))
        return [hit["id"] for hit in self._searcher.search(query, limit=None)]


class Bm25s:
    """bm25s: title and text as one, Snowball stemming, its own English stop words."""

    def __init__(self, collection: Collection):
        import bm25s
        import Stemmer

        self._lib: Any = bm25s
        self._stemmer = Stemmer.Stemmer("english")
        self._ids = [d.id for d in collection.docs]
        self._index = bm25s.BM25()
        texts = [f"{d.title}\n{d.text}" for d in collection.docs]
        self._index.index(self._tokens(texts), show_progress=False)

    def _tokens(self, texts: list[str]) -> Any:
        return self._lib.tokenize(texts, stopwords="en", stemmer=self._stemmer, show_progress=False)

    def rank(self, text: str) -> list[str]:
        tokens = self._tokens([text])
        if not tokens.ids[0]:
            return []
        numbers, scores = self._index.retrieve(
            tokens, k=min(DEPTH, len(self._ids)), show_progress=False
        )
        return [self._ids[n] for n, s in zip(numbers[0], scores[0], strict=True) if s > 0]


_MAKERS: dict[str, tuple[str, Callable[[Collection], Rival]]] = {
    "sqlite_fts5": ("sqlite3", Fts5),
    "tantivy": ("tantivy", Tantivy),
    "whoosh_or": ("whoosh", lambda c: _Whoosh(c, stemmed=True)),
    "whoosh_and": ("whoosh", lambda c: _Whoosh(c, stemmed=False)),
    "bm25s": ("bm25s", Bm25s),
}


def available() -> tuple[list[str], list[str]]:
    """Names of the rivals that can run here, and of those that cannot."""
    here = [n for n, (module, _) in _MAKERS.items() if importlib.util.find_spec(module)]
    if "sqlite_fts5" in here:
        options = sqlite3.connect(":memory:").execute("PRAGMA compile_options")
        if not any("FTS5" in row[0] for row in options):
            here.remove("sqlite_fts5")
    return here, [n for n in _MAKERS if n not in here]


def rankings(name: str, collection: Collection, texts: list[str]) -> list[list[str]]:
    """The rival's ranking for each text, within the scope of the query it belongs to."""
    rival = _MAKERS[name][1](collection)
    found = []
    for question, text in zip(collection.queries, texts, strict=True):
        ids = rival.rank(text)
        found.append([i for i in ids if i.startswith(question.scope)][:DEPTH])
    return found
