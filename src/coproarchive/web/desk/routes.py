"""Every page and act of the desk, in one table, and what is asked before each.

Who may be here, whether the form is one that this server made for this session, whether a page of
this site sent it, how long it is: all of that before a handler runs. What a handler raises becomes
its page again, with what is wrong.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from coproarchive.errors import (
    ConflictError,
    CoproArchiveError,
    FileSystemError,
    LockedError,
    NotFoundError,
    RefusedError,
)
from coproarchive.library import Library
from coproarchive.operate.reindex import Reindexer
from coproarchive.web import render
from coproarchive.web.access import COOKIE, Access, visitor_of_request
from coproarchive.web.concurrency import RETRY_SECONDS, BusyError, RequestLimits
from coproarchive.web.credentials import same
from coproarchive.web.desk import (
    authority_pages,
    batch_pages,
    care_pages,
    edit_pages,
    file_pages,
    history_pages,
    home,
    problem_pages,
    slide_pages,
    visibility_pages,
)
from coproarchive.web.desk.frame import (
    FORM_BYTES,
    DeskRequest,
    DeskRoute,
    DoneNotices,
)
from coproarchive.web.desk.home import name_of_keeper
from coproarchive.web.pages import Pages
from coproarchive.web.policies import SCRIPTED

TABLE: tuple[DeskRoute, ...] = (
    *home.ROUTES,
    *slide_pages.ROUTES,
    *edit_pages.ROUTES,
    *file_pages.ROUTES,
    *visibility_pages.ROUTES,
    *batch_pages.ROUTES,
    *authority_pages.ROUTES,
    *history_pages.ROUTES,
    *problem_pages.ROUTES,
    *care_pages.ROUTES,
)
"""In the order in which they are tried."""
HEADERS = {**SCRIPTED, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
MOST_FIELDS = 5_000
MEGABYTE = 1_000_000
OLD_FORM = (
    "this form was made for an earlier sign-in, so nothing is saved yet. What you typed is still "
    "here:"
)


class FormTooLargeError(Exception):
    """More bytes came than the form may have."""


class DeskState(NamedTuple):
    """What the desk's pages share in a process."""

    library: Library
    access: Access
    pages: Pages
    reindexer: Reindexer | None
    limits: RequestLimits
    notices: DoneNotices
    sections: Sequence[tuple[str, str]]


def desk_routes(
    library: Library,
    access: Access,
    pages: Pages,
    reindexer: Reindexer | None,
    limits: RequestLimits,
    table: Sequence[DeskRoute] = TABLE,
) -> list[Route]:
    """Return the routes of a table, each behind what is asked before it."""
    sections = [(row.path, row.label) for row in table if row.label]
    state = DeskState(library, access, pages, reindexer, limits, DoneNotices(), sections)
    return [Route(row.path, DeskEndpoint(state, row).answer, methods=row.methods) for row in table]


class DeskEndpoint:
    """Answers one row of the table: refuses, or hands on to its handlers.

    Args:
        state: of the process.
        row: whose page and act it is.
    """

    def __init__(self, state: DeskState, row: DeskRoute):
        self._state = state
        self._row = row

    async def answer(self, request: Request) -> Response:
        """Answer a request; every answer is for who asked alone, and for no search engine."""
        is_act = request.method == "POST"
        try:
            answer = await (self._act(request) if is_act else self._page(request))
        except BusyError as error:
            text = f"{error.message.capitalize()} {error.hint}"
            answer = PlainTextResponse(text, 503, {"Retry-After": str(RETRY_SECONDS)})
        for name, value in HEADERS.items():
            answer.headers[name] = value
        return answer

    async def _page(self, request: Request) -> Response:
        try:
            self._state.access.require("see-desk", visitor_of_request(request))
        except RefusedError as error:
            return await run_in_threadpool(self._refused, request, error)
        async with self._state.limits.pages.turn_async():
            return await run_in_threadpool(self._show, self._desk_request(request))

    async def _act(self, request: Request) -> Response:
        """Hand what was posted on, if it may be done."""
        if not request.headers.get("origin") or self._state.pages.names.is_foreign(request):
            return PlainTextResponse("This is done from this site's own pages alone.", 403)
        try:
            self._state.access.require("edit", visitor_of_request(request))
        except RefusedError as error:
            return await self._refused_act(request, error)
        try:
            form = await posted(request, self._most_bytes(), takes_files=self._row.takes_files)
        except FormTooLargeError:
            return PlainTextResponse("This is more than a form may have.", 413)
        except HTTPException as error:
            return PlainTextResponse(f"This is no form: {error.detail}", 400)
        try:
            desk_request = self._desk_request(request, form)
            async with self._state.limits.pages.turn_async():
                return await run_in_threadpool(self._do, desk_request)
        finally:
            await form.close()

    def _most_bytes(self) -> int:
        if not self._row.takes_files:
            return FORM_BYTES
        return self._state.library.settings.upload_session_mb * MEGABYTE + FORM_BYTES

    def _desk_request(self, request: Request, form: FormData | None = None) -> DeskRequest:
        state = self._state
        session_id = request.cookies.get(COOKIE, "")
        return DeskRequest(
            request, state.library, state.notices, form or FormData(),
            token=state.access.form_token(f"desk {session_id}"),
            who=name_of_keeper(request.cookies),
            reindexer=state.reindexer,
            sections=state.sections,
        )  # fmt: skip

    # ------------------------------------------------------------ in a thread

    def _show(self, desk_request: DeskRequest) -> Response:
        assert self._row.show is not None
        try:
            return self._row.show(desk_request)
        except CoproArchiveError as error:
            return self._message(desk_request, error)

    def _do(self, desk_request: DeskRequest) -> Response:
        """Run the handler of a form that this server made; else show it again."""
        assert self._row.act is not None
        token = desk_request.form.get("token", "")
        try:
            if not isinstance(token, str) or not same(token, desk_request.token):
                raise RefusedError(OLD_FORM, hint="look it over, and save again.")
            return self._row.act(desk_request)
        except CoproArchiveError as error:
            return self._again(desk_request, error)
        finally:
            if self._state.reindexer is not None:
                self._state.reindexer.look_now()

    def _again(self, desk_request: DeskRequest, error: CoproArchiveError) -> Response:
        """Show the page of an act that failed, with what was typed; where it has none, say why."""
        if self._row.show is not None:
            with contextlib.suppress(CoproArchiveError):  # a page that is not there: say the error
                answer = self._row.show(replace(desk_request, error=error))
                answer.status_code = status_of(error)
                return answer
        return self._message(desk_request, error)

    def _message(self, desk_request: DeskRequest, error: CoproArchiveError) -> Response:
        """Return a page that says what is wrong."""
        again = replace(desk_request, error=error)
        try:
            answer = again.page("desk/message.html", "This could not be done")
        except CoproArchiveError:
            return self._state.pages.unreadable()
        answer.status_code = status_of(error)
        return answer

    def _refused(
        self, request: Request, error: RefusedError, form: FormData | None = None
    ) -> Response:
        """Return the page for strangers, and for those whose sign-in has ended."""
        typed = [(k, v) for k, v in (form or {}).items() if isinstance(v, str) and k != "token"]
        try:
            html = render.page(
                "desk/refused.html", self._state.library.public(), "", "For keepers",
                error=error, typed=typed, address=request.url.path,
                can_sign_in=self._state.access.can_sign_in,
            )  # fmt: skip
        except CoproArchiveError:
            return self._state.pages.unreadable()
        return HTMLResponse(html, 403)

    async def _refused_act(self, request: Request, error: RefusedError) -> Response:
        """Refuse an act; give back what was typed to whose sign-in ended meanwhile.

        Nothing is read of what others send.
        """
        form = None
        if request.cookies.get(COOKIE) and not self._row.takes_files:
            try:
                form = await posted(request, FORM_BYTES)
            except (FormTooLargeError, HTTPException):
                form = None
        # Whoever sends a cookie, right or wrong, has a page made: few at once.
        async with self._state.limits.pages.turn_async():
            return await run_in_threadpool(self._refused, request, error, form)


async def posted(request: Request, most_bytes: int, *, takes_files: bool = False) -> FormData:
    """Return what a form sent; its files are on the disk.

    Raises:
        FormTooLargeError: it has more bytes.
        HTTPException: it is no form, or has more fields or files than a form of ours.
    """
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most_bytes:
        raise FormTooLargeError
    count = 0

    async def counted() -> Message:
        nonlocal count
        message = await request.receive()
        count += len(message.get("body", b""))
        if count > most_bytes:
            raise FormTooLargeError
        return message

    most_files = 100 if takes_files else 0
    again = Request({**request.scope}, counted)
    return await again.form(max_files=most_files, max_fields=MOST_FIELDS, max_part_size=FORM_BYTES)


_STATUS: tuple[tuple[type[CoproArchiveError], int], ...] = (
    (RefusedError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (LockedError, 503),
    (FileSystemError, 503),
)


def status_of(error: CoproArchiveError) -> int:
    """Return the status that tells programs what kind of error it is."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 422)
