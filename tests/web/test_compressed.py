"""Streamlit's scripts and styles are compressed once; nothing else is compressed here."""

from __future__ import annotations

import gzip

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from coproarchive.web.compressed import Compressed

TEXT = "body { color: red }\n" * 200


def answer(request: Request) -> Response:
    """A long text with a validator; a picture below /static/p."""
    kind = "image/webp" if request.url.path.startswith("/static/p") else "text/css"
    return Response(TEXT, media_type=kind, headers={"etag": '"one"'})


@pytest.fixture
def client() -> TestClient:
    paths = [Route("/{path:path}", answer, methods=["GET", "POST"])]
    return TestClient(Starlette(routes=paths, middleware=[Middleware(Compressed)]))


@pytest.mark.parametrize("path", ["/static/css/index.css", "/static/js/index.js"])
def test_files_for_everybody_are_compressed(client: TestClient, path: str) -> None:
    """Twice the same; whoever asks for less, or takes no gzip, gets the file as it is."""
    for _ in range(2):
        with client.stream("GET", path, headers={"accept-encoding": "br, gzip"}) as packed:
            raw = b"".join(packed.iter_raw())
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == "Accept-Encoding"
        assert packed.headers["etag"] == 'W/"one"'
        assert int(packed.headers["content-length"]) == len(raw) < len(TEXT) / 10
        assert gzip.decompress(raw).decode() == TEXT
    for headers in ({"accept-encoding": "gzip;q=0"}, {"accept-encoding": "identity"},
                    {"accept-encoding": "gzip", "range": "bytes=0-5"}):  # fmt: skip
        assert "content-encoding" not in client.get(path, headers=headers).headers


def test_pages_and_pictures_are_not(client: TestClient) -> None:
    """Streamlit's server sees to pages; a picture is compressed already."""
    for path in ("/search?q=x", "/desk", "/static/p.webp"):
        assert "content-encoding" not in client.get(path).headers
    assert "content-encoding" not in client.post("/static/site.css").headers


def test_what_is_compressed_already_stays_as_it_is() -> None:
    """As the app within may do, for some of its answers."""
    inner = [Middleware(Compressed), Middleware(GZipMiddleware)]
    app = Starlette(routes=[Route("/static/site.css", answer)], middleware=inner)
    with TestClient(app).stream("GET", "/static/site.css") as packed:
        raw = b"".join(packed.iter_raw())
    assert gzip.decompress(raw).decode() == TEXT
    assert packed.headers["vary"] == "Accept-Encoding"


def test_short_answers_stay_as_they_are() -> None:
    """And say that another browser may get another form."""
    paths = [Route("/static/x", lambda _: PlainTextResponse("short"))]
    app = Starlette(routes=paths, middleware=[Middleware(Compressed)])
    short = TestClient(app).get("/static/x")
    assert (short.text, short.headers["vary"]) == ("short", "Accept-Encoding")
    assert "content-encoding" not in short.headers
