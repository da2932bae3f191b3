"""The page on which those who keep the archive add files: drop, correct what is proposed, save."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import streamlit as st
from markupsafe import Markup

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError, IngestError
from coproarchive.ingest.add import Given, add_files, proposal_for
from coproarchive.ingest.propose import Proposal
from coproarchive.model import Kind
from coproarchive.store import safe_name
from coproarchive.ui.parts import say_error
from coproarchive.ui.state import house, visitor

NO_SEMINAR = "(none)"


def page() -> None:
    """Files, then a form filled in from the first of them, then saving."""
    house().access.require("add", visitor())
    st.html("<h1>Add materials</h1>")
    if done := st.session_state.pop("added", None):
        link = Markup('<p class="notice">Saved and searchable: <a href="/item/{}">{}</a></p>')
        st.html(link.format(*done))
    st.html(
        "<p>Drop the files of <strong>one talk or post</strong>: for instance its slides as "
        "PowerPoint and as PDF. Your own copies stay as they are.</p>"
    )
    number = st.session_state.setdefault("upload", 0)
    uploads = st.file_uploader("Files", accept_multiple_files=True, key=f"files:{number}")
    if not uploads:
        return
    folder = _folder()
    paths = []
    for upload in uploads:
        # To the disk at once: uploads live in memory otherwise.
        path = folder / safe_name(upload.name)
        with path.open("wb") as file:
            shutil.copyfileobj(upload, file)
        paths.append(path)
    catalogue = house().library.catalogue()
    try:
        proposal = proposal_for(paths[0], catalogue, house().library.reader)
        _form(paths, proposal, catalogue)
    except CoproArchiveError as error:
        say_error(error)


def _folder() -> Path:
    """This session's folder for uploads."""
    kept = st.session_state.get("folder")
    if kept is None or not Path(kept).is_dir():
        kept = st.session_state["folder"] = tempfile.mkdtemp(prefix="coproarchive-")
    return Path(kept)


def _form(paths: list[Path], proposal: Proposal, catalogue: Catalogue) -> None:
    people = {p.id: p.name for p in catalogue.people.values()}
    seminars = [NO_SEMINAR, *sorted(catalogue.seminars, reverse=True)]
    with st.form("record"):
        title = st.text_input("Title", proposal.title, max_chars=1000)
        kinds = list(Kind)
        kind = st.selectbox(
            "What it is", kinds, kinds.index(proposal.kind), format_func=str.capitalize
        )
        named = st.multiselect(
            "People (choose, or type a new name)",
            [*people, *proposal.unknown_people],
            [*proposal.people],
            format_func=lambda p: people.get(p, p),
            accept_new_options=True,
        )
        seminar = st.selectbox(
            "Seminar",
            seminars,
            format_func=lambda s: s if s == NO_SEMINAR else catalogue.seminar_title(s),
        )
        date = st.text_input(
            "Date (2017, 2017-07 or 2017-07-06)", proposal.date or "", max_chars=21
        )
        topics = st.multiselect(
            "Topics",
            list(catalogue.topics),
            list(proposal.topics),
            format_func=catalogue.topic_label,
        )
        abstract = st.text_area("Description, in plain words", "")
        if st.form_submit_button("Save in the archive", type="primary"):
            _save(
                paths,
                Given(
                    seminar=None if seminar == NO_SEMINAR else seminar,
                    title=title.strip() or None,
                    kind=kind,
                    people=tuple(str(p) for p in named),
                    topics=tuple(topics),
                    date=date.strip() or None,
                    abstract=abstract.strip() or None,
                ),
            )


def _save(paths: list[Path], given: Given) -> None:
    """Write the item and make it searchable; the visitor's right is asked for here, at the act."""
    house().access.require("add", visitor())
    library = house().library
    with st.status("Saving and making it searchable") as status:
        try:
            added = add_files(library.store, library.catalogue(), library.reader, paths, given)
        except ValueError as error:
            raise IngestError(f"{error}.", hint="Correct the field and save again.") from None
        library.update_index()
        status.update(label="Saved", state="complete")
    shutil.rmtree(_folder(), ignore_errors=True)
    st.session_state["upload"] += 1
    st.session_state["added"] = (added.item.id, added.item.title)
    st.rerun()
