"""Files sent by Streamlit's uploader, taken to the disk before Streamlit would keep them in memory.

Streamlit's page sends each file by PUT to an address of its own; Streamlit reads all of it into
memory. Here the file goes to the disk, and Streamlit is handed a short text in its place: the key
by which the page finds the file. See docs/develop/decisions.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coproarchive.web.access import visitor_of_request
from coproarchive.web.uploads import Upload, Uploads

PREFIX = "/_stcore/upload_file"
_ADDRESS = re.compile(rf"{PREFIX}/([\w-]{{1,100}})/([\w-]{{1,100}})")
_BOUNDARY = "coproarchive-upload"
_ENVELOPE_BYTES = 64 * 1024
"""Room for what stands around the file in the body of a request."""


class UploadsToDisk:
    """Takes the file out of a request for Streamlit's uploader.

    Who may send files is decided before: see middleware.Protect.

    Args:
        app: Streamlit.
        uploads: where the files go.
        is_open: tells of Streamlit's id of a page whether the page is open.
    """

    def __init__(self, app: ASGIApp, uploads: Uploads, is_open: Callable[[str], bool]):
        self._app = app
        self._uploads = uploads
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the file of a PUT, remove that of a DELETE, pass on everything else."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        address = _ADDRESS.fullmatch(scope["path"])
        method = scope["method"]
        if address and method == "PUT":
            await self._put(Request(scope, receive), f"{address[1]}/{address[2]}", send)
        elif address and method == "DELETE":
            await run_in_threadpool(self._uploads.remove, f"{address[1]}/{address[2]}")
            await self._app(scope, receive, send)
        elif method == "OPTIONS":
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("There is no such page.", 404)(scope, receive, send)

    async def _put(self, request: Request, key: str, send: Send) -> None:
        is_kept = False
        refusal = self._refusal(request, key)
        try:
            if refusal is None:
                disposition = await self._keep(request, key)
                is_kept = True
        except FormParserError:
            refusal = PlainTextResponse("This is not one file of a form.", 400)
        except _TooLongError:
            refusal = _too_large()
        except ClientDisconnect:
            return
        finally:
            if not is_kept:
                self._uploads.remove(key)
        if refusal is None:
            await self._tell_streamlit(request.scope, key, disposition, send)
        else:
            await refusal(request.scope, request.receive, send)

    def _refusal(self, request: Request, key: str) -> PlainTextResponse | None:
        """Return the answer to what is refused before it is read, None for what is not."""
        if not self._is_open(key.partition("/")[0]):
            return PlainTextResponse("This page is no longer open. Please load it again.", 400)
        if _length(request) > self._uploads.file_bytes + _ENVELOPE_BYTES:
            return _too_large()
        return None

    async def _keep(self, request: Request, key: str) -> bytes:
        """Take the file to the disk; return the header in which its sender described it.

        Bytes of a file that has a problem are read and forgotten, since browsers hear an answer
        only after they have sent everything: the page says what the problem is.

        Raises:
            FormParserError: the body is not one file.
            ClientDisconnect: its sender went away.
        """
        body = _FormBody(request.headers.get("content-type", ""))
        upload: Upload | None = None
        received = 0
        async for chunk in request.stream():
            received += len(chunk)
            if received > self._uploads.file_bytes + _ENVELOPE_BYTES:
                raise _TooLongError
            body.feed(chunk)
            if upload is None and body.disposition:
                expected = min(_length(request), self._uploads.file_bytes)
                visitor = visitor_of_request(request)
                upload = await run_in_threadpool(
                    self._uploads.begin, key, visitor, body.name, expected
                )
            if upload is not None and (data := body.take()):
                await run_in_threadpool(self._uploads.append, upload, data)
        if upload is None:
            raise FormParserError("no file")
        await run_in_threadpool(self._uploads.finish, upload)
        return body.disposition

    async def _tell_streamlit(self, scope: Scope, key: str, disposition: bytes, send: Send) -> None:
        """Give Streamlit the key as if it were the file; forget the file if it does not take it."""
        body = (
            f"--{_BOUNDARY}\r\nContent-Disposition: ".encode()
            + disposition
            + f"\r\nContent-Type: text/plain\r\n\r\n{key}\r\n--{_BOUNDARY}--\r\n".encode()
        )
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name not in (b"content-type", b"content-length", b"transfer-encoding")
        ]
        headers.append((b"content-type", f"multipart/form-data; boundary={_BOUNDARY}".encode()))
        headers.append((b"content-length", str(len(body)).encode()))
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 300:
                await run_in_threadpool(self._uploads.remove, key)
            await send(message)

        await self._app({**scope, "headers": headers}, receive, watched)


class _TooLongError(Exception):
    """More bytes came than the largest file has."""


def _too_large() -> PlainTextResponse:
    return PlainTextResponse("The file is too large.", 413)


def _length(request: Request) -> int:
    """Return how long the body is, as far as its sender says, 0 where not."""
    length = request.headers.get("content-length", "")
    return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else 0


class _FormBody:
    """Takes a multipart body apart as it comes; it is to have one file.

    Attributes:
        disposition: the header that names the file, b"" before it came.
        name: of the file.
    """

    def __init__(self, content_type: str):
        _, options = parse_options_header(content_type)
        self.disposition = b""
        self.name = ""
        self._field = b""
        self._value = b""
        self._data: list[bytes] = []
        self._parser = MultipartParser(
            options.get(b"boundary", b""),
            {
                "on_part_begin": self._on_part,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_part_data": self._on_data,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Parse the next bytes. Raises FormParserError."""
        if chunk:
            self._parser.write(chunk)

    def take(self) -> bytes:
        """Return what came of the file since the last time."""
        data, self._data = b"".join(self._data), []
        return data

    def _on_part(self) -> None:
        if self.disposition:
            raise FormParserError("more than one file")

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            if b"filename" in options:
                self.disposition = self._value
                self.name = options[b"filename"].decode("utf-8", "replace")
        self._field = self._value = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if not self.disposition:
            raise FormParserError("a field before the file")
        self._data.append(data[start:end])
