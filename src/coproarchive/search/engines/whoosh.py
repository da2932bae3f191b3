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
import threading
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from coproarchive.errors import EngineError, IndexStateError
from coproarchive.search.analysis import EXACT, invert
from coproarchive.search.engines.base import Document, Request, Response
from coproarchive.search.engines.view import NO_POSTINGS, Postings, Row, View
from coproarchive.search.fields import TEXT_FIELDS

with warnings.catch_warnings():
    # Whoosh 2.7.4 has unescaped backslashes in strings; they mean what they say.
    warnings.simplefilter("ignore")
    import whoosh.codec.whoosh3  # imported late by whoosh itself, with the same warnings
    import whoosh.fields
    import whoosh.formats
    import whoosh.index
    from whoosh.filedb.filestore import FileStorage
    from whoosh.matching import ListMatcher
    from whoosh.reading import TermNotFound

BATCH_MB = 256
REBUILD = "Run: coproarchive index --rebuild"


class PackedPositions(whoosh.formats.Format):  # type: ignore[misc]  # whoosh has no types
    """Positions as 32-bit integers side by side, so that a block is decoded in one step.

    Named by module path inside the index: moving this class makes indexes unreadable.
    """

    def word_values(self, value: Any, analyzer: object, **_: object) -> Iterator[tuple[Any, ...]]:
        """Term, count, weight and packed positions; `value` is what analysis.invert gave."""
        for term, positions in value.items():
            packed = np.asarray(positions, dtype="<i4").tobytes()
            yield term, len(positions), float(len(positions)), packed

    def decode_frequency(self, value: bytes) -> int:
        """Number of positions."""
        return len(value) // 4

    def decode_weight(self, value: bytes) -> float:
        """Number of positions."""
        return float(len(value) // 4)

    def combine(self, values: Iterable[bytes]) -> bytes:
        """Positions of one term met twice in a document."""
        return np.unique(np.frombuffer(b"".join(values), "<i4")).astype("<i4").tobytes()


class InvertedText(whoosh.fields.FieldType):  # type: ignore[misc]  # whoosh has no types
    """A field given as term -> positions. Named by module path inside the index."""

    analyzer = None
    scorable: ClassVar[bool] = False
    stored: ClassVar[bool] = False
    unique: ClassVar[bool] = False
    vector = None

    def __init__(self) -> None:
        self.format = PackedPositions()

    def index(self, value: Mapping[str, list[int]], **_: object) -> Iterator[tuple[Any, ...]]:
        """What Whoosh's writer asks for: encoded term, frequency, weight, value."""
        for term, count, weight, packed in self.format.word_values(value, None):
            yield term.encode(), count, weight, packed


def schema() -> whoosh.fields.Schema:
    """The Whoosh schema that follows from the fields table."""
    columns: dict[str, Any] = {
        "id": whoosh.fields.ID(unique=True, stored=True),
        "row": whoosh.fields.STORED(),
    }
    return whoosh.fields.Schema(**columns, **{name: InvertedText() for name in TEXT_FIELDS})


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

    Raises:
        IndexStateError: there is no index, it is damaged, or others may write to it.
    """

    def __init__(self, folder: Path, *, create: bool = False):
        self._folder = folder
        self._lock = threading.RLock()
        self._view: tuple[int, View] | None = None
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
                writer = self._index.writer(limitmb=BATCH_MB)
            except whoosh.index.LockError:
                raise EngineError(
                    "another process is writing to the index.", self._folder
                ) from None
            try:
                for document_id in delete:
                    writer.delete_by_term("id", document_id)
                for document in documents:
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
            generation = self._index.latest_generation()
            current = self._view
            if current is not None and current[0] == generation:
                return current[1]
            with self._lock:
                if self._view is None or self._view[0] != generation:
                    self._view = (generation, View(_WhooshSource(self._index.reader())))
                return self._view[1]
        except (OSError, EOFError, whoosh.index.IndexError) as error:
            raise IndexStateError(f"the index is gone ({error}).", self._folder, REBUILD) from None

    # ------------------------------------------------------------ integrity

    def _note_segments(self) -> None:
        """Write down the checksums of the files of this commit."""
        generation = self._index.latest_generation()
        for old in self._folder.glob("checks-*.json"):
            if old.name != f"checks-{generation}.json":
                old.unlink(missing_ok=True)
        checks = {path.name: _checksum(path) for path in _segment_files(self._folder)}
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
    terms, lengths = {}, []
    for name in TEXT_FIELDS:
        found, length = invert(document.texts.get(name, ()), document.language)
        lengths.append(length)
        if found:
            terms[name] = found
    row = {
        "digest": document.digest,
        "lengths": lengths,
        "facets": {name: list(values) for name, values in document.facets.items()},
        "date": document.date,
        "title": document.title,
    }
    writer.update_document(id=document.id, row=json.dumps(row), **terms)


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


class _WhooshSource:
    """A reader of one generation as the view wants it."""

    def __init__(self, reader: Any):
        self._reader = reader
        self._segments = [
            (leaf, offset) for leaf, offset in reader.leaf_readers() if leaf.doc_count_all()
        ]
        self._lock = threading.Lock()
        # Whoosh's numbers of live documents -> ours, without gaps; -1 where deleted.
        live = np.array([not reader.is_deleted(n) for n in range(reader.doc_count_all())], bool)
        self._numbers = np.where(live, np.cumsum(live) - 1, -1)

    def rows(self) -> list[Row]:
        rows = []
        for number in np.flatnonzero(self._numbers >= 0).tolist():
            stored = self._reader.stored_fields(number)
            row = json.loads(stored["row"])
            facets = {name: tuple(values) for name, values in row["facets"].items()}
            lengths = tuple(row["lengths"])
            rows.append(
                Row(stored["id"], row["digest"], lengths, facets, row["date"], row["title"])
            )
        return rows

    def words(self) -> list[str]:
        mark = EXACT.encode()
        found: set[bytes] = set()
        with self._lock:
            for name in TEXT_FIELDS:
                found.update(t for t in self._reader.expand_prefix(name, mark))
        return sorted(t[len(mark) :].decode() for t in found)

    def postings(self, field: str, term: str) -> Postings:
        documents, counts, values = [], [], []
        with self._lock:
            for segment, offset in self._segments:
                for ids, packed in _blocks(segment, field, term.encode()):
                    documents.append(ids + offset)
                    counts.append(np.fromiter(map(len, packed), np.int64, len(packed)) // 4)
                    values.append(b"".join(packed))
        if not documents:
            return NO_POSTINGS
        numbers = self._numbers[np.concatenate(documents)]
        count = np.concatenate(counts)
        positions = np.frombuffer(b"".join(values), "<i4").astype(np.int64)
        live = numbers >= 0
        if not live.all():
            positions = positions[np.repeat(live, count)]
            numbers, count = numbers[live], count[live]
        return Postings(numbers, count, positions)


def _blocks(segment: Any, field: str, term: bytes) -> Iterator[tuple[Any, Any]]:
    """Document numbers and packed positions, a block of Whoosh's at a time."""
    try:
        matcher = segment.postings(field, term)
    except TermNotFound:
        return
    while hasattr(matcher, "child"):
        matcher = matcher.child  # deletions are filtered by the caller, for all terms at once
    if isinstance(matcher, ListMatcher):
        yield np.asarray(list(matcher._ids), np.int64), list(matcher._values)
        return
    while matcher.is_active():
        matcher._read_ids()
        matcher._read_values()
        yield np.asarray(matcher._ids, np.int64), matcher._values
        matcher._next_block()
