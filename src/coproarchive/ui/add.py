"""The page on which those who keep the archive add files: drop, correct what is proposed, save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st
from markupsafe import Markup
from streamlit.runtime.uploaded_file_manager import UploadedFile

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError
from coproarchive.ingest.add import (
    ItemDraft,
    add_files,
    disclosures_of,
    read_files,
)
from coproarchive.ingest.folder_plan import group_files
from coproarchive.ingest.propose import Proposal, propose
from coproarchive.library import Library
from coproarchive.model import Kind, WordSource
from coproarchive.ui.parts import disclosures_html, guesses_html, say_error
from coproarchive.ui.state import app_state, visitor

RELEASED = {
    WordSource.NOTES: "The speaker's notes",
    WordSource.COMMENTS: "Comments and their authors",
    WordSource.HIDDEN_SLIDES: "Hidden slides",
}
NO_SEMINAR = "(none)"


def page() -> None:
    """Show the uploader, then a form for each item that the files make, filled in from them."""
    app_state().access.require("add", visitor())
    st.html("<h1>Add materials</h1>")
    saved: dict[str, tuple[str, str]] = st.session_state.setdefault("saved", {})
    for item_id, title in (*st.session_state.get("saved before", ()), *saved.values()):
        link = Markup('<p class="notice">Saved: <a href="/item/{}">{}</a></p>')
        st.html(link.format(item_id, title))
    if later := st.session_state.pop("later", ""):
        saved_only = "It is saved, but not searchable yet:"
        st.html(Markup('<p class="notice" role="alert">{} {}</p>').format(saved_only, later))
    st.html(
        "<p>Drop slides, PDFs, posts or recordings. Files of one name, such as "
        "<code>talk.pptx</code> and <code>talk.pdf</code>, become one item. Your own copies stay "
        "as they are.</p>"
    )
    number = st.session_state.setdefault("upload", 0)
    uploads = st.file_uploader(
        "Files",
        accept_multiple_files=True,
        key=f"files:{number}",
        max_upload_size=app_state().library.settings.upload_file_mb,
    )
    if not uploads:
        return
    st.session_state.pop("saved before", None)
    paths = _stored(uploads)
    if not paths:
        return
    works = _works(paths)
    together = len(works) > 1 and st.checkbox("These files are all of one talk or post")
    works = [paths] if together else works
    waiting = [work for work in works if _key(work) not in saved]
    if not waiting:
        _begin_again(uploads)
    for position, work in enumerate(waiting, start=1):
        if len(works) > 1:
            names = ", ".join(path.name for path in work)
            st.html(Markup("<h2>{} of {}: {}</h2>").format(position, len(waiting), names))
        try:
            _form(work, app_state().library)
        except CoproArchiveError as error:
            say_error(error)


def _works(paths: list[Path]) -> list[list[Path]]:
    """Group files of one name, though each upload lies in a folder of its own."""
    first: dict[str, Path] = {}
    for path in paths:
        first.setdefault(path.name, path)
    flat = group_files([Path(name) for name in first])
    again = [[path] for path in paths if first[path.name] != path]
    return [[first[path.name] for path in work] for work in flat] + again


def _key(work: Sequence[Path]) -> str:
    return " ".join(sorted(f"{path.parent.name}/{path.name}" for path in work))


def _stored(uploads: Sequence[UploadedFile]) -> list[Path]:
    """Return where the files are kept; say of each that was not taken why."""
    paths = []
    for upload in uploads:
        try:
            paths.append(app_state().uploads.find(_upload_key(upload), upload.name))
        except CoproArchiveError as error:
            say_error(error)
    return paths


def _upload_key(upload: UploadedFile) -> str:
    """Return what stands for the file: Streamlit holds this instead of its bytes."""
    return upload.getvalue().decode(errors="replace")


def _begin_again(uploads: Sequence[UploadedFile]) -> None:
    """Clear the uploader for the next files."""
    for upload in uploads:
        app_state().uploads.remove(_upload_key(upload))
    st.session_state["upload"] += 1
    st.session_state["saved before"] = list(st.session_state["saved"].values())
    st.session_state["saved"] = {}
    st.rerun()


def _form(work: list[Path], library: Library) -> None:
    catalogue = library.catalogue()
    files = read_files(work, catalogue, library.reader)
    proposal = propose(files[0].path, files[0].extraction, catalogue)
    disclosures = disclosures_of(files, catalogue)
    if disclosures:
        st.html(disclosures_html(disclosures))
    for version in library.talks.other_versions(f.extraction for f in files)[:3]:
        same = f"{version.slides} of {version.of} slides are the same, or nearly"
        line = Markup('<p class="notice">A new version of “{}” ({})? {}.</p>')
        st.html(line.format(version.item.title, version.item.id, same))
    st.html(guesses_html(proposal.offered))
    sources = [source for _, disclosure in disclosures for source in disclosure.sources]
    with st.form(f"record:{_key(work)}"):
        draft = _fields(proposal, catalogue, _key(work))
        if withheld := [s for s in catalogue.series.withhold if s in sources]:
            release = st.multiselect(
                "Make public all the same",
                withheld,
                format_func=lambda source: RELEASED[source],
                key=f"release:{_key(work)}",
            )
            draft = replace(draft, release=tuple(release))
        if st.form_submit_button("Save in the archive", type="primary"):
            _save(work, draft, library)


def _fields(proposal: Proposal, catalogue: Catalogue, key: str) -> ItemDraft:
    """Show the form's fields, filled in with the proposal, and return their present values."""
    people = {p.id: p.name for p in catalogue.people.values()}
    title = st.text_input("Title", proposal.title, max_chars=1000, key=f"title:{key}")
    kinds = list(Kind)
    kind = st.selectbox(
        "What it is",
        kinds,
        kinds.index(proposal.kind),
        format_func=str.capitalize,
        key=f"kind:{key}",
    )
    named = st.multiselect(
        "People (choose, or type a new name)",
        [*people, *proposal.unknown_people],
        [*proposal.people, *proposal.likely_people],
        format_func=lambda p: people.get(p, p),
        accept_new_options=True,
        key=f"people:{key}",
    )
    seminars = [NO_SEMINAR, *sorted(catalogue.seminars, reverse=True)]
    seminar = st.selectbox(
        "Seminar (choose, or type the title of a new one)",
        seminars,
        seminars.index(proposal.seminar or NO_SEMINAR),
        format_func=lambda s: s if s == NO_SEMINAR else catalogue.seminar_title(s),
        accept_new_options=True,
        key=f"seminar:{key}",
    )
    date = st.text_input(
        "Date (2017, 2017-07 or 2017-07-06)", proposal.date or "", max_chars=21, key=f"date:{key}"
    )
    topics = st.multiselect(
        "Topics (choose, or type a new one)",
        list(catalogue.topics),
        list(proposal.topics),
        format_func=catalogue.topic_label,
        accept_new_options=True,
        key=f"topics:{key}",
    )
    abstract = st.text_area("Description, in plain words", "", key=f"abstract:{key}")
    return ItemDraft(
        seminar=None if seminar in (None, NO_SEMINAR) else seminar,
        title=title.strip() or None,
        kind=kind,
        people=tuple(str(p) for p in named),
        topics=tuple(str(t) for t in topics),
        date=date.strip() or None,
        abstract=abstract.strip() or None,
    )


def _save(work: list[Path], draft: ItemDraft, library: Library) -> None:
    """Write the item and make it searchable; the visitor's right is asked for here, at the act."""
    app_state().access.require("add", visitor())
    with st.status("Saving and making it searchable") as status:
        draft = library.with_new_records(draft)
        added = add_files(library.store, library.catalogue(), library.reader, work, draft)
        st.session_state["saved"][_key(work)] = (added.item.id, added.item.title)
        try:
            library.update_index()
        except CoproArchiveError as error:
            st.session_state["later"] = f"{error.message} {error.hint or ''}"
        status.update(label="Saved", state="complete")
    st.rerun()
