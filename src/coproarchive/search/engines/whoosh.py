"""The `whoosh` engine: an index on disk written by Whoosh, searched through a numpy view.

The only module that imports whoosh. What of Whoosh 2.7.4 is stepped round, and why:
its parser (queries are our own values), its analyzers (terms come from analysis.py), its scorers
and collectors (view.py), its missing fsync (a storage that syncs before the rename), and its
pickles (an index folder that others may write to is not opened).
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
import threading
import time
import warnings
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from coproarchive.errors import EngineError, IndexStateError
from coproarchive.search.analysis import EXACT, invert
from coproarchive.search.engines.arrays import FIELD_SHIFT, NO_POSTINGS, Postings
from coproarchive.search.engines.base import Document, Request, Response
from coproarchive.search.engines.view import Row, View
from coproarchive.search.fields import TEXT_FIELDS
from coproarchive.search.ranking import STANDARD, Weights

with warnings.catch_warnings():
    # Whoosh 2.7.4 has unescaped backslashes in strings; they mean what they say.
    warnings.simplefilter("ignore")
    import whoosh.codec.whoosh3  # imported late by whoosh itself, with the same warnings
    import whoosh.fields
    import whoosh.formats
    import whoosh.index
    from whoosh.codec.whoosh3 import W3TermInfo
    from whoosh.filedb.filestore import FileStorage
    from whoosh.matching import ListMatcher
    from whoosh.reading import TermNotFound

BATCH_MB = 256
WORDS = "words"
BLOCK = 2048
"""Documents of a term that are decoded in one step."""
SETTLED_SECONDS = 1.0
"""A folder changed longer ago than this shows a later change in its time of change."""
REBUILD = "Run: coproarchive index --rebuild"


class PackedPositions(whoosh.formats.Format):  # type: ignore[misc]  # whoosh has no types
    """Positions as 64-bit integers side by side, so that a block is decoded in one step.

    Named by module path inside the index: moving this class makes indexes unreadable.
    """

    def decode_frequency(self, value: bytes) -> int:
        """Number of positions."""
        return len(value) // 8

    def decode_weight(self, value: bytes) -> float:
        """Number of positions."""
        return float(len(value) // 8)

    def combine(self, values: Iterable[bytes]) -> bytes:
        """Positions of one term met twice in a document."""
        return np.unique(np.frombuffer(b"".join(values), "<i8")).astype("<i8").tobytes()


class InvertedText(whoosh.fields.FieldType):  # type: ignore[misc]  # whoosh has no types
    """Text given as term -> positions. Named by module path inside the index."""

    analyzer = None
    scorable: ClassVar[bool] = False
    stored: ClassVar[bool] = False
    unique: ClassVar[bool] = False
    vector = None

    def __init__(self) -> None:
        self.format = PackedPositions()

    def index(self, value: Mapping[str, list[int]], **_: object) -> Iterator[tuple[Any, ...]]:
        """What Whoosh's writer asks for: encoded term, frequency, weight, value."""
        for term, positions in value.items():
            packed = array("q", positions)
            if sys.byteorder == "big":
                packed.byteswap()
            yield term.encode(), len(positions), float(len(positions)), packed.tobytes()


def schema() -> whoosh.fields.Schema:
    """The Whoosh schema: all text fields in one, told apart by their positions' upper bits.

    A word is looked up once, not once a field, and an archive's terms are half as many.
    """
    return whoosh.fields.Schema(
        id=whoosh.fields.ID(unique=True, stored=True),
        row=whoosh.fields.STORED(),
        **{WORDS: InvertedText()},
    )


class _DurableStorage(FileStorage):  # type: ignore[misc]  # whoosh has no types
    """Syncs a file before it is renamed into place, and the folder after: Whoosh does neither."""

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Rename durably; segments, which the new table of contents names, are synced first."""
        folder = Path(self.folder)
        for path in folder.iterdir():
            if path.is_file() and not path.name.endswith("LOCK"):
                _sync(path)
        super().rename_file(oldname, newname, safe)
        if os.name != "nt":
            _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class WhooshEngine:
    """One index folder. Thread-safe; the view follows other processes' commits.

    Args:
        folder: holds the index, or is made empty when `create` is set.
        weights: of the ranking.

    Raises:
        IndexStateError: there is no index, it is damaged, or others may write to it.
    """

    def __init__(self, folder: Path, *, create: bool = False, weights: Weights = STANDARD):
        self._folder = folder
        self._weights = weights
        self._lock = threading.RLock()
        self._view: tuple[int, View] | None = None
        self._settled = 0
        self._segments: dict[str, _Segment] = {}
        try:
            if create:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._index = _DurableStorage(str(folder)).create_index(schema())
            else:
                refuse_if_others_write(folder)
                self._index = _DurableStorage(str(folder), readonly=False).open_index()
                self._check_segments()
        except (whoosh.index.IndexError, OSError) as error:
            raise IndexStateError(f"there is no index here ({error}).", folder, REBUILD) from None
        except IndexStateError:
            raise
        except Exception as error:  # a damaged pickle raises anything
            raise IndexStateError(
                f"the index is damaged ({type(error).__name__}).", folder, REBUILD
            ) from error

    def write(self, documents: Iterable[Document], delete: Iterable[str] = ()) -> None:
        """See SearchEngine.write."""
        with self._lock:
            try:
                codec = whoosh.codec.whoosh3.W3Codec(blocklimit=BLOCK)
                writer = self._index.writer(limitmb=BATCH_MB, codec=codec)
            except whoosh.index.LockError:
                raise EngineError(
                    "another process is writing to the index.", self._folder
                ) from None
            try:
                known = self.digests()
                for document_id in delete:
                    writer.delete_by_term("id", document_id)
                for document in documents:
                    if document.id in known:
                        writer.delete_by_term("id", document.id)
                    _add(writer, document)
                writer.commit()
            except BaseException as error:
                with contextlib.suppress(Exception):
                    writer.cancel()
                if isinstance(error, Exception) and not isinstance(error, EngineError):
                    raise EngineError(
                        f"the index could not be written ({error}).", self._folder
                    ) from error
                raise
            self._note_segments()

    def digests(self) -> Mapping[str, str]:
        """See SearchEngine.digests."""
        return self.view().digests()

    def search(self, request: Request) -> Response:
        """See SearchEngine.search."""
        return self.view().search(request)

    def frequency(self, term: str) -> int:
        """See SearchEngine.frequency."""
        return self.view().frequency(term)

    def words(self) -> list[str]:
        """See SearchEngine.words."""
        return self.view().words

    def close(self) -> None:
        """See SearchEngine.close."""
        with self._lock:
            self._view = None
            self._index.close()

    def view(self) -> View:
        """The newest generation in arrays; built when another commit is found."""
        try:
            changed = self._folder.stat().st_mtime_ns
            current = self._view
            if current is not None and changed == self._settled:
                return current[1]
            generation = self._index.latest_generation()
            if current is None or current[0] != generation:
                with self._lock:
                    if self._view is None or self._view[0] != generation:
                        self._view = (generation, self._build())
                    current = self._view
            if time.time_ns() - changed > SETTLED_SECONDS * 1e9:
                self._settled = changed
            return current[1]
        except (OSError, EOFError, whoosh.index.IndexError) as error:
            raise IndexStateError(f"the index is gone ({error}).", self._folder, REBUILD) from None

    def _build(self) -> View:
        """A view of the newest commit; what is known of unchanged segments is taken over."""
        reader = self._index.reader()
        segments = []
        for leaf, _ in reader.leaf_readers():
            if leaf.doc_count_all():
                name = str(leaf.segment().segment_id())
                known = self._segments.get(name)
                segments.append((name, _Segment(leaf, known)))
        self._segments = dict(segments)
        return View(_WhooshSource([segment for _, segment in segments]), self._weights)

    # ------------------------------------------------------------ integrity

    def _note_segments(self) -> None:
        """Write down the checksums of the files of this commit."""
        generation = self._index.latest_generation()
        known: dict[str, list[int]] = {}
        for old in self._folder.glob("checks-*.json"):
            known |= json.loads(old.read_text())
            if old.name != f"checks-{generation}.json":
                old.unlink(missing_ok=True)
        # A segment's files never change; only new ones are read.
        checks = {p.name: known.get(p.name) or _checksum(p) for p in _segment_files(self._folder)}
        path = self._folder / f"checks-{generation}.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(checks))
        temporary.replace(path)

    def _check_segments(self) -> None:
        """Compare with what was written down; a process killed in between wrote nothing down.

        Raises:
            IndexStateError: a file differs: answers could be wrong without a word.
        """
        path = self._folder / f"checks-{self._index.latest_generation()}.json"
        if not path.exists():
            return
        for name, wanted in json.loads(path.read_text()).items():
            if not (self._folder / name).exists() or _checksum(self._folder / name) != wanted:
                raise IndexStateError(f"the index is damaged ({name}).", self._folder, REBUILD)


def refuse_if_others_write(folder: Path) -> None:
    """Whoosh's files are pickles, which can run code: open only what no one else could write.

    Raises:
        IndexStateError: the folder is missing, or writable by other users.
    """
    try:
        mode = folder.stat()
    except OSError:
        raise IndexStateError(
            "there is no index here.", folder, "Run: coproarchive index"
        ) from None
    if os.name != "nt" and (mode.st_mode & stat.S_IWOTH or mode.st_uid not in (os.getuid(), 0)):
        raise IndexStateError(
            "other users of this machine can write to the index.", folder, f"Delete it. {REBUILD}"
        )


def _add(writer: Any, document: Document) -> None:
    terms: dict[str, list[int]] = {}
    lengths = []
    for number, name in enumerate(TEXT_FIELDS):
        found, length = invert(document.texts.get(name, ()), document.language)
        lengths.append(length)
        mark = number << FIELD_SHIFT
        for term, positions in found.items():
            terms.setdefault(term, []).extend([mark | p for p in positions])
    row = {
        "digest": document.digest,
        "lengths": lengths,
        "facets": {name: list(values) for name, values in document.facets.items()},
        "date": document.date,
        "title": document.title,
    }
    texts = {WORDS: terms} if terms else {}
    writer.add_document(id=document.id, row=json.dumps(row), **texts)


def _segment_files(folder: Path) -> list[Path]:
    """Whoosh's own files of the committed segments; others in the folder are not the engine's."""
    return sorted(p for p in folder.glob("MAIN_*") if p.is_file() and p.suffix != ".tmp"
                  and not p.name.endswith("LOCK"))  # fmt: skip


def _checksum(path: Path) -> list[int]:
    """Size and CRC-32."""
    crc = size = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
    return [size, crc]


class _Segment:
    """What a view needs of one of Whoosh's segments, which never change but for deletions.

    Args:
        leaf: Whoosh's reader of it.
        known: the same segment in an earlier commit, whose rows and words are taken over.
    """

    def __init__(self, leaf: Any, known: _Segment | None):
        self.leaf = leaf
        count = leaf.doc_count_all()
        self.live = np.ones(count, bool)
        if leaf.has_deletions():
            self.live[[n for n in range(count) if leaf.is_deleted(n)]] = False
        self.rows: list[Row] = (
            known.rows if known else [_row(leaf.stored_fields(n)) for n in range(count)]
        )
        self._vocabulary: _Vocabulary | None = known._vocabulary if known else None

    def words(self) -> set[str]:
        """Every word as written that some live document of it has."""
        if self._vocabulary is None:
            self._vocabulary = _Vocabulary(self.leaf)
        return self._vocabulary.of(self.live, self._is_alive)

    def _is_alive(self, word: str) -> bool:
        ids = (ids for ids, _ in _blocks(self.leaf, (EXACT + word).encode()))
        return any(self.live[block].any() for block in ids)


class _Vocabulary:
    """Words of a segment, with what tells whether a live document still has them.

    A deleted document's words stay in its segment until that is merged away; offered as a
    correction, they would tell of an item that was hidden.
    """

    def __init__(self, leaf: Any):
        mark = EXACT.encode()
        terms = leaf._terms
        start = terms._keycoder(WORDS, mark)
        words: list[str] = []
        infos: list[tuple[int, int, int]] = []
        for key, info in terms._tindex.items_from(start):
            if not key.startswith(start):
                break
            words.append(key[len(start) :].decode())
            values = W3TermInfo._struct.unpack_from(info)
            infos.append((values[2], values[6], values[7]))
        self._words = words
        # Documents that have the word, and the first and last of them.
        self._count, self._first, self._last = np.array(infos, np.int64).reshape(-1, 3).T

    def of(self, live: Any, is_alive: Callable[[str], bool]) -> set[str]:
        words = set(self._words)
        gone = int(np.count_nonzero(~live))
        if gone and words:
            doubtful = (self._count <= gone) & ~live[self._first] & ~live[self._last]
            for n in np.flatnonzero(doubtful).tolist():
                if self._count[n] <= 2 or not is_alive(self._words[n]):
                    words.discard(self._words[n])
        return words


def _row(stored: Mapping[str, str]) -> Row:
    row = json.loads(stored["row"])
    facets = {name: tuple(values) for name, values in row["facets"].items()}
    return Row(
        stored["id"], row["digest"], tuple(row["lengths"]), facets, row["date"], row["title"]
    )


class _WhooshSource:
    """The segments of one commit as the view wants them."""

    def __init__(self, segments: list[_Segment]):
        self._segments = segments
        self._lock = threading.Lock()
        # Whoosh's numbers of live documents -> ours, without gaps; -1 where deleted.
        live = np.concatenate([s.live for s in segments]) if segments else np.zeros(0, bool)
        self._numbers = np.where(live, np.cumsum(live) - 1, -1)
        self._all_live = bool(live.all())

    def rows(self) -> list[Row]:
        return [
            row for s in self._segments for row, live in zip(s.rows, s.live, strict=True) if live
        ]

    def words(self) -> list[str]:
        with self._lock:
            return sorted(set().union(*(segment.words() for segment in self._segments)))

    def postings(self, term: str) -> Postings:
        documents, counts, values = [], [], []
        offset = 0
        with self._lock:
            for segment in self._segments:
                for ids, packed in _blocks(segment.leaf, term.encode()):
                    documents.append(ids + offset)
                    counts.append(np.fromiter(map(len, packed), np.int64, len(packed)) >> 3)
                    values.append(b"".join(packed))
                offset += len(segment.live)
        if not documents:
            return NO_POSTINGS
        numbers = self._numbers[np.concatenate(documents)]
        count = np.concatenate(counts)
        positions = np.frombuffer(b"".join(values), "<i8")
        if not self._all_live:
            live = numbers >= 0
            positions = positions[np.repeat(live, count)]
            numbers, count = numbers[live], count[live]
        return Postings(numbers, count, positions)


def _blocks(segment: Any, term: bytes) -> Iterator[tuple[Any, Any]]:
    """Document numbers and packed positions, a block of Whoosh's at a time."""
    try:
        matcher = segment.postings(WORDS, term)
    except TermNotFound:
        return
    while hasattr(matcher, "child"):
        matcher = matcher.child  # deletions are filtered by the caller, for all terms at once
    if isinstance(matcher, ListMatcher):
        yield np.asarray(list(matcher._ids), np.int64), list(matcher._values)
        return
    while matcher.is_active():
        matcher._read_data()
        matcher._read_values()
        yield np.cumsum(np.asarray(matcher._data[0], np.int64)), matcher._values
        matcher._next_block()
