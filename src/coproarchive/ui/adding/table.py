"""The table of files that wait: one row an item, every field a cell, and what is said of many."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from coproarchive.desk.drafts import RELEASABLE, DraftRow, DraftSet, Mistake
from coproarchive.extract.worker import Job
from coproarchive.library import Library
from coproarchive.model import Kind
from coproarchive.pictures import WIDTHS, card
from coproarchive.ui.adding import acts
from coproarchive.ui.adding.choices import (
    DATE_HELP,
    RELEASED,
    VISIBILITIES,
    Choices,
    kind_word,
    label_of,
)
from coproarchive.ui.state import app_state, visitor

PICTURE, WRONG, FILES, GIVES_AWAY = "picture", "wrong", "files", "gives away"
"""Columns that nobody types into."""
ROW_HEIGHT, MOST_HEIGHT = 76, 640
"""Pixels of a row, so that a first slide can be recognised, and of the table at most."""
LOOK_AGAIN_SECONDS = 3.0
"""How often the table looks for pictures that are being drawn."""

_TEXTS = pd.ArrowDtype(pa.list_(pa.string()))
_DAY = pd.ArrowDtype(pa.date32())
_CHOSEN = "is_ticked"


def show_table(draft: DraftSet, choices: Choices, mistakes: Mapping[str, list[Mistake]]) -> None:
    """Show the table; what is typed into it is remembered at once."""
    pictures = {row.id: picture_of(app_state().library, draft, row) for row in draft.rows}
    st.session_state[_count_key(draft.id)] = sum(map(bool, pictures.values()))
    ids = [row.id for row in draft.rows]
    key = f"table:{draft.id}:{acts.table_version()}"
    rows = [_cells(row, pictures[row.id] or _no_picture(), mistakes.get(row.id, ()))
            for row in draft.rows]  # fmt: skip
    columns = _columns(choices, draft)
    frame = pd.DataFrame(rows, columns=list(columns)).astype(
        {"people": _TEXTS, "topics": _TEXTS, "available": _DAY}
        | ({"release": _TEXTS} if "release" in columns else {})
    )
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        column_config=columns,
        disabled=[PICTURE, WRONG, FILES, GIVES_AWAY],
        row_height=ROW_HEIGHT,
        placeholder="–",
        height=min(MOST_HEIGHT, 40 + ROW_HEIGHT * len(rows)),
        on_change=acts.type_cells,
        args=(draft.id, ids, key),
        alt="The files that wait, a row each. The view “One by one” has the same as a form.",
    )


def _cells(row: DraftRow, picture: str, mistakes: Sequence[Mistake]) -> dict[str, Any]:
    values = row.values
    names = [path.rpartition("/")[2] for path in row.files]
    return {
        _CHOSEN: row.is_ticked,
        PICTURE: picture,
        WRONG: " ".join(sentence_of(mistake) for mistake in mistakes),
        "title": values.title,
        "people": list(values.people),
        "seminar": values.seminar or None,
        "date": values.date,
        "topics": list(values.topics),
        "licence": values.licence or None,
        "language": values.language or None,
        "kind": values.kind.value,
        "visibility": values.visibility.value,
        "available": _day(values.available),
        GIVES_AWAY: " ".join((*row.given_away, *row.withheld)),
        "is_looked_at": row.is_looked_at,
        "release": [source.value for source in values.release],
        FILES: ", ".join(names) + (f" – new version of {row.replaces}" if row.replaces else ""),
    }


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _columns(choices: Choices, draft: DraftSet) -> dict[str, Any]:
    """Return the table's columns in their order."""
    column = st.column_config
    seminars, licences, languages = choices.seminars, choices.licences, choices.languages
    columns = {
        _CHOSEN: column.CheckboxColumn("✓", width=60, help="Tick rows to act on them alone."),
        PICTURE: column.ImageColumn("First slide", width=100, pinned=True),
        "title": column.TextColumn(label_of("title"), width=260, max_chars=1000),
        WRONG: column.TextColumn("What is wrong", width=150),
        "people": column.MultiselectColumn(
            label_of("people"), width=190, options=list(choices.people), accept_new_options=True,
            format_func=_words_of(choices.people),
            help="Choose, or type a new name and press Enter.",
        ),
        "seminar": column.SelectboxColumn(
            label_of("seminar"), width=170, options=list(seminars),
            format_func=_words_of(seminars), help="A new one: below, “For all rows”.",
        ),
        "date": column.TextColumn(label_of("date"), width=125, max_chars=21, help=DATE_HELP),
        "topics": column.MultiselectColumn(
            label_of("topics"), width=150, options=list(choices.topics), accept_new_options=True,
            format_func=_words_of(choices.topics),
        ),
        "licence": column.SelectboxColumn(
            label_of("licence"), width=130, options=list(licences),
            format_func=_words_of(licences),
        ),
        "language": column.SelectboxColumn(
            label_of("language"), width=110, options=list(languages),
            format_func=_words_of(languages),
        ),
        "kind": column.SelectboxColumn(
            label_of("kind"), width=110, options=[kind.value for kind in Kind], required=True,
            format_func=_words_of({kind.value: kind_word(kind) for kind in Kind}),
        ),
        "visibility": column.SelectboxColumn(
            label_of("visibility"), width=110, required=True,
            options=[v.value for v in VISIBILITIES],
            format_func=_words_of({v.value: word for v, word in VISIBILITIES.items()}),
        ),
        "available": column.DateColumn(
            label_of("available"), width=110, help="It opens on this day by itself."
        ),
    }  # fmt: skip
    if any(row.disclosures for row in draft.rows):
        columns |= {
            GIVES_AWAY: column.TextColumn("What it gives away", width=220),
            "is_looked_at": column.CheckboxColumn(
                "Looked at", width=80, help="It may go out as it is."
            ),
        }
    if any(row.sources for row in draft.rows):
        columns["release"] = column.MultiselectColumn(
            label_of("release"), width=150, options=[source.value for source in RELEASABLE],
            format_func=_words_of({s.value: word for s, word in RELEASED.items()}),
        )  # fmt: skip
    columns[FILES] = column.TextColumn(label_of("assets"), width=220)
    return columns


def sentence_of(mistake: Mistake) -> str:
    """Return a mistake with the name of its field."""
    fields = {"gives away": "What it gives away", "files": label_of("assets")}
    label = fields[mistake.field] if mistake.field in fields else label_of(mistake.field)
    return f"{label}: {mistake.message}"


def _words_of(words: Mapping[str, str]) -> Callable[[object], str]:
    """Return what shows a value in its words; one that has none is shown as it is."""
    return lambda value: words.get(str(value), str(value))


# -------------------------------------------------------------------- pictures


def picture_of(library: Library, draft: DraftSet, row: DraftRow) -> str:
    """Return a row's first slide as a data address; "" until it is drawn, or for ever.

    It goes to whoever has the page open, and has no address of its own.
    """
    folder = app_state().shelf.folder_of(draft.id)
    for path in row.files:
        file = draft.files.get(path)
        if file is not None and file.leaves:
            job = Job(folder / path, file.sha256, file.media_type)
            picture = library.pictures.get(job, 1, WIDTHS[0], file.leaves)
            if picture is not None:
                return _as_address(picture)
    return ""


def picture_of_item(library: Library, item_id: str) -> str:
    """Return the first slide of an item, hidden ones too, as a data address; "" for none."""
    item = library.catalogue().items.get(item_id)
    for asset in item.assets if item else ():
        if library.pictures.can_draw(asset.sha256, asset.media_type):
            picture = library.picture(item_id, asset, 1, WIDTHS[0])
            if picture is not None:
                return _as_address(picture)
    return ""


def lacks_pictures(library: Library, draft: DraftSet) -> bool:
    """Tell whether pictures of rows are still being drawn."""
    files = [draft.files[path] for row in draft.rows for path in row.files if path in draft.files]
    return (
        library.pictures.is_drawing
        and any(
            file.leaves and library.pictures.can_draw(file.sha256, file.media_type)
            for file in files
        )
        and not all(picture_of(library, draft, row) for row in draft.rows)
    )


def wait_for_pictures(set_id: str) -> None:
    """Show the page again when all pictures are drawn; run again and again.

    Not at each of them: a table that is shown anew closes the cell that is being typed into.
    """
    app_state().access.require("add", visitor())
    draft = app_state().shelf.read(set_id)
    pictures = sum(bool(picture_of(app_state().library, draft, row)) for row in draft.rows)
    is_behind = pictures != st.session_state.get(_count_key(set_id))
    if is_behind and not lacks_pictures(app_state().library, draft):
        st.rerun()


def _count_key(set_id: str) -> str:
    """Return the key under which it is remembered how many pictures the table shows."""
    return f"pictures:{set_id}"


@lru_cache(maxsize=1024)
def _as_address(picture: Path) -> str:
    """Return a picture as a data address; the name of one has its checksum."""
    return f"data:image/webp;base64,{base64.b64encode(picture.read_bytes()).decode()}"


@lru_cache(maxsize=1)
def _no_picture() -> str:
    """Return what stands for a first slide that is not drawn: its title is in the row."""
    picture = base64.b64encode(card("", "", "", WIDTHS[0])).decode()
    return f"data:image/webp;base64,{picture}"


# --------------------------------------------------------------------- of many


def show_for_all(draft: DraftSet, choices: Choices) -> None:
    """Show what can be said of all rows, or of those that are ticked."""
    every = [row.id for row in draft.rows]
    ticked = [row.id for row in draft.rows if row.is_ticked]
    with st.form(f"for all:{draft.id}:{acts.table_version()}"):
        st.html("<h2>For all rows</h2><p>What is left empty here stays as it is in the rows.</p>")
        left, middle, right = st.columns(3)
        with left:
            seminar = _choice("seminar", choices.seminars, accept_new=True)
            date = st.text_input(f"{label_of('date')} ({DATE_HELP})", max_chars=21)
        with middle:
            people = _choices("people", choices.people)
            topics = _choices("topics", choices.topics)
        with right:
            licence = _choice("licence", choices.licences, accept_new=True)
            language = _choice("language", choices.languages, accept_new=True)
            visibility = _choice("visibility", {v.value: w for v, w in VISIBILITIES.items()})
        values = {"seminar": seminar, "date": date.strip(), "people": people, "topics": topics,
                  "licence": licence, "language": language, "visibility": visibility}  # fmt: skip
        first, second, _ = st.columns([1, 1, 2])
        if first.form_submit_button("Set in all rows", type="primary"):
            acts.say_of_many(draft.id, values, every)
            st.rerun()
        if second.form_submit_button(f"Set in ticked rows ({len(ticked)})", disabled=not ticked):
            acts.say_of_many(draft.id, values, ticked)
            st.rerun()
    _show_acts(draft, every, ticked)


def _choice(field: str, options: Mapping[str, str], *, accept_new: bool = False) -> str | None:
    chosen: str | None = st.selectbox(
        label_of(field) + (" (choose, or type a new one)" if accept_new else ""),
        list(options),
        index=None,
        format_func=lambda value: options.get(value, value),
        accept_new_options=accept_new,
    )
    return chosen


def _choices(field: str, options: Mapping[str, str]) -> tuple[str, ...]:
    chosen = st.multiselect(
        f"Add {label_of(field).lower()} (choose, or type)",
        list(options),
        format_func=lambda value: options.get(value, value),
        accept_new_options=True,
    )
    return tuple(str(value) for value in chosen)


def _show_acts(draft: DraftSet, every: Sequence[str], ticked: Sequence[str]) -> None:
    """Show what can be done to rows as such."""
    many = [row.id for row in draft.rows if row.is_ticked and len(row.files) > 1]
    with st.container(horizontal=True):
        st.button("Tick all", on_click=acts.tick_rows, args=(draft.id, every, True))
        st.button("Tick none", on_click=acts.tick_rows, args=(draft.id, every, False),
                  disabled=not ticked)  # fmt: skip
        st.button("One talk: join the ticked rows", on_click=acts.group_rows,
                  args=(draft.id, ticked), disabled=len(ticked) < 2)  # fmt: skip
        st.button("A row for each file of the ticked", on_click=acts.take_rows_apart,
                  args=(draft.id, many), disabled=not many)  # fmt: skip
        st.button("Take the ticked rows out", on_click=acts.discard_rows,
                  args=(draft.id, ticked), disabled=not ticked)  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields = ["seminar", "date", "people", "topics", "licence", "language"]
        field = st.selectbox("Fill empty cells from the row above, in", fields,
                             format_func=label_of, width=260)  # fmt: skip
        st.button("Fill down", on_click=acts.fill_down, args=(draft.id, field, ticked or every))
