"""The `whoosh` engine: an index on disk written by Whoosh, searched through a numpy view.

Beside whoosh_format.py (writing) and whoosh_segments.py (reading) the only module that imports
whoosh. What of Whoosh 2.7.4 is stepped round, and why: its parser (queries are our own values), its
analyzers (terms come from analysis.py), its scorers and collectors (view.py), its missing fsync (a
storage that syncs before the rename), and its pickles (an index folder that others may write to is
not opened).
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
import time
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coproarchive.errors import EngineError, IndexStateError
from coproarchive.search.engines.columnar.searcher import SnapshotSearcher
from coproarchive.search.engines.seam import Document, SearchEngine
from coproarchive.search.engines.whoosh.columns import DamagedArraysError, segment_files
from coproarchive.search.engines.whoosh.format import WORDS, Codec, DurableStorage, schema
from coproarchive.search.engines.whoosh.segments import Segment, Segments
from coproarchive.search.engines.whoosh.stored_file import NAME as KEPT
from coproarchive.search.engines.whoosh.stored_file import StoredFile, StoredFileWriter
from coproarchive.search.engines.whoosh.stored_file import size as kept_size
from coproarchive.search.language.analysis import FIELD_SHIFT, invert
from coproarchive.search.language.fields import TEXT_FIELDS
from coproarchive.search.language.ranking import STANDARD, Weights

with warnings.catch_warnings():
    # See whoosh_format.py.
    warnings.simplefilter("ignore")
    import whoosh.index

BATCH_MB = 256
SETTLED_SECONDS = 1.0
"""A folder changed longer ago than this shows a later change in its time of change."""
TRIES = 5
"""Times to open the newest commit while another process goes on writing."""
REBUILD = "Run: coproarchive index --rebuild"


class WhooshEngine(SearchEngine):
    """One index folder. Thread-safe; the view follows other processes' commits.

    Args:
        folder: holds the index, or is made empty when `create` is set; an attribute too.
        weights: of the ranking.

    Raises:
        IndexStateError: there is no index, it is damaged, or others may write to it.
    """

    def __init__(self, folder: Path, *, create: bool = False, weights: Weights = STANDARD):
        self.folder = folder
        self._weights = weights
        self._lock = threading.RLock()
        self._view: tuple[int, SnapshotSearcher] | None = None
        self._settled = 0
        self._segments: dict[str, Segment] = {}
        try:
            if create:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._index = DurableStorage(str(folder)).create_index(schema())
            else:
                refuse_if_others_write(folder)
                self._index = DurableStorage(str(folder), readonly=False).open_index()
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
        """See SearchEngine.write; the caller keeps other processes out (IndexStorage.lock)."""
        with self._lock:
            try:
                writer = self._index.writer(limitmb=BATCH_MB, codec=Codec())
            except whoosh.index.LockError:
                raise EngineError("another process is writing to the index.", self.folder) from None
            except OSError as error:
                raise EngineError(
                    f"the index could not be written ({error}).", self.folder
                ) from None
            kept = StoredFileWriter(self.folder)
            try:
                known = self.snapshot().digests()
                for document_id in delete:
                    writer.delete_by_term("id", document_id)
                for document in documents:
                    if document.id in known:
                        writer.delete_by_term("id", document.id)
                    _add(writer, document, kept)
                kept.close()
                writer.commit()
            except BaseException as error:
                with contextlib.suppress(Exception):
                    kept.undo()
                with contextlib.suppress(Exception):
                    writer.cancel()
                with contextlib.suppress(Exception):
                    # On a full disk cancelling fails before it gets here.
                    writer.writelock.release()
                if isinstance(error, Exception) and not isinstance(error, EngineError):
                    raise EngineError(
                        f"the index could not be written ({error}).", self.folder
                    ) from error
                raise
            with contextlib.suppress(OSError):
                # The commit stands without it.
                self._note_segments()

    def close(self) -> None:
        """See SearchEngine.close."""
        with self._lock:
            self._view = None
            self._index.close()

    def snapshot(self) -> SnapshotSearcher:
        """See SearchEngine.snapshot: the newest generation in arrays."""
        try:
            changed = self.folder.stat().st_mtime_ns
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
        except DamagedArraysError as error:
            raise IndexStateError(
                f"the index is damaged ({error}).", self.folder, REBUILD
            ) from None
        except (OSError, EOFError, whoosh.index.IndexError) as error:
            raise IndexStateError(f"the index is gone ({error}).", self.folder, REBUILD) from None

    def _build(self) -> SnapshotSearcher:
        """A view of the newest commit; what is known of unchanged segments is taken over."""
        for attempt in range(TRIES):
            try:
                segments = self._opened_segments()
                break
            except FileNotFoundError:
                # Merged away by another process after the list of segments was read.
                if attempt == TRIES - 1:
                    raise
        kept = StoredFile(self.folder)
        view = SnapshotSearcher(Segments(list(segments.values()), kept), self._weights)
        # Only now: what is known is not looked through for damage again.
        self._segments = segments
        return view

    def _opened_segments(self) -> dict[str, Segment]:
        """Segments of the newest commit by their names, in Whoosh's order."""
        segments: dict[str, Segment] = {}
        with self._index.reader() as reader:
            for leaf, _ in reader.leaf_readers():
                if leaf.doc_count_all():
                    name = str(leaf.segment().segment_id())
                    known = self._segments.get(name)
                    segments[name] = Segment(self.folder, name, leaf, known)
        return segments

    # ------------------------------------------------------------ integrity

    def _note_segments(self) -> None:
        """Write down the checksums of the files of this commit."""
        generation = self._index.latest_generation()
        known: dict[str, Any] = {}
        for old in self.folder.glob("checks-*.json"):
            known |= _read_checks(old)
            if old.name != f"checks-{generation}.json":
                old.unlink(missing_ok=True)
        current = {str(segment.segment_id()) for segment in self._index._segments()}
        for name, arrays in segment_files(self.folder).items():
            if name not in current:
                # Of a segment that was merged away, or of a write that failed.
                with contextlib.suppress(OSError):
                    arrays.unlink()
        for killed in self.folder.glob("_MAIN_*.toc.*"):
            killed.unlink(missing_ok=True)
        # A segment's files never change; only new ones are read.
        checks = {p.name: known.get(p.name) or _checksum(p) for p in _segment_files(self.folder)}
        # What is kept has a checksum a document, arrays have theirs at their end.
        checks[KEPT] = kept_size(self.folder)
        path = self.folder / f"checks-{generation}.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(checks))
        temporary.replace(path)

    def _check_segments(self) -> None:
        """Compare with what was written down; a process killed in between wrote nothing down.

        Raises:
            IndexStateError: a file differs: answers could be wrong without a word.
        """
        path = self.folder / f"checks-{self._index.latest_generation()}.json"
        checks = _read_checks(path)
        if kept_size(self.folder) < checks.pop(KEPT, 0):
            raise IndexStateError(f"the index is damaged ({KEPT}).", self.folder, REBUILD)
        for name, wanted in checks.items():
            if not (self.folder / name).exists() or _checksum(self.folder / name) != wanted:
                raise IndexStateError(f"the index is damaged ({name}).", self.folder, REBUILD)


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


def _add(writer: Any, document: Document, kept: StoredFileWriter) -> None:
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
        "stored": {name: kept.add(data) for name, data in document.stored.items()},
    }
    texts = {WORDS: terms} if terms else {}
    writer.add_document(id=document.id, row=json.dumps(row), **texts)


def _segment_files(folder: Path) -> list[Path]:
    """Whoosh's own files of the committed segments."""
    return sorted(p for p in folder.glob("MAIN_*") if p.is_file() and p.suffix != ".tmp"
                  and not p.name.endswith("LOCK"))  # fmt: skip


def _read_checks(path: Path) -> dict[str, Any]:
    """What was written down; nothing where a process was killed at that."""
    try:
        checks = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return checks if isinstance(checks, dict) else {}


def _checksum(path: Path) -> list[int]:
    """Size and CRC-32."""
    crc = size = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
    return [size, crc]
