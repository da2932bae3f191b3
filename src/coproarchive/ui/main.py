"""The Streamlit script: chooses the page, and turns what goes wrong into a message."""

from __future__ import annotations

import streamlit as st

from coproarchive.errors import CoproArchiveError
from coproarchive.ui import add, problems, search
from coproarchive.ui.parts import frame_end, frame_start, say_error
from coproarchive.ui.state import house, visitor


def main() -> None:
    """Run the page of this address."""
    st.set_page_config(page_title="Archive of talks", layout="wide", initial_sidebar_state="auto")
    pages = [
        st.Page(search.page, title="Search", url_path="search", default=True),
        # What a visitor may not do has no page for them; each act asks again.
        *(
            [
                st.Page(add.page, title="Add materials", url_path="add"),
                st.Page(problems.page, title="Problems", url_path="problems"),
            ]
            if house().access.may("add", visitor())
            else []
        ),
    ]
    current = st.navigation(pages, position="hidden")
    try:
        frame_start(f"/{current.url_path}")
        current.run()
        frame_end()
    except CoproArchiveError as error:
        say_error(error)


main()
