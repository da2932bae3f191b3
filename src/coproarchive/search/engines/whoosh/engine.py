"""The `whoosh` engine: an index on disk that plain Whoosh can open, searched through columns.

Of Whoosh 2.7.4 are used: its schema, codec, files and table of contents. Not used, and why: its
parser (queries are values), its analyzers (terms come from analysis.py), its scorers and collectors
(columnar/), its IndexWriter (commit.py), and its pickles where others may write (integrity.py).
"""

from __future__ import annotations

import contextlib
import errno
import threading
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from coproarchive.errors import (
    CoproArchiveError,
    EngineError,
    FileSystemError,
    IndexStateError,
)
from coproarchive.search.engines.columnar.searcher import SnapshotSearcher
from coproarchive.search.engines.seam import Document, SearchEngine
from coproarchive.search.engines.whoosh.commit import Commit
from coproarchive.search.engines.whoosh.integrity import (
    REBUILD,
    compare_checks,
    finish_commit,
    latest_generation,
    note_checks,
    refuse_if_others_write,
)
from coproarchive.search.engines.whoosh.segments import Segment, Segments
from coproarchive.search.engines.whoosh.stock import (
    DurableStorage,
    FileIndex,
    WhooshIndexError,
    schema,
)
from coproarchive.search.engines.whoosh.stored_file import StoredFile, wipe_gaps
from coproarchive.search.language.ranking import STANDARD, Weights

SETTLED_SECONDS = 1.0
"""A folder changed longer ago than this shows a later change in its time of change."""
_ABSENT = (errno.ENOENT, errno.ENOTDIR)

TRIES = 5
"""Times to open the newest commit while another process goes on writing."""


class WhooshEngine(SearchEngine):
    """One index folder. Thread-safe; snapshots follow other processes' commits.

    Args:
        folder: holds the index, or is made empty when `create` is set; an attribute too.
        root: folder of all generations, where others may not write either; `folder` if None.
        weights: of the ranking.

    Raises:
        IndexStateError: there is no index, it is damaged, or others may write to it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        create: bool = False,
        root: Path | None = None,
        weights: Weights = STANDARD,
    ):
        self.folder = folder
        self._weights = weights
        self._lock = threading.RLock()
        self._snapshot: tuple[int, SnapshotSearcher] | None = None
        self._settled = 0
        self._segments: dict[str, Segment] = {}
        self._storage = DurableStorage(str(folder))
        try:
            if create:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._index = self._storage.create_index(schema())
            else:
                refuse_if_others_write(folder, root or folder)
                self._index = self._open_index()
        except OSError as error:
            if error.errno in _ABSENT:
                raise _missing(folder, error) from None
            raise FileSystemError(error, folder) from error
        except WhooshIndexError as error:
            raise _missing(folder, error) from None
        except IndexStateError:
            raise
        except Exception as error:  # a damaged pickle raises anything
            raise _damaged(folder, error) from error

    def _open_index(self) -> FileIndex:
        """Open Whoosh's index where its files are what was written.

        Another process's commit removes files between two looks: that is no damage.
        """
        for attempt in range(TRIES):
            generation = latest_generation(self.folder)
            try:
                # First of all: reading a damaged table of contents may take for ever.
                compare_checks(self.folder, generation)
                return self._storage.open_index()
            except (IndexStateError, WhooshIndexError, FileNotFoundError):
                if attempt == TRIES - 1 or latest_generation(self.folder) == generation:
                    raise
        raise AssertionError

    def write(self, documents: Iterable[Document], delete: Iterable[str] = ()) -> None:
        """See SearchEngine.write; the caller keeps other processes out (IndexStorage.lock)."""
        with self._lock:
            self.snapshot()
            try:
                commit = Commit(self.folder, self._storage, self._segments)
            except OSError as error:
                raise self._not_written(error) from None
            try:
                commit.delete(delete)
                for document in documents:
                    commit.add(document)
                commit.finish()
            except BaseException as error:
                commit.undo()
                if isinstance(error, Exception) and not isinstance(error, CoproArchiveError):
                    raise self._not_written(error) from error
                raise
            with contextlib.suppress(OSError):  # the commit stands without them
                note_checks(self.folder, self._storage, commit.generation)
            self._wipe()

    def _wipe(self) -> None:
        """Clear the stored bytes of documents that are gone from the newest commit."""
        self.snapshot()
        places = chain.from_iterable(segment.places() for segment in self._segments.values())
        with contextlib.suppress(OSError):
            wipe_gaps(self.folder, places)

    def tidy(self) -> None:
        """See SearchEngine.tidy."""
        with self._lock, contextlib.suppress(OSError):
            finish_commit(self.folder, self._storage)
            self._wipe()

    def _not_written(self, error: Exception) -> CoproArchiveError:
        if isinstance(error, OSError):
            return FileSystemError(error, self.folder)
        return EngineError(f"the index could not be written ({error}).", self.folder)

    def close(self) -> None:
        """See SearchEngine.close."""
        with self._lock:
            self._snapshot = None
            self._index.close()

    def snapshot(self) -> SnapshotSearcher:
        """See SearchEngine.snapshot: the newest commit in columns."""
        try:
            changed = self.folder.stat().st_mtime_ns
            current = self._snapshot
            if current is not None and changed == self._settled:
                return current[1]
            generation = self._index.latest_generation()
            if current is None or current[0] != generation:
                with self._lock:
                    if self._snapshot is None or self._snapshot[0] != generation:
                        self._snapshot = (generation, self._open_snapshot())
                    current = self._snapshot
            if time.time_ns() - changed > SETTLED_SECONDS * 1e9:
                self._settled = changed
            return current[1]
        except (OSError, EOFError, WhooshIndexError) as error:
            raise IndexStateError(f"the index is gone ({error}).", self.folder, REBUILD) from None
        except IndexStateError:
            raise
        except Exception as error:  # files of a commit that no checksums were noted of
            raise _damaged(self.folder, error) from error

    def _open_snapshot(self) -> SnapshotSearcher:
        """Open the newest commit; what is in memory of unchanged segments is shared."""
        for attempt in range(TRIES):
            try:
                segments = self._open_segments()
                break
            except FileNotFoundError:
                # Merged away by another process after the list of segments was read.
                if attempt == TRIES - 1:
                    raise
        source = Segments(list(segments.values()), StoredFile(self.folder))
        snapshot = SnapshotSearcher(source, self._weights)
        # Only now: segments of an earlier commit are not looked through for damage again.
        self._segments = segments
        return snapshot

    def _open_segments(self) -> dict[str, Segment]:
        """Return the segments of the newest commit by their names, in Whoosh's order."""
        segments: dict[str, Segment] = {}
        with self._index.reader() as reader:
            for leaf, _ in reader.leaf_readers():
                if leaf.doc_count_all():
                    name = str(leaf.segment().segment_id())
                    segments[name] = Segment(self.folder, name, leaf, self._segments.get(name))
        return segments


def _missing(folder: Path, error: Exception) -> IndexStateError:
    """Return what is said where no index is."""
    return IndexStateError(f"there is no index here ({error}).", folder, REBUILD)


def _damaged(folder: Path, error: Exception) -> IndexStateError:
    """Return what is said of an index that cannot be read."""
    message = f"the index is damaged ({type(error).__name__})."
    return IndexStateError(message, folder, REBUILD)
