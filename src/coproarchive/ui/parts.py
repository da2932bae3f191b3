"""Parts that all Streamlit pages share: the frame around them, messages, the look."""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import streamlit as st
from markupsafe import Markup

from coproarchive.errors import CoproArchiveError, IngestError
from coproarchive.logs import current_request_id, log
from coproarchive.ui.state import app_state, visitor
from coproarchive.web import render
from coproarchive.web.concurrency import BusyError


@lru_cache(maxsize=1)
def style() -> str:
    """Return a style element: the plain pages' parts, and Streamlit's elements made to match."""
    over = files("coproarchive.ui").joinpath("static/streamlit.css").read_text(encoding="utf-8")
    return f"<style>{render.stylesheet('base', 'parts', 'search')}{over}</style>"


def frame_start(current: str) -> None:
    """Write the styles and the navigation bar; `current` is the path of the page."""
    catalogue = app_state().library.public()
    st.html(style())
    with render.for_keeper(app_state().access.may("add", visitor())):
        st.html(render.header(catalogue, current, searched_at="/"))


def keeper_links() -> Markup:
    """Make the line of links to the archivist's pages, for those who may open them."""
    links = []
    if app_state().access.may("add", visitor()):
        links = ['<a href="/add">Add materials</a>', '<a href="/desk">Desk</a>']
        links.append('<a href="/login">Sign out</a>')
    elif app_state().access.can_sign_in:
        links.append('<a href="/login">Sign in</a>')
    if not links:
        return Markup()
    joined = Markup(" · ".join(links))  # noqa: S704 - written above
    return Markup('<p class="quiet wide">For those who keep the archive: {}</p>').format(joined)


def frame_end() -> None:
    """Write the footer, with links to the archivist's pages for those who may open them."""
    st.html(keeper_links() + render.footer(app_state().library.public()))


def say_error(error: CoproArchiveError) -> None:
    """Write an error on the page."""
    st.html(error_html(error))


def report_failure(error: CoproArchiveError) -> None:
    """Report an error in the log, but for those that a visitor made or that a full queue is."""
    if not isinstance(error, (IngestError, BusyError)):
        log(logging.ERROR, f"A page could not be made: {error.message}")


def error_html(error: CoproArchiveError) -> Markup:
    """Make an alert of an error: what is wrong, where, and what to do.

    Places on the server and commands are for those who keep it; readers are told what they can do.
    """
    if not isinstance(error, (IngestError, BusyError)) and not app_state().access.may(
        "add", visitor()
    ):
        return Markup(
            '<div class="notice" role="alert"><p>This cannot be shown just now. Please try again '
            "in a while.</p><p>If it stays so, tell the keeper of the archive this number: "
            "{}</p></div>"
        ).format(current_request_id())
    where = Markup("<p><code>{}</code></p>").format(_place(error.path)) if error.path else ""
    hint = Markup("<p><strong>{}</strong></p>").format(error.hint) if error.hint else ""
    message = error.message[:1].upper() + error.message[1:]
    alert = Markup('<div class="notice" role="alert"><p>{}</p>{}{}</div>')
    return alert.format(message, where, hint)


def _place(path: str) -> str:
    """Return a path as keepers know it: of what they dropped into the page, the name alone."""
    folders = (app_state().uploads.root, app_state().shelf.root)
    return Path(path).name if any(map(Path(path).is_relative_to, folders)) else path
