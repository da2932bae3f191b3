"""The log of a running server: lines for people, or JSON for programs; the same facts in both.

Nothing in it says who read what: no network addresses, no words of searches, no names, no cookies,
and of an address only its route (`/item/{item_id}`), as the id may be a hidden item's. The texts of
unexpected exceptions quote what they failed on, so their types and places are logged without them,
except at level debug. An error of ours is logged by its message, without the path of a record.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import re
import secrets
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from coproarchive.errors import CoproArchiveError

ROOT = "coproarchive"
LEVELS = ("debug", "info", "warning", "error")

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """Begin a request: make its id, which every line logged in this context carries.

    Made here and never taken from the request: what a stranger sends does not get into the log.
    """
    request_id = secrets.token_hex(8)
    _request_id.set(request_id)
    return request_id


def current_request_id() -> str:
    """Return the id of the request that this context answers, "" where there is none."""
    return _request_id.get()


def log(
    level: int, message: str, /, *, error: BaseException | None = None, **facts: object
) -> None:
    """Write a line.

    Args:
        level: as in the standard library's logging.
        message: a sentence, complete without the facts.
        error: whose traceback belongs to it.
        facts: for programs: names and values of JSON.
    """
    logging.getLogger(ROOT).log(level, "%s", message, exc_info=error, extra={"facts": facts})


def configure(level: str, form: str, stream: TextIO | None = None) -> None:
    """Pass every line of this process through one handler in one form.

    Libraries are heard from level warning on: below it uvicorn logs addresses of readers.

    Args:
        level: one of LEVELS.
        form: "text" or "json".
        stream: where to; standard error where it is None.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    with_messages = level == "debug"
    handler.setFormatter(
        JsonFormatter(with_messages) if form == "json" else TextFormatter(with_messages)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(ROOT).setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        pass_on(logging.getLogger(name))
    logging.captureWarnings(True)


def pass_on(logger: logging.Logger) -> None:
    """Take a library's own handlers away, so that its lines have the form of all."""
    logger.handlers.clear()
    logger.setLevel(logging.WARNING)
    logger.propagate = True


class _LineFormatter(logging.Formatter):
    """What both forms share.

    Args:
        with_messages: whether the texts of unexpected exceptions are written.
    """

    def __init__(self, with_messages: bool = False):
        super().__init__()
        self._with_messages = with_messages

    def message_of(self, record: logging.LogRecord) -> str:
        """Return the message on one line; addresses are taken out of those of libraries."""
        message = record.getMessage()
        if not _is_ours(record):
            message = without_addresses(message)
        return " ".join(_printable(message).split())

    def traceback_of(self, record: logging.LogRecord) -> list[str]:
        """Return the lines of the exception's traceback and of those it came from."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return []
        lines = []
        for cause in reversed(list(_causes(error))):
            frames = "".join(traceback.format_tb(cause.__traceback__)).splitlines()
            lines += [*frames, self._named(cause)]
        return lines

    def _named(self, error: BaseException) -> str:
        """Return an exception's type, with its text where that quotes nobody."""
        name = type(error).__name__
        if isinstance(error, CoproArchiveError):
            return f"{name}: {error.message}"
        if isinstance(error, OSError) and error.strerror:
            return f"{name}: {error.strerror}"
        return f"{name}: {_printable(str(error))}" if self._with_messages else name


class TextFormatter(_LineFormatter):
    """Formats a record for people: time, level, message, request; a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        request_id = current_request_id()
        moment = datetime.fromtimestamp(record.created).astimezone()
        where = "" if _is_ours(record) else f"{record.name}: "
        line = f"{moment:%Y-%m-%d %H:%M:%S} {record.levelname:<7} {where}{self.message_of(record)}"
        line += f" [{request_id}]" if request_id else ""
        return "\n".join([line, *(f"    {part}" for part in self.traceback_of(record))])


class JsonFormatter(_LineFormatter):
    """Formats a record for programs: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        facts: Mapping[str, object] = getattr(record, "facts", {})
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message_of(record),
            **facts,
        }
        if request_id := current_request_id():
            entry["request_id"] = request_id
        if lines := self.traceback_of(record):
            entry["traceback"] = lines
        return json.dumps(entry, ensure_ascii=False, default=str)


def without_addresses(message: str) -> str:
    """Replace network addresses by a dash."""

    def dash(match: re.Match[str]) -> str:
        for text in (match[0], match[0].rstrip(":.")):
            with contextlib.suppress(ValueError):
                ipaddress.ip_address(text)
                return "-"
        return match[0]

    without_v4 = re.sub(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", dash, message)
    return re.sub(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", dash, without_v4)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == ROOT or record.name.startswith(f"{ROOT}.")


def _printable(text: str) -> str:
    """Return the text with line ends as spaces, and without what could drive a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it came from, the first cause last."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
