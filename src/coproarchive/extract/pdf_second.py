"""pypdf, asked about a PDF where PDFium falls short; few files need this module and its import."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pypdf
from pypdf.errors import DependencyError, PyPdfError

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class SecondOpinion:
    """What pypdf reads of a file, opened when it is first asked; a damaged file has no pages."""

    def __init__(self, path: Path):
        self._path = path
        self.is_locked = False

    @cached_property
    def _pages(self) -> list[pypdf.PageObject]:
        with _tolerated():
            reader = pypdf.PdfReader(self._path, strict=False)
            if reader.is_encrypted:
                # Some locks need a library that is not there: locked is locked.
                self.is_locked = True
                self.is_locked = not reader.decrypt("")
                if self.is_locked:
                    return []
            return list(reader.pages)
        return []

    @property
    def pages(self) -> int:
        """How many there are."""
        return len(self._pages)

    def text(self, index: int) -> str:
        """Return the page's text, "" where it cannot be read."""
        with _tolerated():
            if index < self.pages:
                return self._pages[index].extract_text()
        return ""


@contextlib.contextmanager
def _tolerated() -> Iterator[None]:
    """Ignore what damaged files make pypdf raise, almost anything: little is lost without it."""
    with contextlib.suppress(
        PyPdfError, DependencyError, ValueError, TypeError, KeyError, AttributeError, IndexError,
        OSError, RecursionError, NotImplementedError, ZeroDivisionError, AssertionError,
        OverflowError,
    ):  # fmt: skip
        yield
