"""What was made and may be wanted again, up to a number of bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """Keeps what was used lately, up to a number of bytes. Thread-safe.

    What was not used while half of the bytes were filled anew goes: nearly the least recently used,
    without taking note of every use.

    Args:
        limit: bytes.
        size: of an entry.
    """

    def __init__(self, limit: int, size: Callable[[T], int]):
        self._limit = limit // 2
        self._size = size
        self._young: dict[Hashable, T] = {}
        self._old: dict[Hashable, T] = {}
        self._young_bytes = self._old_bytes = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._young_bytes + self._old_bytes

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The entry, made where it is not there; two threads may both make it."""
        found = self._young.get(key)
        if found is not None:
            return found
        # Keys can be whole queries, whose hashes take long: as few as need be.
        found = self._old.get(key) if self._old else None
        if found is None:
            found = make()
        with self._lock:
            before = len(self._young)
            found = self._young.setdefault(key, found)
            if len(self._young) > before:
                self._young_bytes += self._size(found)
            if self._young_bytes > self._limit:
                self._old, self._old_bytes = self._young, self._young_bytes
                self._young, self._young_bytes = {}, 0
        return found
