"""Parts that all Streamlit pages share: the frame around them, messages, the look."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import streamlit as st
from markupsafe import escape

from coproarchive.errors import CoproArchiveError
from coproarchive.ui.state import house, visitor
from coproarchive.web import render

# Streamlit's own furniture, moved out of the way of ours; and a focus ring that can be seen.
_OVER_STREAMLIT = """
.stApp header[data-testid="stHeader"] { background: transparent; height: 2.5rem; }
.stMainBlockContainer { padding: 0 1.25rem 2rem; max-width: 62rem; }
.stMain .top { background: none; }
.stMain :is(.top, .foot) .wide { padding: .7rem 0; max-width: none; }
.stHtml ul.rows { margin-left: 0; padding-left: 0; }
.stHtml .rows > li { margin-left: 0; }
.stMain .top .wide { padding-left: 2.4rem; }
.stApp button:focus-visible, .stApp input:focus-visible, .stApp a:focus-visible,
.stApp summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.stSidebar label { min-height: 1.75rem; }
.stApp :is(.card, .top, .foot, .lead, .total) { font-size: 1.0625rem; line-height: 1.55; }
.stHtml a { color: var(--accent); text-underline-offset: .18em; }
.stHtml h1 { padding: 1.2rem 0 0; margin: 0; line-height: 1.15; overflow-wrap: anywhere; }
.stHtml :is(ol, ul).hits, .stHtml ul.slides { margin-left: 0; padding-left: 0; }
.stHtml :is(.hits, .slides) > li { margin-left: 0; }
.stHtml .card { min-width: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { .stMain .top .wide { padding-top: 2.6rem; padding-left: 0; } }
.hits { list-style: none; margin: 0; padding: 0; display: grid; gap: 1.1rem; }
.hits .card h3 { font-size: 1.3rem; padding: 0; }
.hits .card p { margin: .3em 0; }
.hits .slides { list-style: none; margin: .8rem 0 0; padding: 0; display: grid; gap: .7rem; }
.hits .slides li { border-left: .2rem solid var(--line); padding: .1rem 0 .1rem .9rem; margin: 0; }
.hits .where { font-weight: 600; }
.hits s { color: var(--quiet); }
.total { color: var(--quiet); margin: .3rem 0 .8rem; }
.note { background: var(--tint); border-left: .3rem solid var(--accent); }
.note { padding: .5rem .9rem; margin: .4rem 0; }
.card .kind { font-size: .95rem; }
"""


@lru_cache(maxsize=1)
def _style() -> str:
    """The look of the plain pages, without what would reach into Streamlit's own elements."""
    css = files("coproarchive.web").joinpath("look/site.css").read_text(encoding="utf-8")
    start = css.index(".skip")
    variables = css[: css.index("* { box-sizing")]
    headings = ".stMain h1, .stMain h2, .stMain h3 { font-family: var(--serif); }\n"
    kept = "\n".join(line for line in css[start:].splitlines() if not line.startswith("main"))
    marks = "mark { background: var(--mark); color: var(--mark-ink); padding: 0 .1em; }\n"
    wide = ".wide { margin: 0 auto; }\n"
    return f"<style>{variables}{headings}{marks}{wide}{kept}\n{_OVER_STREAMLIT}</style>"


def frame_start(here: str) -> None:
    """The look and the bar on top."""
    catalogue = house().library.public()
    st.html(_style())
    st.html(render.header(catalogue, here if here != "/search" else "/"))


def frame_end() -> None:
    """The end of the page, with the keeper's pages for those who may see them."""
    if house().access.may("add", visitor()):
        st.html(
            '<p class="quiet">For those who keep the archive: '
            '<a href="/add">Add materials</a> · <a href="/problems">Problems</a></p>'
        )
    st.html(render.footer(house().library.public()))


def say_error(error: CoproArchiveError) -> None:
    """What is wrong and what to do, as text."""
    where = f"<p><code>{escape(error.path)}</code></p>" if error.path else ""
    hint = f"<p><strong>{escape(error.hint)}</strong></p>" if error.hint else ""
    message = escape(error.message[:1].upper() + error.message[1:])
    st.html(f'<div class="notice" role="alert"><p>{message}</p>{where}{hint}</div>')
