"""The page on which those who keep the archive add files: drop them, look at the table, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from markupsafe import Markup
from streamlit.runtime.uploaded_file_manager import UploadedFile

from coproarchive.desk.drafts import DraftSet, Mistake, mistakes_of, read_set
from coproarchive.errors import NotFoundError
from coproarchive.ui.adding import acts, notices, one, table
from coproarchive.ui.adding.choices import Choices, choices_of
from coproarchive.ui.parts import say_error
from coproarchive.ui.state import app_state, visitor

VIEWS = ("All in a table", "One by one")
_REFUSED, _UPLOADER = "not taken", "number of the uploader"


def page() -> None:
    """Show what waits and a place for more files; of one set the table, or the form of a row."""
    app_state().access.require("add", visitor())
    st.html('<h1 class="adding">Add materials</h1>')
    _show_saved()
    for error in acts.take_errors():
        say_error(error)
    draft = _draft_of_address()
    _take_files(draft)
    if draft is None:
        notices.show_waiting()
    else:
        _show_set(draft)


def _draft_of_address() -> DraftSet | None:
    """Return the set that the address names, None where it names none or one that is gone."""
    set_id = st.query_params.get(acts.DRAFT, "")
    if not set_id:
        return None
    try:
        return app_state().shelf.read(set_id)
    except NotFoundError as error:
        say_error(error)
        del st.query_params[acts.DRAFT]
        return None


def _show_saved() -> None:
    """Say what was saved a moment ago, with links."""
    if saved := st.session_state.pop("saved", ()):
        links = Markup(", ").join(
            Markup('<a href="/item/{}">{}</a>').format(*pair) for pair in saved
        )
        back = Markup('It can be taken back in the <a href="/desk/history">history</a>.')
        line = Markup('<div class="notice" role="status"><p>Saved: {}</p><p>{}</p></div>')
        st.html(line.format(links, back))
    if later := st.session_state.pop("later", ""):
        saved_only = "It is saved, but not searchable yet:"
        st.html(Markup('<p class="notice" role="alert">{} {}</p>').format(saved_only, later))


# ----------------------------------------------------------------------- files


def _take_files(draft: DraftSet | None) -> None:
    """Show the place for files; those that came whole wait already, whatever happens here."""
    session, uploads = acts.session_id(), app_state().uploads
    uploads.use_set(session, draft.id if draft else uploads.set_of(session))
    if draft is None or not draft.rows:
        st.html(
            "<p>Drop slides, PDFs, posts or recordings: many at once, a folder, or a zip file. "
            "Files of one name, such as <code>talk.pptx</code> and <code>talk.pdf</code>, become "
            "one item. They wait here until you save or discard them, and your own copies stay as "
            "they are.</p>"
        )
    for name, problem in st.session_state.pop(_REFUSED, ()):
        line = Markup('<p class="notice" role="alert"><code>{}</code>: {}</p>')
        st.html(line.format(name, problem[:1].upper() + problem[1:]))
    number = st.session_state.setdefault(_UPLOADER, 0)
    is_folder = st.toggle("Choose a whole folder", key="is folder")
    sent = st.file_uploader(
        "More files" if draft else "Files",
        accept_multiple_files="directory" if is_folder else True,
        key=f"files:{number}:{is_folder}",
        max_upload_size=app_state().library.settings.upload_file_mb,
    )
    if sent:
        _take_up(session, sent)


def _take_up(session: str, sent: Sequence[UploadedFile]) -> None:
    """Show the set that the files went to, and an empty place for the next ones."""
    app_state().access.require("add", visitor())
    uploads = app_state().uploads
    problems = []
    for file in sent:
        key = file.getvalue().decode(errors="replace")  # Streamlit holds it instead of the bytes
        if problem := uploads.problem_of(key):
            problems.append((file.name, problem))
        uploads.forget(key)
    st.session_state[_REFUSED] = problems
    st.session_state[_UPLOADER] += 1
    if set_id := uploads.set_of(session):
        st.query_params[acts.DRAFT] = set_id
    acts.show_again()
    st.rerun()


# -------------------------------------------------------------------- one set


def _show_set(draft: DraftSet) -> None:
    """Show a set's rows, what there is to be looked at before they are saved, and the button."""
    library = app_state().library
    if not draft.is_read:
        _read(draft)
        st.rerun()  # without what told of the reading: nothing may move under the table later
    catalogue = library.catalogue()
    choices, mistakes = choices_of(catalogue, draft), mistakes_of(draft, catalogue)
    is_table = not draft.rows or _is_table()
    if draft.rows and is_table:
        _show_table(draft, choices, mistakes)
    elif draft.rows:
        one.show_row(draft, choices, mistakes)
    notices.show_left_out(draft, catalogue)
    if draft.rows and is_table:
        notices.show_twins(draft)
        notices.show_given_away(draft)
        notices.show_sources(draft)
        _show_save(draft, mistakes)
    with st.container(horizontal=True):
        st.button("Leave these waiting", on_click=acts.leave_set)
        notices.show_discard(draft, "Discard all of these")


def _is_table() -> bool:
    """Ask which view is shown; tell whether it is the table, which is none for a phone."""
    is_phone = "Mobi" in (st.context.headers.get("User-Agent") or "")
    before = 1 if is_phone or acts.ROW in st.query_params else 0
    view = st.radio("Show", VIEWS, horizontal=True, key="view", index=before)
    if view == VIEWS[0]:
        st.query_params.pop(acts.ROW, None)
    return view == VIEWS[0]


def _show_table(draft: DraftSet, choices: Choices, mistakes: Mapping[str, list[Mistake]]) -> None:
    """Show the table, what is wrong in it, and what can be said of all its rows."""
    table.show_table(draft, choices, mistakes)
    if table.lacks_pictures(app_state().library, draft):
        st.fragment(table.wait_for_pictures, run_every=table.LOOK_AGAIN_SECONDS)(draft.id)
    notices.show_mistakes(draft, mistakes)
    table.show_for_all(draft, choices)


def _show_save(draft: DraftSet, mistakes: Mapping[str, list[Mistake]]) -> None:
    """Show the button that saves all that is right."""
    count = len(draft.rows)
    right = count - len(mistakes)
    label = f"Save all {count}" if right == count else f"Save {right} of {count}"
    if st.button(label, type="primary", disabled=not right):
        acts.save(draft.id)
        st.rerun()


def _read(draft: DraftSet) -> None:
    """Read what was not read yet, telling of every file."""
    app_state().access.require("add", visitor())
    library = app_state().library
    with st.status(f"Reading {draft.count} files") as status:
        bar = st.progress(0.0)

        def report(stage: str, done: int, total: int, what: str = "") -> None:
            part = f"{stage} {done} of {total}: {what}" if total else f"{stage}: {what}"
            bar.progress(min(done / total, 1.0) if total else 0.0, part)

        read_set(library, app_state().shelf, draft.id, report)
        status.update(label=f"Read: {draft.count} files", state="complete")
