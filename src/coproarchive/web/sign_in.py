"""Signing in and out: the archivist's form and link, the form's token against forgery, cookies."""

from __future__ import annotations

import secrets
from typing import Literal

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from coproarchive.errors import RefusedError
from coproarchive.library import Library
from coproarchive.web import render
from coproarchive.web.access import COOKIE, DEVICE, Access, visitor_of_request
from coproarchive.web.credentials import same
from coproarchive.web.metrics import SIGN_IN_REFUSALS
from coproarchive.web.pages import Pages
from coproarchive.web.sessions import SESSION_SECONDS

NONCE = "coproarchive_form"
DEVICE_SECONDS = 180 * 24 * 3600


class SignIn:
    """Handlers of /login, /logout and /keeper."""

    def __init__(self, library: Library, access: Access, pages: Pages):
        self._library = library
        self._access = access
        self._pages = pages

    def login(self, request: Request, form: dict[str, str] | None) -> Response:
        """Serve /login: the form, or the answer to what it sent."""
        if form is None and self._access.is_signed_in(visitor_of_request(request)):
            html = render.page("logout.html", self._library.public(), "", "Sign out")
            return HTMLResponse(html)
        if not self._access.can_sign_in:
            return self._pages.message(
                "Sign in", "No password is set, so nobody signs in here.", 404, self._link_hint()
            )
        if form is None:
            return self._login_form(request)
        return self._sign_in(request, form)

    def _sign_in(self, request: Request, form: dict[str, str]) -> Response:
        """Answer what the form sent."""
        nonce = request.cookies.get(NONCE, "")
        if not nonce or not same(form.get("token", ""), self._access.form_token(nonce)):
            return self._login_form(request, "The form was too old. Please try again.")
        try:
            session_id = self._access.sign_in(form.get("password", ""), visitor_of_request(request))
        except RefusedError as error:
            SIGN_IN_REFUSALS.labels("limit").inc()
            return self._login_form(request, f"{error.message} {error.hint}")
        if session_id is None:
            SIGN_IN_REFUSALS.labels("password").inc()
            return self._login_form(request, "That is not the password.")
        response = _signed_in(request, session_id, "/desk")
        _set_cookie(response, request, DEVICE, self._access.device_cookie(), DEVICE_SECONDS, "lax")
        return response

    def enter(self, request: Request) -> Response:
        """Serve /keeper?token=...: the link that was printed where the page is served."""
        visitor = visitor_of_request(request)
        if self._access.is_signed_in(visitor):
            return RedirectResponse("/", 303)  # the link was opened again
        token = request.query_params.get("token", "")
        # A program that only looks whether the link is good must not use it up.
        session_id = self._access.enter(token, visitor) if request.method == "GET" else None
        if session_id is None:
            return self._pages.message(
                "This link opens nothing",
                "It was used already, or it is of another start of coproarchive, or this is not "
                "the machine on which it was started.",
                403,
                self._link_hint(),
            )
        return _signed_in(request, session_id, "/")

    def _link_hint(self) -> str:
        """Return how to become keeper without a password, "" where that is not possible."""
        if self._access.link is None:
            return ""
        return (
            "For a new link, stop coproarchive (Ctrl-C) and start it again: it is printed there. "
            "Reading needs no link."
        )

    def _login_form(self, request: Request, wrong: str = "") -> Response:
        nonce = secrets.token_urlsafe(24)
        html = render.page(
            "login.html",
            self._library.public(),
            "",
            "Sign in",
            wrong=wrong,
            token=self._access.form_token(nonce),
        )
        response = HTMLResponse(html, 403 if wrong else 200)
        _set_cookie(response, request, NONCE, nonce, 1800, "strict")
        return response

    def logout(self, request: Request) -> Response:
        """Serve /logout: only for a form of this site."""
        if not request.headers.get("origin") or self._pages.names.is_foreign(request):
            return PlainTextResponse("Sign out from the page itself: /login", 403)
        self._access.sign_out(visitor_of_request(request))
        response = RedirectResponse("/", 303)
        response.delete_cookie(COOKIE)
        return response


def _signed_in(request: Request, session_id: str, path: str) -> Response:
    """Redirect to a path of this site, with a new session's cookie."""
    response = RedirectResponse(path, 303)
    _set_cookie(response, request, COOKIE, session_id, SESSION_SECONDS, "lax")
    return response


def _set_cookie(
    response: Response,
    request: Request,
    name: str,
    value: str,
    seconds: int,
    same_site: Literal["lax", "strict"],
) -> None:
    """Set a cookie that no script reads and, where the browser talks TLS, no plain line carries."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite=same_site,
        secure=is_encrypted(request),
    )


def is_encrypted(request: HTTPConnection) -> bool:
    """Tell whether the reader's browser talks TLS, to us or to the proxy before us.

    Not every proxy says so; browsers do, in the Origin of what they send.
    """
    forwarded = request.headers.get("x-forwarded-proto", "").lower()
    asked_by = request.headers.get("origin", "").partition("://")[0]
    return "https" in (request.url.scheme, forwarded, asked_by)
