"""The Streamlit script: chooses the page, and turns what goes wrong into a message."""

from __future__ import annotations

import streamlit as st

from coproarchive.errors import CoproArchiveError
from coproarchive.ui import add, problems, search
from coproarchive.ui.parts import frame_end, frame_start, say_error
from coproarchive.ui.state import app_state


def main() -> None:
    """Run the page of this address."""
    # Every page is known to everybody; what a visitor may not do is refused by the page itself, at
    # the act, where it cannot be got round.
    current = st.navigation(
        [
            st.Page(search.page, title="Search", url_path="search", default=True),
            st.Page(add.page, title="Add materials", url_path="add"),
            st.Page(problems.page, title="Problems", url_path="problems"),
        ],
        position="hidden",
    )
    try:
        series = app_state().library.public().series
        words = st.query_params.get("q", "") if current.url_path == "" else ""
        title = " – ".join(filter(None, [words[:60], current.title, series.title]))
        st.set_page_config(page_title=title, layout="wide", initial_sidebar_state="auto")
        frame_start(f"/{current.url_path}")
        try:
            current.run()
        except CoproArchiveError as error:
            say_error(error)
        frame_end()
    except CoproArchiveError as error:
        say_error(error)


# Streamlit runs this file as __main__; a reading process that is spawned while it does imports it
# under another name, and must not run the page.
if __name__ == "__main__":
    main()
