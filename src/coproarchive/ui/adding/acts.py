"""What the page of adding does when somebody acts: asked for their right at each, errors told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from coproarchive.desk.drafts import DraftTable, SaveReport, save_rows
from coproarchive.errors import CoproArchiveError
from coproarchive.ui.parts import report_failure
from coproarchive.ui.state import app_state, visitor
from coproarchive.web.desk.home import name_of_keeper

P = ParamSpec("P")
DRAFT, ROW = "draft", "row"
"""Parameters of the page's address: the set that is shown, and of the one-by-one form the row."""
_ERRORS, _VERSION = "errors of acts", "version of the table"


def keepers_act(act: Callable[P, None]) -> Callable[P, None]:
    """Ask for the visitor's right before an act; keep what goes wrong for the page to say."""

    @wraps(act)
    def asked_first(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            app_state().access.require("add", visitor())
            act(*args, **kwargs)
        except CoproArchiveError as error:
            report_failure(error)
            st.session_state.setdefault(_ERRORS, []).append(error)

    asked_first.is_keepers = True  # type: ignore[attr-defined]  # a test looks for it
    return asked_first


def session_id() -> str:
    """Return Streamlit's id of this page, by which uploads know it; "" outside of one."""
    context = get_script_run_ctx()
    return context.session_id if context else ""


def take_errors() -> list[CoproArchiveError]:
    """Return what went wrong since the page was shown last."""
    return list(st.session_state.pop(_ERRORS, ()))


def table_version() -> int:
    """Return a number that changes when the table is to forget what was typed into its cells."""
    return int(st.session_state.setdefault(_VERSION, 0))


def show_again() -> None:
    """Show the table as the drafts are now, not as its cells were typed."""
    st.session_state[_VERSION] = table_version() + 1


def table_of(set_id: str) -> DraftTable:
    """Return the rows of a set, to be changed."""
    return DraftTable(app_state().library, app_state().shelf, set_id)


@keepers_act
def open_set(set_id: str) -> None:
    """Show a set."""
    st.query_params.from_dict({DRAFT: set_id})
    show_again()


@keepers_act
def leave_set() -> None:
    """Show what waits, and a place for new files, which make a set of their own."""
    app_state().uploads.use_set(session_id(), "")
    st.query_params.clear()


@keepers_act
def discard_set(set_id: str) -> None:
    """Remove a set with all its files."""
    app_state().shelf.discard(set_id)
    st.query_params.clear()


@keepers_act
def type_cells(set_id: str, row_ids: Sequence[str], key: str) -> None:
    """Remember what was typed into cells of the table.

    Args:
        set_id: of the set.
        row_ids: of the rows as they were shown.
        key: of the table, under which Streamlit keeps its edits.
    """
    edits = st.session_state[key]["edited_rows"]
    written = st.session_state.setdefault(f"{key}:typed", {})
    values: dict[str, dict[str, Any]] = {}
    for number, cells in edits.items():
        new = {k: v for k, v in cells.items() if written.get((number, k), written) != v}
        written.update({(number, k): v for k, v in new.items()})
        if new:
            values[row_ids[int(number)]] = {k: _typed(k, v) for k, v in new.items()}
    if values:
        table_of(set_id).type(values)


def _typed(field: str, value: Any) -> Any:
    """Return what an empty cell says of a field."""
    if value is not None:
        return value
    if field in ("people", "topics", "release"):
        return ()
    if field == "visibility":
        return "public"
    return False if field.startswith("is_") else ""


@keepers_act
def type_row(set_id: str, row_id: str, values: dict[str, Any], next_row: str = "") -> None:
    """Remember what a form says of a row, and show the next one."""
    table_of(set_id).type({row_id: values})
    if next_row:
        st.query_params[ROW] = next_row
    show_again()


@keepers_act
def show_one(row_id: str) -> None:
    """Show the form of a row."""
    st.query_params[ROW] = row_id


@keepers_act
def choose_twin(set_id: str, row_id: str, key: str) -> None:
    """Remember of which item a row is the new version, "" for none."""
    table_of(set_id).type({row_id: {"replaces": st.session_state[key]}})
    show_again()


@keepers_act
def say_of_many(set_id: str, values: dict[str, Any], row_ids: Sequence[str]) -> None:
    """Say the same of many rows, in each field that has a value."""
    table = table_of(set_id)
    for field, value in values.items():
        if value:
            table.for_all(field, value, row_ids)
    show_again()


@keepers_act
def fill_down(set_id: str, field: str, row_ids: Sequence[str]) -> None:
    """Give empty cells of a column what stands above them."""
    table_of(set_id).fill_down(field, row_ids)
    show_again()


@keepers_act
def tick_rows(set_id: str, row_ids: Sequence[str], is_ticked: bool) -> None:
    """Mark all rows as ticked, or none."""
    table_of(set_id).type({row_id: {"is_ticked": is_ticked} for row_id in row_ids})
    show_again()


@keepers_act
def look_at_all(set_id: str, row_ids: Sequence[str]) -> None:
    """Remember that somebody looked at what rows give away."""
    table_of(set_id).type({row_id: {"is_looked_at": True} for row_id in row_ids})
    show_again()


@keepers_act
def group_rows(set_id: str, row_ids: Sequence[str]) -> None:
    """Make one row of several."""
    table_of(set_id).group(row_ids)
    show_again()


@keepers_act
def take_rows_apart(set_id: str, row_ids: Sequence[str]) -> None:
    """Make a row of each file."""
    table_of(set_id).take_apart(row_ids)
    show_again()


@keepers_act
def discard_rows(set_id: str, row_ids: Sequence[str]) -> None:
    """Take rows out, with their files."""
    table_of(set_id).discard(row_ids)
    show_again()


@keepers_act
def discard_left_out(set_id: str) -> None:
    """Remove files that no row has."""
    table_of(set_id).discard_left_out()


@keepers_act
def add_left_out(set_id: str, path: str) -> None:
    """Make a row of a file that was left out."""
    table_of(set_id).add_left_out(path)
    show_again()


@keepers_act
def save(set_id: str, row_ids: Sequence[str] | None = None) -> None:
    """Save rows in the archive, and make them searchable; the page tells what became of them."""
    library, shelf = app_state().library, app_state().shelf
    with st.status("Saving in the archive") as status:
        bar = st.progress(0.0)

        def report(stage: str, done: int, total: int, what: str = "") -> None:
            bar.progress(min(done / total, 1.0) if total else 0.0, f"{stage} {done}: {what}")

        who = name_of_keeper(visitor().cookies or {})
        saved = save_rows(library, shelf, set_id, who, row_ids=row_ids, progress=report)
        _remember(saved)
        if saved.saved:
            status.update(label="Making it searchable")
            try:
                library.update_index(progress=report)
            except CoproArchiveError as error:
                st.session_state["later"] = f"{error.message} {error.hint or ''}"
        status.update(label="Done", state="complete")
    draft = shelf.read(set_id)
    if not draft.rows and not [left for left in draft.left_out if left.code != "duplicate-file"]:
        shelf.discard(set_id)
        st.query_params.clear()
    show_again()


def _remember(report: SaveReport) -> None:
    """Keep what was saved, and what was not and why, for the page to say."""
    before = st.session_state.get("saved", ())
    st.session_state["saved"] = [*before, *((row.item, row.title) for row in report.saved)]
    st.session_state["not saved"] = {mistake.row: mistake for mistake in report.mistakes}
