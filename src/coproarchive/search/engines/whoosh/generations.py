"""Generations of an index as folders: which one is current, making a new one, swapping it in.

CURRENT             which generation is current, and by which version of the analysis
generations/<n>/    Whoosh's files and ours, see engine.py
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from coproarchive.errors import FileSystemError, IndexStateError, naming
from coproarchive.locking import LOCK_SECONDS, acquire
from coproarchive.search.engines.seam import IndexStorage, SearchEngine
from coproarchive.search.engines.whoosh.engine import WhooshEngine
from coproarchive.search.engines.whoosh.integrity import close_to_others
from coproarchive.search.language import fields

RUN_INDEX = "Run: coproarchive index"


class WhooshStorage(IndexStorage):
    """Generations below the folder of an index, see IndexStorage."""

    def open(self) -> WhooshEngine:
        """See IndexStorage.open; the newest commit is opened too, before a rebuild removes it."""
        current = self._read_current()
        while True:
            try:
                return self._open_generation(current)
            except IndexStateError:
                tried, current = current, self._read_current()
                if current == tried:
                    raise

    def _open_generation(self, current: dict[str, str] | None) -> WhooshEngine:
        """Open the generation that CURRENT names."""
        if refusal := self._refusal(current):
            raise refusal
        assert current is not None
        engine = WhooshEngine(self._folder_of(current["generation"]), root=self.root)
        engine.snapshot()
        return engine

    def refusal(self) -> IndexStateError | None:
        """See IndexStorage.refusal."""
        return self._refusal(self._read_current())

    def _refusal(self, current: dict[str, str] | None) -> IndexStateError | None:
        if current is None:
            return IndexStateError("there is no index yet.", self.root, RUN_INDEX)
        if current["fingerprint"] != fields.fingerprint():
            message = "the index was made by another version of this software."
            return IndexStateError(message, self.root, RUN_INDEX)
        return None

    def written_at(self) -> float | None:
        """See IndexStorage.written_at: when the newest table of contents was."""
        current = self._read_current()
        if current is None:
            return None
        contents = self._folder_of(current["generation"]).glob("*.toc")
        with contextlib.suppress(OSError):
            return max((path.stat().st_mtime for path in contents), default=None)
        return None

    def is_current(self, engine: SearchEngine) -> bool:
        """See IndexStorage.is_current."""
        current = self._read_current()
        return (
            current is not None
            and isinstance(engine, WhooshEngine)
            and engine.folder == self._folder_of(current["generation"])
        )

    @contextlib.contextmanager
    def rebuilding(self) -> Iterator[WhooshEngine]:
        """See IndexStorage.rebuilding."""
        with naming(self.root):
            for folder in (self.root, self.root / "generations"):
                close_to_others(folder)
        used = [int(p.name) for p in (self.root / "generations").glob("*") if p.name.isdigit()]
        current = self._read_current()
        generation = max([*used, int(current["generation"]) if current else 0]) + 1
        engine = WhooshEngine(self._folder_of(str(generation)), create=True)
        try:
            with contextlib.closing(engine):
                yield engine
        except BaseException:
            shutil.rmtree(engine.folder, ignore_errors=True)
            raise
        content = {"generation": generation, "fingerprint": fields.fingerprint()}
        with naming(self.root / "CURRENT"):
            temporary = self.root / "CURRENT.tmp"
            temporary.touch(0o600)
            temporary.write_text(json.dumps(content))
            temporary.replace(self.root / "CURRENT")
        self._sweep()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """See IndexStorage.lock."""
        from filelock import FileLock  # here, as it imports asyncio

        lock = FileLock(self.root / ".lock")
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            acquire(lock, self.root, LOCK_SECONDS)
        except OSError as error:
            raise FileSystemError(error, self.root) from error
        try:
            self._sweep()
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Remove generations that are not current: old ones, and those of killed rebuilds."""
        with contextlib.suppress(OSError):
            (self.root / "CURRENT.tmp").unlink(missing_ok=True)
        current = self._read_current()
        for folder in (self.root / "generations").glob("*"):
            if current is None or folder.name != current["generation"]:
                # Another process may still have its files open; then the next sweep gets them.
                shutil.rmtree(folder, ignore_errors=True)

    def _folder_of(self, generation: str) -> Path:
        return self.root / "generations" / generation

    def _read_current(self) -> dict[str, str] | None:
        """Return generation and fingerprint, None where CURRENT is missing or damaged."""
        try:
            current = json.loads((self.root / "CURRENT").read_text())
            int(current["generation"])
            return {name: str(current[name]) for name in ("generation", "fingerprint")}
        except (OSError, ValueError, KeyError, TypeError):
            return None
