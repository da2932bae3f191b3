"""Signing in and out: the archivist's form, its token against forgery, and its cookie."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from coproarchive.errors import RefusedError
from coproarchive.library import Library
from coproarchive.web import render
from coproarchive.web.access import COOKIE, Access, same, visitor_of_request
from coproarchive.web.pages import Pages
from coproarchive.web.sessions import SESSION_SECONDS

NONCE = "coproarchive_form"


class SignIn:
    """Handlers of /login and /logout."""

    def __init__(self, library: Library, access: Access, pages: Pages):
        self._library = library
        self._access = access
        self._pages = pages

    def login(self, request: Request, form: dict[str, str] | None) -> Response:
        """Serve /login: the form, or the answer to what it sent."""
        if not self._access.can_sign_in:
            return self._pages.message(
                "Sign in", "No password is set, so nobody signs in here.", 404
            )
        if form is None:
            return self._login_page(request)
        nonce = request.cookies.get(NONCE, "")
        if not nonce or not same(form.get("token", ""), self._access.form_token(nonce)):
            return self._login_form("The form was too old. Please try again.")
        try:
            cookie = self._access.sign_in(form.get("password", ""), visitor_of_request(request))
        except RefusedError as error:
            return self._login_form(f"{error.message} {error.hint}")
        if cookie is None:
            return self._login_form("That is not the password.")
        response = RedirectResponse("/add", 303)
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=_is_encrypted(request),
        )
        return response

    def _login_page(self, request: Request) -> Response:
        if not self._access.is_signed_in(visitor_of_request(request)):
            return self._login_form("")
        html = render.page("logout.html", self._library.public(), "", "Sign out")
        return HTMLResponse(html)

    def _login_form(self, wrong: str) -> Response:
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
        response.set_cookie(NONCE, nonce, max_age=1800, httponly=True, samesite="strict")
        return response

    def logout(self, request: Request) -> Response:
        """Serve /logout: only for a form of this site."""
        if request.headers.get("origin", "").partition("://")[2] != request.headers.get("host"):
            return PlainTextResponse("Sign out from the page itself: /login", 403)
        self._access.sign_out(visitor_of_request(request))
        response = RedirectResponse("/", 303)
        response.delete_cookie(COOKIE)
        return response


def _is_encrypted(request: Request) -> bool:
    """Tell whether the reader's browser talks TLS, to us or to the proxy before us."""
    forwarded = request.headers.get("x-forwarded-proto", "")
    return "https" in (request.url.scheme, forwarded.lower())
