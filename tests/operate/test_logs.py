"""The log: an id for every request, the same facts in both forms, and nothing about readers."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from coproarchive.errors import ArchiveError
from coproarchive.logs import configure, log, without_addresses
from coproarchive.web.observe import Observe

PRIVATE = ("secretword", "hidden-talk", "203.0.113.7", "2001:db8::7", "cookie-value", "Ann Speaker")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged; the root logger is afterwards as it was before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)


def item(_: Request) -> Response:
    log(logging.WARNING, "Something to be told.")
    return PlainTextResponse("an item")


def fail(request: Request) -> Response:
    try:
        raise KeyError(request.query_params["q"])
    except KeyError as error:
        raise ValueError(
            f"{request.headers['x-forwarded-for']} asked for {request.query_params['q']}"
        ) from error


def ask(path: str, method: str = "GET") -> tuple[int, str, str]:
    """Ask an observed app; return status, X-Request-ID and text."""
    routes = [Route("/item/{item_id:path}", item), Route("/fail", fail)]
    app = Starlette(routes=routes, middleware=[Middleware(Observe, routes=routes)])
    headers = {"X-Request-ID": "from-outside", "Cookie": "a=cookie-value"}
    headers["X-Forwarded-For"] = "203.0.113.7"
    with TestClient(app) as client:
        answer = client.request(method, path, headers=headers)
    return answer.status_code, answer.headers["x-request-id"], answer.text


def test_a_request_has_an_id_in_its_answer_and_in_each_of_its_lines(stream: io.StringIO) -> None:
    """Ours, whatever the request says; each request another one; lines are JSON if so set."""
    configure("info", "json", stream)
    _, first, _ = ask("/item/a/hidden-talk?q=secretword")
    _, second, _ = ask("/nothing/hidden-talk", "BREW")
    assert first != second
    assert "from-outside" not in (first, second)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["request_id"] for line in lines] == [first, first, second]
    assert lines[0]["message"] == "Something to be told."
    assert lines[1]["route"] == "/item/{item_id}"
    assert (lines[1]["method"], lines[1]["status"]) == ("GET", 200)
    assert (lines[2]["method"], lines[2]["route"], lines[2]["status"]) == (
        "OTHER",
        "(unknown)",
        404,
    )
    assert not [word for word in (*PRIVATE, "BREW") if word in stream.getvalue()]


@pytest.mark.threat(16)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_failure_is_logged_with_its_traceback_and_shown_by_its_number(
    stream: io.StringIO, form: str
) -> None:
    """Types and places of exceptions, not their texts, which quote what a reader typed."""
    configure("info", form, stream)
    status, number, text = ask("/fail?q=secretword")
    assert status == 500
    assert number in text
    assert "ValueError" not in text
    assert "Traceback" not in text
    logged = stream.getvalue()
    assert "ValueError" in logged
    assert "KeyError" in logged
    assert "in fail" in logged
    assert number in logged
    assert not [word for word in PRIVATE if word in logged]
    configure("debug", form, stream)
    ask("/fail?q=secretword")
    assert "secretword" in stream.getvalue()


@pytest.mark.threat(16)
def test_an_error_of_ours_keeps_its_message_and_loses_its_path(stream: io.StringIO) -> None:
    """The path may name a hidden item."""
    configure("info", "text", stream)
    path = "/".join(("seminar", PRIVATE[1]))
    try:
        raise ArchiveError("this file is broken.", path)
    except ArchiveError as error:
        log(logging.ERROR, "It failed.", error=error)
    assert "this file is broken." in stream.getvalue()
    assert "hidden-talk" not in stream.getvalue()


@pytest.mark.threat(16)
def test_lines_of_libraries_have_the_same_form_and_no_addresses(stream: io.StringIO) -> None:
    """uvicorn tells who opens a WebSocket, at a level that is not heard; warnings are masked."""
    configure("debug", "json", stream)
    server = logging.getLogger("uvicorn.error")
    server.info('%s - "WebSocket %s" [accepted]', "203.0.113.7:5", "/?q=secretword")
    server.warning("Refused 203.0.113.7 and 2001:db8::7 at 10:20:30,\nversion 1.2.3")
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line["message"] == "Refused - and - at 10:20:30, version 1.2.3"
    assert line["logger"] == "uvicorn.error"


def test_a_level_leaves_the_lower_ones_out(stream: io.StringIO) -> None:
    configure("warning", "text", stream)
    ask("/item/x")
    assert "WARNING Something to be told." in stream.getvalue()
    assert "GET" not in stream.getvalue()


def test_a_line_is_one_line(stream: io.StringIO) -> None:
    """What is logged begins no line of its own and drives no terminal."""
    configure("info", "text", stream)
    log(logging.INFO, "one\n2026-01-01 ERROR forged\x1b[2J")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_addresses_are_recognised() -> None:
    assert without_addresses("a 127.0.0.1:8501 b ::1 c fe80::1 d 1.2.3 e 12:30:05") == (
        "a -:8501 b - c - d 1.2.3 e 12:30:05"
    )
