"""Parts that all Streamlit pages share: the frame around them, messages, the look."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import streamlit as st
from markupsafe import escape

from coproarchive.errors import CoproArchiveError
from coproarchive.ui.assist import assist
from coproarchive.ui.state import house, visitor
from coproarchive.web import render


@lru_cache(maxsize=1)
def _style() -> str:
    """The look of the plain pages' parts, and what brings Streamlit's own elements to it."""
    over = files("coproarchive.ui").joinpath("look/streamlit.css").read_text(encoding="utf-8")
    return f"<style>{render.stylesheet('base', 'parts')}{over}</style>"


def frame_start(here: str) -> None:
    """The look and the bar on top."""
    catalogue = house().library.public()
    st.html(_style())
    st.html(render.header(catalogue, here if here != "/search" else "/"))


def frame_end() -> None:
    """The end of the page, with the keeper's pages for those who may see them."""
    links = []
    if house().access.may("add", visitor()):
        links = ['<a href="/add">Add materials</a>', '<a href="/problems">Problems</a>']
    if house().access.can_sign_in:
        links.append(f'<a href="/login">{"Sign out" if links else "Sign in"}</a>')
    if links:
        st.html(f'<p class="quiet">For those who keep the archive: {" · ".join(links)}</p>')
    st.html(render.footer(house().library.public()))
    assist(render.LANGUAGE, str(st.session_state.pop("say", "")))


def say_error(error: CoproArchiveError) -> None:
    """What is wrong and what to do, as text."""
    where = f"<p><code>{escape(error.path)}</code></p>" if error.path else ""
    hint = f"<p><strong>{escape(error.hint)}</strong></p>" if error.hint else ""
    message = escape(error.message[:1].upper() + error.message[1:])
    st.html(f'<div class="notice" role="alert"><p>{message}</p>{where}{hint}</div>')
