"""Other engines over the same made-up talks: top ten with excerpts, and counts of five facets."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from coproarchive.search.index.execute import ENOUGH
from coproarchive.search.index.index import NEAR_MISSES
from made_up import Talk

FACETS = ("seminar", "speaker", "topic", "kind", "year")


class Rival(Protocol):
    """Built over talks in a folder; `search` does all that a page of results needs."""

    build_seconds: float

    def search(self, kind: str, text: str) -> tuple[int, dict[str, dict[str, int]]]:
        """Total and facet counts, the first ten fetched with excerpts. `kind`: query class."""
        ...


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _body(talk: Talk) -> str:
    return "\n".join(talk.bodies)


class Tantivy:
    """tantivy doing what our page does: all facets counted, words marked in titles and excerpts.

    Facets are fast fields with terms aggregations; marks come from its own snippets of stored
    texts; where few talks have all words of several, near misses follow. Misspelt words are
    compared with words as written (against stems, three of four find nothing), which are marked
    nowhere: its snippets do not know what a fuzzy query matched.
    """

    def __init__(self, talks: list[Talk], folder: Path):
        import tantivy

        self._lib: Any = tantivy
        started = time.perf_counter()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        for name in ("title", "heading", "body"):
            builder.add_text_field(name, stored=True, tokenizer_name="en_stem")
        builder.add_text_field("as_written", tokenizer_name="default")
        for name in FACETS:
            builder.add_text_field(name, tokenizer_name="raw", fast=True)
        folder.mkdir()
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=str(folder))
        writer = self._index.writer(heap_size=200_000_000, num_threads=2)
        for talk in talks:
            document = tantivy.Document(
                id=talk.id, title=talk.title, heading="\n".join(talk.headings), body=_body(talk)
            )
            document.add_text("as_written", "\n".join([talk.title, *talk.headings, _body(talk)]))
            for name in FACETS:
                for value in talk.facets[name]:
                    document.add_text(name, value)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self.build_seconds = time.perf_counter() - started
        self._aggregations = {name: {"terms": {"field": name, "size": 65_000}} for name in FACETS}

    def _query(self, kind: str, text: str) -> Any:
        words = _words(text)
        fields = ["title", "heading", "body"]
        query = self._lib.Query
        if kind == "prefix":
            ways = [query.regex_query(self._schema, f, f"{words[0]}.*") for f in fields]
            return query.boolean_query([(self._lib.Occur.Should, way) for way in ways])
        if kind == "typo":
            return query.fuzzy_term_query(self._schema, "as_written", words[0])
        said = f'"{" ".join(words)}"' if kind == "phrase" else " ".join(f'+"{w}"' for w in words)
        return self._index.parse_query(said, fields)

    def search(self, kind: str, text: str) -> tuple[int, dict[str, dict[str, int]]]:
        searcher = self._index.searcher()
        query = self._query(kind, text)
        result = searcher.search(query, limit=ENOUGH)
        counted = searcher.aggregate(query, self._aggregations)
        facets = {
            name: {b["key"]: b["doc_count"] for b in counted[name]["buckets"]} for name in FACETS
        }
        self._show(searcher, query, result.hits)
        total = int(result.count)
        if kind == "several" and total < ENOUGH:
            query = self._index.parse_query(" ".join(_words(text)), ["title", "heading", "body"])
            # The best of these are the full matches, shown already.
            some = searcher.search(query, limit=min(total + NEAR_MISSES, ENOUGH)).hits
            self._show(searcher, query, some[total:])
        return total, facets

    def _show(self, searcher: Any, query: Any, hits: list[Any]) -> None:
        """Mark the words in titles and excerpts of hits, from the stored texts."""
        marking = [
            self._lib.SnippetGenerator.create(searcher, query, self._schema, name)
            for name in ("title", "body")
        ]
        for _, address in hits:
            document = searcher.doc(address)
            for generator in marking:
                generator.snippet_from_doc(document).to_html()


class Fts5:
    """SQLite FTS5: facets counted in SQL, its own snippets."""

    def __init__(self, talks: list[Talk], folder: Path):
        started = time.perf_counter()
        folder.mkdir()
        self._db = sqlite3.connect(folder / "fts.sqlite")
        self._db.executescript(
            "CREATE VIRTUAL TABLE d USING fts5(title, heading, body, tokenize='porter');"
            "CREATE TABLE f(doc INTEGER, name TEXT, value TEXT);"
        )
        for number, talk in enumerate(talks, start=1):
            self._db.execute(
                "INSERT INTO d(rowid, title, heading, body) VALUES (?, ?, ?, ?)",
                (number, talk.title, "\n".join(talk.headings), _body(talk)),
            )
            rows = [(number, name, v) for name in FACETS for v in talk.facets[name]]
            self._db.executemany("INSERT INTO f VALUES (?, ?, ?)", rows)
        self._db.executescript("CREATE INDEX fd ON f(doc, name, value); ANALYZE;")
        self._db.commit()
        self.build_seconds = time.perf_counter() - started

    def search(self, kind: str, text: str) -> tuple[int, dict[str, dict[str, int]]]:
        words = _words(text)
        said = " ".join(f'"{w}"' for w in words)
        if kind == "phrase":
            said = f'"{" ".join(words)}"'
        elif kind == "prefix":
            said = f'"{words[0]}"*'
        top = self._db.execute(
            "SELECT rowid, snippet(d, 2, '<b>', '</b>', '…', 40) FROM d WHERE d MATCH ? "
            "ORDER BY bm25(d) LIMIT 10", (said,),
        ).fetchall()  # fmt: skip
        counted = self._db.execute(
            "SELECT name, value, count(*) FROM f WHERE doc IN (SELECT rowid FROM d WHERE d MATCH ?)"
            " GROUP BY name, value", (said,),
        )  # fmt: skip
        facets: dict[str, dict[str, int]] = {name: {} for name in FACETS}
        for name, value, count in counted:
            facets[name][value] = count
        total = sum(facets["kind"].values())
        return total if top else 0, facets


class Whoosh:
    """Whoosh as it comes: groupedby for facets, its own highlights."""

    def __init__(self, talks: list[Talk], folder: Path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from whoosh import analysis, fields, index, qparser, sorting

        self._sorting = sorting
        started = time.perf_counter()
        folder.mkdir()
        text = fields.TEXT(analysis.StemmingAnalyzer(), stored=True)
        schema = fields.Schema(
            id=fields.ID(stored=True), title=text, heading=text, body=text,
            **{name: fields.KEYWORD(sortable=True) for name in FACETS},
        )  # fmt: skip
        opened = index.create_in(str(folder), schema)
        writer = opened.writer(limitmb=256)
        for talk in talks:
            facets = {name: " ".join(talk.facets[name]) for name in FACETS}
            writer.add_document(
                id=talk.id, title=talk.title, heading="\n".join(talk.headings), body=_body(talk),
                **facets,
            )  # fmt: skip
        writer.commit()
        self._parser = qparser.MultifieldParser(["title", "heading", "body"], schema)
        self._parser.add_plugin(qparser.FuzzyTermPlugin())
        self._searcher = opened.searcher()
        self.build_seconds = time.perf_counter() - started

    def search(self, kind: str, text: str) -> tuple[int, dict[str, dict[str, int]]]:
        query = self._parser.parse(f"{text}~1" if kind == "typo" else text)
        grouped = [self._sorting.FieldFacet(name, allow_overlap=name == "topic") for name in FACETS]
        result = self._searcher.search(query, limit=10, groupedby={f.fieldname: f for f in grouped})
        facets = {name: {str(k): len(v) for k, v in result.groups(name).items()} for name in FACETS}
        for hit in result:
            hit.highlights("body")
        return len(result), facets


MAKERS: dict[str, tuple[str, Callable[[list[Talk], Path], Rival]]] = {
    "tantivy": ("tantivy", Tantivy),
    "sqlite_fts5": ("sqlite3", Fts5),
    "whoosh": ("whoosh", Whoosh),
}


def available() -> tuple[list[str], list[str]]:
    """Names of the rivals that can run here, and of those that cannot."""
    here = [n for n, (module, _) in MAKERS.items() if importlib.util.find_spec(module)]
    return here, [n for n in MAKERS if n not in here]
