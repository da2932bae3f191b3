"""A cache bounded in bytes: cachetools' LRU cache behind a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

T = TypeVar("T")


class Cache(Generic[T]):
    """Holds the entries used last, up to a number of bytes. Thread-safe.

    Args:
        limit: bytes.
        size_of: bytes of an entry.
    """

    def __init__(self, limit: int, size_of: Callable[[T], int]):
        self._entries: LRUCache[Hashable, T] = LRUCache(limit, size_of)
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return int(self._entries.currsize)

    def peek(self, key: Hashable) -> T | None:
        """Return the entry, None where it is not cached."""
        with self._lock:
            entry: T | None = self._entries.get(key)
            return entry

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the entry, made where it is not cached; two threads may both make it."""
        entry = self.peek(key)
        if entry is None:
            entry = make()
            with self._lock:
                if self._entries.getsizeof(entry) <= self._entries.maxsize:
                    self._entries[key] = entry
        return entry
