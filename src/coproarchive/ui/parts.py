"""Parts that all Streamlit pages share: the frame around them, messages, the look."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import streamlit as st
from markupsafe import Markup, escape

from coproarchive.errors import CoproArchiveError, IngestError
from coproarchive.extract.disclosure import Disclosure
from coproarchive.logs import current_request_id
from coproarchive.ui.assist import assist
from coproarchive.ui.state import app_state, visitor
from coproarchive.web import render
from coproarchive.web.concurrency import BusyError


@lru_cache(maxsize=1)
def _style() -> str:
    """Return a style element: the plain pages' parts, and Streamlit's elements made to match."""
    over = files("coproarchive.ui").joinpath("static/streamlit.css").read_text(encoding="utf-8")
    return f"<style>{render.stylesheet('base', 'parts')}{over}</style>"


def frame_start(current: str) -> None:
    """Write the styles and the navigation bar; `current` is the path of the page."""
    catalogue = app_state().library.public()
    st.html(_style())
    with render.for_keeper(app_state().access.may("add", visitor())):
        st.html(render.header(catalogue, current if current != "/search" else "/"))


def frame_end() -> None:
    """Write the footer, with links to the archivist's pages for those who may open them."""
    links = []
    if app_state().access.may("add", visitor()):
        links = ['<a href="/add">Add materials</a>', '<a href="/problems">Problems</a>']
        links.append('<a href="/login">Sign out</a>')
    elif app_state().access.can_sign_in:
        links.append('<a href="/login">Sign in</a>')
    if links:
        st.html(f'<p class="quiet">For those who keep the archive: {" · ".join(links)}</p>')
    st.html(render.footer(app_state().library.public()))
    assist(render.LANGUAGE, str(st.session_state.pop("say", "")))


def say_error(error: CoproArchiveError) -> None:
    """Write an error as an alert: what is wrong, where, and what to do.

    Places on the server and commands are for those who keep it; readers are told what they can do.
    """
    if not isinstance(error, (IngestError, BusyError)) and not app_state().access.may(
        "add", visitor()
    ):
        st.html(
            '<div class="notice" role="alert"><p>This cannot be shown just now. Please try again '
            "in a while.</p><p>If it stays so, tell the keeper of the archive this number: "
            f"{escape(current_request_id())}</p></div>"
        )
        return
    where = f"<p><code>{escape(error.path)}</code></p>" if error.path else ""
    hint = f"<p><strong>{escape(error.hint)}</strong></p>" if error.hint else ""
    message = escape(error.message[:1].upper() + error.message[1:])
    st.html(f'<div class="notice" role="alert"><p>{message}</p>{where}{hint}</div>')


def disclosures_html(disclosures: Sequence[tuple[str, Disclosure]]) -> Markup:
    """Make a list of what files would tell of people."""
    rows = Markup("").join(
        Markup("<li>{}: {}</li>").format(name, sentence)
        for name, disclosure in disclosures
        for sentence in disclosure.sentences
    )
    head = Markup("<p>Look at this before you save: some of it may not be meant for everybody.</p>")
    return Markup('<div class="notice">{}<ul>{}</ul></div>').format(head, rows)
