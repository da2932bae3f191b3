"""What the page of adding says beside the table: what waits, what is wrong, what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import streamlit as st
from markupsafe import Markup

from coproarchive.catalogue import Catalogue
from coproarchive.desk.drafts import GIVES_AWAY, DraftRow, DraftSet, LeftOut, Mistake
from coproarchive.ingest.guesses import Guess
from coproarchive.ui.adding import acts
from coproarchive.ui.adding.choices import name_of_row
from coproarchive.ui.adding.table import picture_of, picture_of_item, sentence_of
from coproarchive.ui.state import app_state

MOST_NAMED = 4
"""Rows with the same to be looked at that are named; of more their number."""


def show_waiting() -> None:
    """Show the sets that wait, each to go on with or to discard."""
    waiting = [draft for draft in app_state().shelf.sets() if draft.count]
    _show_incoming()
    if not waiting:
        return
    st.html("<h2>Waiting to be saved</h2>")
    for draft in waiting:
        files = f"{draft.count} file{'s' if draft.count != 1 else ''}"
        source = " from the incoming folder" if draft.origin == "incoming" else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(Markup("<p><b>{}</b>{}, since {}</p>").format(files, source, draft.began))
            st.button("Go on", on_click=acts.open_set, args=(draft.id,), key=f"open:{draft.id}")
            show_discard(draft, "Discard")


def _show_incoming() -> None:
    """Say what stays in the incoming folder, and why."""
    incoming = app_state().incoming
    if incoming is None or not incoming.others:
        return
    lines = Markup("").join(
        Markup("<li><code>{}</code>: {}</li>").format(path, reason)
        for path, reason in sorted(incoming.others.items())
    )
    head = "Still in the incoming folder:"
    st.html(Markup('<div class="notice"><p>{}</p><ul>{}</ul></div>').format(head, lines))


def show_discard(draft: DraftSet, label: str) -> None:
    """Show a button that discards a set, which asks first."""
    with st.popover(label):
        st.html(f"<p>{draft.count} files would be removed from here for good.</p>")
        st.button(
            f"Discard {draft.count} files",
            on_click=acts.discard_set,
            args=(draft.id,),
            key=f"discard:{draft.id}",
        )


def show_mistakes(draft: DraftSet, mistakes: Mapping[str, list[Mistake]]) -> None:
    """Name what is wrong by row and field; why rows were not saved a moment ago, too."""
    failed: Mapping[str, Mistake] = st.session_state.get("not saved", {})
    lines, unseen = [], []
    for row in draft.rows:
        for mistake in mistakes.get(row.id) or ([failed[row.id]] if row.id in failed else []):
            if mistake.field == GIVES_AWAY:
                unseen.append(name_of_row(draft, row))
            else:
                line = Markup("<li><b>{}</b> – {}</li>")
                lines.append(line.format(name_of_row(draft, row), sentence_of(mistake)))
    if unseen:
        names = "; ".join(unseen[:MOST_NAMED])
        more = f" and {len(unseen) - MOST_NAMED} more" if len(unseen) > MOST_NAMED else ""
        line = Markup(
            "<li><b>{}{}</b> – everybody would read addresses or numbers in the files: {}</li>"
        )
        lines.append(line.format(names, more, "look at what they give away, below, and tick it."))
    if lines:
        head = "Not saved until this is put right; the other rows can be saved:"
        st.html(
            Markup('<div class="notice" role="alert"><p>{}</p><ul>{}</ul></div>').format(
                head, Markup("").join(lines)
            )
        )


def show_given_away(draft: DraftSet) -> None:
    """Show what files would tell of people, and one tick for all of it."""
    rows = [row for row in draft.rows if row.disclosures]
    if not rows:
        return
    lines = [
        Markup("<li><b>{}</b><br>{}</li>").format(
            name_of_row(draft, row), Markup("<br>").join((*row.given_away, *row.withheld))
        )
        for row in rows
    ]
    st.html(
        Markup(
            "<h2>What the files give away</h2><p>What is “not public” stays so, unless you tick it "
            "in the column “Made public all the same”.</p><ul>{}</ul>"
        ).format(Markup("").join(lines))
    )
    unseen = [row.id for row in rows if row.given_away and not row.is_looked_at]
    st.button(
        "I have looked at all of this: it may go out",
        on_click=acts.look_at_all,
        args=(draft.id, unseen),
        disabled=not unseen,
    )


def show_twins(draft: DraftSet) -> None:
    """Show rows that are nearly items of the archive, each with what may become of it."""
    rows = [row for row in draft.rows if row.twins]
    if rows:
        st.html("<h2>Nearly the same as what the archive has</h2>")
    for row in rows:
        show_twin(draft, row)


def show_twin(draft: DraftSet, row: DraftRow) -> None:
    """Show a row beside its twin, and ask whether it is a new version of it."""
    library = app_state().library
    name = name_of_row(draft, row)
    left, right = st.columns([1, 1])
    with left:
        st.html(Markup("<h3>{}</h3>").format(name))
        _show_picture(picture_of(library, draft, row), f"First slide of {name}")
    for twin in row.twins:
        with right:
            line = Markup('<h3><a href="/item/{}">{}</a></h3><p>{} of {} slides are the same.</p>')
            st.html(line.format(twin.item, twin.title, twin.slides, twin.of))
            _show_picture(picture_of_item(library, twin.item), f"First slide of {twin.title}")
    with left:
        titles = {"": "Keep both", **{
            twin.item: f"New version of “{twin.title}”: replace its files" for twin in row.twins
        }}  # fmt: skip
        key = f"twin:{row.id}:{acts.table_version()}"
        st.radio(
            f"What it is, {name}",
            list(titles),
            index=list(titles).index(row.replaces) if row.replaces in titles else 0,
            format_func=titles.__getitem__,
            key=key,
            on_change=acts.choose_twin,
            args=(draft.id, row.id, key),
        )
        if row.replaces:
            st.html("<p>Its record stays as it is, and its old files are kept.</p>")


def _show_picture(address: str, alt: str) -> None:
    if address:
        st.html(Markup('<img src="{}" alt="{}" width="240">').format(address, alt))


def show_sources(draft: DraftSet) -> None:
    """Say from which words each row was filled in, and how sure each proposal is."""
    parts = [
        Markup("<h3>{}</h3><ul>{}</ul>").format(name_of_row(draft, row), sources_of(row))
        for row in draft.rows
    ]
    st.html(
        Markup("<details><summary>Where the proposals come from</summary>{}</details>").format(
            Markup("").join(parts)
        )
    )


def sources_of(row: DraftRow) -> Markup:
    """Return lines that say where a row's proposals come from."""
    return _lines_of(row.guesses)


@lru_cache(maxsize=1024)
def _lines_of(guesses: tuple[Guess, ...]) -> Markup:
    """Make a list of guesses, once: the page is made anew at every edit."""
    line = Markup("<li>{}: <b>{}</b>, {:.0%} sure ({}), from “{}”</li>")
    return Markup("").join(
        line.format(g.kind.capitalize(), g.value, g.confidence, g.rule, g.line[:120])
        for g in guesses
    )


def show_left_out(draft: DraftSet, catalogue: Catalogue) -> None:
    """Show files that no row has: why, where the archive has them, and what can be done."""
    if not draft.left_out:
        return
    st.html("<h2>Not in the table</h2>")
    for left in draft.left_out:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(_line_of(left, catalogue))
            if left.can_be_added and "/" not in left.path.partition(".zip/")[2]:
                st.button("Add it all the same", on_click=acts.add_left_out,
                          args=(draft.id, left.path), key=f"add:{left.path}")  # fmt: skip
    st.button("Discard the files that are not in the table", on_click=acts.discard_left_out,
              args=(draft.id,))  # fmt: skip


def _line_of(left: LeftOut, catalogue: Catalogue) -> Markup:
    where = left.message.rpartition(": ")[2].removesuffix(".").rpartition("/")[0]
    if left.code == "duplicate-file" and where in catalogue.items:
        return Markup(
            '<p><code>{}</code>: the archive has this file already, in <a href="/item/{}">{}</a>'
            "</p>"
        ).format(left.path, where, catalogue.items[where].title)
    message = left.message[:1].upper() + left.message[1:]
    hint = "" if left.can_be_added else left.hint
    return Markup("<p><code>{}</code>: {} {}</p>").format(left.path, message, hint)
