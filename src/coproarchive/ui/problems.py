"""The problems page: what the archive's keeper can mend, worst first."""

from __future__ import annotations

from itertools import groupby

import streamlit as st
from markupsafe import Markup

from coproarchive.check import CODES
from coproarchive.model import Problem, Severity
from coproarchive.ui.state import app_state, visitor

_WORDS = {
    Severity.ERROR: "Must be mended",
    Severity.WARNING: "Should be looked at",
    Severity.NOTE: "Could be better",
}


def page() -> None:
    """Check the archive and list its problems."""
    app_state().access.require("see-problems", visitor())
    st.html("<h1>Problems</h1>")
    with st.status("Checking every record and file", expanded=False) as status:
        bar = st.progress(0.0)

        def report(stage: str, done: int, total: int, what: str = "") -> None:
            bar.progress(min(done / total, 1.0) if total else 0.0, f"{stage}: {done}")

        problems = app_state().library.check(report)
        status.update(label=f"Checked: {len(problems)} found", state="complete")
    if not problems:
        st.html('<p class="notice">No problem was found.</p>')
    for severity, group in groupby(problems, key=lambda p: p.severity):
        of_severity = list(group)
        st.html(Markup("<h2>{} ({})</h2>").format(_WORDS[severity], len(of_severity)))
        rows = Markup("").join(_row(problem) for problem in of_severity[:500])
        st.html(Markup('<ul class="rows">{}</ul>').format(rows))
        if len(of_severity) > 500:
            st.html("<p>Only the first 500 are shown; coproarchive check lists all.</p>")
    if empty_searches := _empty_searches():
        st.html(empty_searches)


def _row(problem: Problem) -> Markup:
    return Markup(
        '<li><strong>{}</strong>{} <span class="quiet">{} {}</span>'
        '<span class="quiet">{} – {}</span></li>'
    ).format(
        problem.path,
        Markup(" <span>({})</span>").format(problem.field) if problem.field else "",
        problem.message,
        problem.hint,
        problem.code,
        CODES.get(problem.code, ""),
    )


def _empty_searches() -> Markup:
    """List searches without a hit: what the archivist may describe, or make a synonym of."""
    searches = app_state().library.unanswered.most()
    if not searches:
        return Markup()
    rows = Markup("").join(
        Markup("<li>{} <span>({}×)</span></li>").format(words, count) for words, count in searches
    )
    return Markup(
        "<h2>Searched for and not found</h2><p>The words only; nobody knows who asked.</p>"
        '<ul class="rows">{}</ul>'
    ).format(rows)
