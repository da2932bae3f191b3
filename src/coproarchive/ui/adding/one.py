"""A row of the files that wait as a form: for phone, keyboard, screen reader and long texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from coproarchive.desk.drafts import GIVES_AWAY, DraftRow, DraftSet, Mistake
from coproarchive.model import Kind, Visibility
from coproarchive.ui.adding import acts, notices
from coproarchive.ui.adding.choices import (
    DATE_HELP,
    RELEASED,
    VISIBILITIES,
    Choices,
    kind_word,
    label_of,
)
from coproarchive.ui.adding.table import picture_of, sentence_of
from coproarchive.ui.state import app_state

NEW = "(choose, or type a new one)"


def show_row(draft: DraftSet, choices: Choices, mistakes: Mapping[str, list[Mistake]]) -> None:
    """Show the form of the row that the address names, and the way to the others."""
    row = draft.row(st.query_params.get(acts.ROW, "")) or draft.rows[0]
    ids = [other.id for other in draft.rows]
    at = ids.index(row.id)
    st.query_params[acts.ROW] = row.id
    st.html(Markup("<h2>{} of {}: {}</h2>").format(at + 1, len(ids), ", ".join(row.files)))
    if address := picture_of(app_state().library, draft, row):
        st.html(Markup('<img src="{}" alt="First slide" width="320">').format(address))
    for mistake in mistakes.get(row.id, ()):
        if mistake.field == GIVES_AWAY:
            continue  # said below, with the field that answers it
        st.html(Markup('<p class="notice" role="alert">{}</p>').format(sentence_of(mistake)))
    if row.twins:
        notices.show_twin(draft, row)
    if row.disclosures:
        sentences = Markup("<br>").join((*row.given_away, *row.withheld))
        st.html(Markup('<p class="notice">{}</p>').format(sentences))
    following = ids[(at + 1) % len(ids)]
    with st.form(f"row:{row.id}:{acts.table_version()}"):
        values = _fields(row, choices)
        with st.container(horizontal=True):
            is_kept = st.form_submit_button("Keep, and show the next", type="primary")
            is_saved = st.form_submit_button("Save this one in the archive")
    if is_kept or is_saved:
        acts.type_row(draft.id, row.id, values, "" if is_saved else following)
        if is_saved:
            acts.save(draft.id, [row.id])
        st.rerun()
    with st.container(horizontal=True):
        st.button("Previous", on_click=acts.show_one, args=(ids[at - 1],), disabled=len(ids) < 2)
        st.button("Next", on_click=acts.show_one, args=(following,), disabled=len(ids) < 2)
    summary = Markup("<details><summary>Where the proposals come from</summary><ul>{}</ul>")
    st.html(summary.format(notices.sources_of(row)) + Markup("</details>"))


def _fields(row: DraftRow, choices: Choices) -> dict[str, Any]:
    """Show the fields, filled in with what the row says; return their present values."""
    now = row.values
    values: dict[str, Any] = {
        "title": st.text_input(label_of("title"), now.title, max_chars=1000),
        "kind": st.selectbox(
            label_of("kind"), list(Kind), list(Kind).index(now.kind), format_func=kind_word
        ),
        "people": _many("people", choices.people, now.people),
        "seminar": _single("seminar", choices.seminars, now.seminar),
        "date": st.text_input(f"{label_of('date')} ({DATE_HELP})", now.date, max_chars=21),
        "topics": _many("topics", choices.topics, now.topics),
        "abstract": st.text_area(label_of("abstract"), now.abstract),
        "licence": _single("licence", choices.licences, now.licence),
        "language": _single("language", choices.languages, now.language),
        "visibility": st.selectbox(
            label_of("visibility"), list(VISIBILITIES), list(Visibility).index(now.visibility),
            format_func=VISIBILITIES.__getitem__,
        ),
        "available": st.text_input(f"{label_of('available')} (2027-01-31)", now.available),
    }  # fmt: skip
    if row.sources:
        values["release"] = st.multiselect(
            label_of("release"), row.sources, list(now.release), format_func=RELEASED.__getitem__
        )
    if row.given_away:
        values["is_looked_at"] = st.checkbox(
            "I have looked at what it gives away: it may go out", row.is_looked_at
        )
    return {name: _plain(value) for name, value in values.items()}


def _single(field: str, options: Mapping[str, str], now: str) -> str | None:
    values = list(options)
    chosen: str | None = st.selectbox(
        f"{label_of(field)} {NEW}",
        values,
        index=values.index(now) if now in options else None,
        format_func=lambda value: options.get(value, value),
        accept_new_options=True,
    )
    return chosen


def _many(field: str, options: Mapping[str, str], now: tuple[str, ...]) -> list[str]:
    return st.multiselect(
        f"{label_of(field)} {NEW}",
        list(options),
        list(now),
        format_func=lambda value: options.get(value, value),
        accept_new_options=True,
    )


def _plain(value: Any) -> Any:
    """Return what a field says: nothing is "", and a list is what a row remembers."""
    if isinstance(value, list):
        return tuple(value)
    return value.strip() if type(value) is str else "" if value is None else value
