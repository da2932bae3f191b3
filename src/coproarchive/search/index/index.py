"""The index of a whole archive: kept up to date, rebuilt beside the old one, searched by queries.

    index/CURRENT             which generation counts, and what it was made with
    index/generations/<n>/    the engine's files, the problems met when its files were read, and the
                              phrases that items say, for suggestions
    index/extracted/          texts by hash of the file (extract/cache.py)

Everything here is derived from archive/ and may be deleted. The digest of each document is kept in
the engine itself, so that what is indexed and what is thought to be indexed cannot differ.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError, IndexStateError
from coproarchive.extract import table
from coproarchive.extract.base import Notice
from coproarchive.extract.worker import Job, Reader
from coproarchive.model import Asset, Item, Problem, Severity, edtf_bounds
from coproarchive.progress import Progress, silent
from coproarchive.search.cache import Cache
from coproarchive.search.discover import phrases
from coproarchive.search.discover.similar import Similar, similar
from coproarchive.search.document import about, record_of, searchable_names, shown_leaves
from coproarchive.search.engines.memory import MemoryEngine
from coproarchive.search.engines.seam import Document, SearchEngine, Snapshot
from coproarchive.search.hits.highlight import Highlighter
from coproarchive.search.hits.locate import HitSource, Locator
from coproarchive.search.hits.results import Results
from coproarchive.search.hits.stored import pack, texts_of
from coproarchive.search.index import generations
from coproarchive.search.index.execute import Outcome, ask
from coproarchive.search.index.present import Labels, facets_of, notes_of
from coproarchive.search.language import fields
from coproarchive.search.language.query import MAX_SIZE, Query
from coproarchive.search.language.rewrite import Rewriter, Synonyms
from coproarchive.store import Store

NEAR = 5
"""So many of what has only some of the words are shown behind the few that have all."""
SHOWN_BYTES = 48 << 20
"""Bytes kept of texts of items that were hits: the same ones are, again and again."""


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update did.

    Attributes:
        added, updated, removed, unchanged: number of items.
        leaves: pages, slides and sections in the items added or updated.
        problems: of all public items' files, and of records that could not be read.
        seconds: of the whole update; reading_seconds of reading files.
        rebuilt: whether a new generation was made.
    """

    added: int
    updated: int
    removed: int
    unchanged: int
    leaves: int
    problems: tuple[Problem, ...]
    seconds: float
    reading_seconds: float
    rebuilt: bool


class Index:
    """An opened index. Thread-safe.

    Args:
        root: the index folder.
        engine: opened.
        generation: its number; 0 for one that is in memory only.
    """

    def __init__(self, root: Path, engine: SearchEngine, generation: int):
        self.root = root
        self.generation = generation
        self._engine = engine
        self._phrases = phrases.PhraseLog(self.folder / "phrases.jsonl" if generation else None)
        self._kept: SearchContext | None = None

    @classmethod
    def open(cls, root: Path) -> Index:
        """Open the current generation.

        Raises:
            IndexStateError: there is none, it was made by another version, or it is damaged.
        """
        engine, generation = generations.open_current(root)
        return cls(root, engine, generation)

    @property
    def folder(self) -> Path:
        """Where this generation's files are."""
        return generations.folder_of(self.root, self.generation)

    @property
    def is_current(self) -> bool:
        """Whether no newer generation was swapped in, and this one is still there."""
        return generations.current_generation(self.root) == self.generation

    def close(self) -> None:
        """Let go of files."""
        self._engine.close()

    def version(self) -> object:
        """Another value after each update that changed something, by whichever process."""
        return self._engine.snapshot()

    def phrases(self, catalogue: Catalogue) -> Mapping[str, str]:
        """Phrases that the record and the slides of each item say, phrases.BETWEEN between them.

        Args:
            catalogue: what the reader may see. Of what is not in it, or has changed since it was
                indexed, nothing is told.
        """
        records = {item_id: record_of(item_id, catalogue) for item_id in catalogue.items}
        return self._phrases.read(self._engine.snapshot().digests(), records)

    def words(self) -> list[str]:
        """Every word in the index, sorted."""
        return self._engine.snapshot().words()

    def frequency(self, term: str) -> int:
        """Items with the term."""
        return self._engine.snapshot().frequency(term)

    # --------------------------------------------------------------- asking

    def search(self, query: Query, catalogue: Catalogue) -> Results:
        """Find items and their best slides.

        Args:
            query: what is asked.
            catalogue: what the reader may see.
        """
        known = self._known(catalogue)
        answer = known.answer(query)
        compiled, response = answer.compiled, answer.response
        locator = Locator(compiled, known.compiler, catalogue, known.engine, known.shown)
        hits, also = locator.hits(response.hits, response.near_misses[:NEAR])
        return Results(
            total=response.total,
            full=answer.full,
            hits=hits,
            near_misses=also,
            facets=facets_of(response, query, catalogue, known.labels),
            query=query,
            notes=notes_of(query, answer),
            corrections=compiled.corrections,
            synonyms={word: tuple(others) for word, others in compiled.synonyms.items()},
            partial=answer.partial and not compiled.is_question,
        )

    def answer(self, query: Query, catalogue: Catalogue) -> Outcome:
        """What the engine finds, its hits not yet made readable."""
        return self._known(catalogue).answer(query)

    def found(
        self, query: Query, catalogue: Catalogue, most: int
    ) -> list[tuple[str, float, bool | None]]:
        """Id, score and whether it has all the words, of the hits from the first page on.

        Of a long question that is not known: None.
        """
        found: list[tuple[str, float, bool | None]] = []
        for page in range(1, -(-most // MAX_SIZE) + 1):
            asked = replace(query, page=page, size=min(MAX_SIZE, most))
            answer = self.answer(asked, catalogue)
            hits = enumerate(answer.response.hits, start=len(found))
            for number, (item_id, score) in hits:
                is_full = None if answer.compiled.is_question else number < answer.full
                found.append((item_id, score, is_full))
            if len(answer.response.hits) < asked.size:
                break
        return found[:most]

    def similar(
        self, item: Item, catalogue: Catalogue, reader: Reader, leaf: int | None = None
    ) -> tuple[Similar, ...]:
        """Items like this one, or like one leaf of its first file; see similar.similar."""
        known = self._known(catalogue)
        return similar(known.engine, catalogue, reader, item, leaf, exclude=known.exclude)

    def highlighter(self, query: Query, catalogue: Catalogue, language: str) -> Highlighter:
        """Marks what answers the query in texts of a language, as the hits of a search do."""
        compiler = self._known(catalogue).compiler
        compiled = compiler.compile(query)
        return Highlighter((*compiled.clauses, *compiled.alternatives), compiler.forms, language)

    def _known(self, catalogue: Catalogue) -> SearchContext:
        """What follows from this catalogue and what the index holds now; kept, since making it
        reads every record's language, every topic and every id."""
        engine, kept = self._engine.snapshot(), self._kept
        if kept is None or kept.engine is not engine or kept.catalogue is not catalogue:
            kept = self._kept = SearchContext.of(catalogue, engine)
        return kept

    # ------------------------------------------------------------- updating

    @classmethod
    def update(
        cls,
        root: Path,
        store: Store,
        catalogue: Catalogue,
        reader: Reader,
        *,
        rebuild: bool = False,
        progress: Progress = silent,
    ) -> UpdateReport:
        """Make the index say what the archive says; writes only what changed.

        A rebuild, asked for or needed, is made beside the old generation and swapped in. Killed at
        any moment, the index is as it was before or as it is after.

        Raises:
            LockedError: another process is updating the index.
            EngineError: the index could not be written.
        """
        started = time.monotonic()
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with generations.lock(root):
            generations.sweep(root)
            index = None if rebuild else _usable(root)
            is_new = index is None
            if index is None:
                index = cls(root, *generations.create(root))
            try:
                work = _Work(store, catalogue.for_public(), reader, progress)
                report = work.bring_up_to_date(index, started, is_new)
            except BaseException:
                if is_new:
                    shutil.rmtree(index.folder, ignore_errors=True)
                raise
            finally:
                index.close()
            if is_new:
                generations.swap_in(root, index.generation)
        return replace(report, problems=(*catalogue.problems, *report.problems))

    @classmethod
    def in_memory(cls, catalogue: Catalogue, reader: Reader, store: Store) -> Index:
        """An index that is never written: for the `memory` engine and for tests."""
        index = cls(Path(), MemoryEngine(), 0)
        _Work(store, catalogue.for_public(), reader, silent).bring_up_to_date(index, 0.0, True)
        return index


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What is made once for a catalogue and what the engine has.

    Attributes:
        catalogue, engine: those two.
        compiler: of queries.
        without: ids that the engine has and the catalogue has not.
        labels: of the catalogue's facet values.
        facets: that are counted.
        shown: what hits are shown from.
    """

    catalogue: Catalogue
    engine: Snapshot
    compiler: Rewriter
    exclude: frozenset[str]
    labels: Labels
    facets: tuple[str, ...]
    shown: Cache[HitSource]

    @classmethod
    def of(cls, catalogue: Catalogue, engine: Snapshot) -> SearchContext:
        """Made of them."""
        # Hidden or withdrawn after the index was brought up to date: out of every answer at once.
        exclude = frozenset(engine.digests().keys() - catalogue.items.keys())
        topics = ((t.label, *t.alternatives) for t in catalogue.topics.values())
        compiler = Rewriter(
            list(dict.fromkeys([*catalogue.series.languages, *_spoken(catalogue)])),
            Synonyms([*catalogue.series.synonyms, *topics]),
            partial(engine.frequency, exclude=exclude),
            partial(engine.words, exclude),
        )
        # With the first question, which waits anyway, rather than with the first misspelt one.
        compiler.prepare()
        facets = tuple(f for f in catalogue.series.facets if f in fields.FACETS)
        shown: Cache[HitSource] = Cache(SHOWN_BYTES, lambda shown: shown.size)
        return cls(catalogue, engine, compiler, exclude, Labels(catalogue), facets, shown)

    def answer(self, query: Query) -> Outcome:
        """What the engine finds."""
        return ask(self.engine, self.compiler, query, self.facets, self.exclude)


def _spoken(catalogue: Catalogue) -> Iterator[str]:
    """Languages of the records."""
    return (item.language for item in catalogue.items.values() if item.language)


class _Work:
    """One update: which documents to write, and writing them."""

    def __init__(self, store: Store, catalogue: Catalogue, reader: Reader, progress: Progress):
        self._store = store
        self._catalogue = catalogue
        self._reader = reader
        self._progress = progress
        self._problems: dict[str, list[Problem]] = {}
        self._leaves = 0
        self._reading = 0.0

    def bring_up_to_date(self, index: Index, started: float, is_new: bool) -> UpdateReport:
        wanted = {item_id: self._digest(item_id) for item_id in self._catalogue.items}
        have = dict(index._engine.snapshot().digests())
        gone = [item_id for item_id in have if item_id not in wanted]
        changed = [item_id for item_id, digest in wanted.items() if have.get(item_id) != digest]
        kept = index.folder / "problems.json"
        self._problems = {i: p for i, p in _read_problems(kept).items() if i in wanted}
        if changed or gone or is_new:
            items = [self._catalogue.items[i] for i in changed]
            index._engine.write(self._documents(items, index._phrases), gone)
            index._phrases.tidy(wanted, at_once=bool(gone))
            if kept.parent.is_dir():
                _write_problems(kept, self._problems)
        added = sum(1 for item_id in changed if item_id not in have)
        return UpdateReport(
            added=added,
            updated=len(changed) - added,
            removed=len(gone),
            unchanged=len(wanted) - len(changed),
            leaves=self._leaves,
            problems=tuple(p for found in self._problems.values() for p in found),
            seconds=time.monotonic() - started,
            reading_seconds=self._reading,
            rebuilt=is_new,
        )

    def _digest(self, item_id: str) -> str:
        item = self._catalogue.items[item_id]
        parts = (
            self._catalogue.digests[item_id],
            *sorted({self._reader.reader_of(a.media_type) for a in item.assets}),
            self._catalogue.series.hidden_slides,
            self._catalogue.series.languages[0],
            f"phrases {phrases.VERSION}",
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _documents(self, items: list[Item], log: phrases.PhraseLog) -> Iterator[Document]:
        """Documents of the items, their files read side by side before; their phrases logged.

        The log is on the disk when the last document was taken, which is before any counts.
        """
        started = time.monotonic()
        self._read(items)
        self._reading = time.monotonic() - started
        with log.appending() as append:
            for number, item in enumerate(items, start=1):
                self._progress("indexing", number, len(items), item.title)
                document = self._document(item)
                said = [(item.title, item.abstract or "")]
                said += zip(document.texts["heading"], document.texts["body"], strict=True)
                found = phrases.phrases_of(said, document.language)
                append(item.id, document.digest, record_of(item.id, self._catalogue), found)
                yield document

    def _read(self, items: list[Item]) -> None:
        """Read the items' files, so that their text is known; note what went wrong."""
        for item in items:
            self._problems[item.id] = []
        places: list[tuple[str, str]] = []
        total = sum(len(item.assets) for item in items)

        def jobs() -> Iterator[Job]:
            for item in items:
                for asset in item.assets:
                    try:
                        path = self._store.asset_path(item.id, asset.path)
                    except CoproArchiveError as error:
                        self._problems[item.id].append(missing_file(item.id, asset, error.message))
                        continue
                    places.append((item.id, asset.path))
                    yield Job(path, asset.sha256, asset.media_type)

        for done, (job, extraction) in enumerate(self._reader.read_many(jobs())):
            item_id, name = places[done]
            self._progress("reading", done + 1, total, f"{item_id}/{name}")
            if table.wants_words(job.media_type):
                found = (notice_problem(n, f"{item_id}/{name}") for n in extraction.notices)
                self._problems[item_id] += found

    def _document(self, item: Item) -> Document:
        leaves = list(shown_leaves(item, self._catalogue, self._reader))
        self._leaves += len(leaves)
        # Every field has one text a leaf, so that the same place is the same slide.
        texts = [texts_of(leaf) for _, leaf in leaves]
        names = searchable_names(item, self._catalogue)
        date = self._catalogue.item_date(item)
        return Document(
            id=item.id,
            digest=self._digest(item.id),
            texts={
                "title": (item.title,),
                "heading": tuple(heading for heading, _, _ in texts),
                "abstract": (item.abstract,) if item.abstract else (),
                "body": tuple(own for _, own, _ in texts),
                "notes": tuple(notes for _, _, notes in texts),
                "names": tuple(names),
            },
            language=item.language or self._catalogue.series.languages[0],
            facets={
                "seminar": (item.seminar,) if item.seminar else (),
                "speaker": tuple(dict.fromkeys(c.person for c in item.people)),
                "topic": item.topics,
                "kind": (item.kind.value,),
                "year": (date[:4],) if date else (),
            },
            date=edtf_bounds(date)[0] if date else "",
            title=item.title,
            stored=pack(
                record_of(item.id, self._catalogue),
                about(item, self._catalogue),
                item.title,
                item.abstract or "",
                leaves,
            ),
        )


def _usable(root: Path) -> Index | None:
    """The current index, None where it has to be built anew."""
    try:
        index = Index.open(root)
        index._engine.snapshot().digests()
    except IndexStateError:
        return None
    return index


def notice_problem(notice: Notice, path: str) -> Problem:
    """What a reader of files said, as a problem of the file at `path`."""
    return Problem(
        notice.code,
        notice.severity,
        path,
        notice.message,
        field=str(notice.leaf) if notice.leaf else "",
        hint=notice.hint,
    )


def missing_file(item_id: str, asset: Asset, message: str) -> Problem:
    """A file that the record names and that is not there."""
    return Problem(
        "file-missing",
        Severity.ERROR,
        f"{item_id}/{asset.path}",
        message,
        hint="Put the file back from a copy, or take it out of the item's record.",
    )


def _write_problems(path: Path, problems: dict[str, list[Problem]]) -> None:
    stored = {item: [asdict(p) for p in found] for item, found in problems.items()}
    path.write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")


def _read_problems(path: Path) -> dict[str, list[Problem]]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(item): [Problem(**(p | {"severity": Severity(p["severity"])})) for p in found]
            for item, found in stored.items()
        }
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return {}
