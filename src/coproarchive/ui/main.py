"""What the Streamlit script does: chooses the page, and turns what goes wrong into a message."""

from __future__ import annotations

import logging
import time

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from coproarchive.errors import CoproArchiveError, FileSystemError
from coproarchive.logs import log, new_request_id
from coproarchive.ui import search
from coproarchive.ui.adding import page as adding
from coproarchive.ui.assist import assist
from coproarchive.ui.parts import frame_end, frame_start, report_failure, say_error
from coproarchive.ui.state import app_state
from coproarchive.web import render
from coproarchive.web.metrics import RUN_SECONDS


def main() -> None:
    """Run the page of this address, and log it as a request of its own."""
    new_request_id()
    started = time.monotonic()
    path = "/"
    # Every page is known to everybody; what a visitor may not do is refused by the page itself, at
    # the act, where it cannot be got round.
    current = st.navigation(
        [
            st.Page(search.page, title="Search", url_path="search", default=True),
            st.Page(adding.page, title="Add materials", url_path="add"),
        ],
        position="hidden",
    )
    path += current.url_path
    try:
        series = app_state().library.public().series
        words = st.query_params.get("q", "") if current.url_path == "" else ""
        title = " – ".join(filter(None, [words[:60], current.title, series.title]))
        st.set_page_config(page_title=title, layout="wide")
        if current.url_path:
            frame_start(f"/{current.url_path}")
            _run_and_say_errors(current)
            frame_end()
        else:
            current.run()  # draws the whole page at once, so that nothing moves
        assist(render.LANGUAGE, str(st.session_state.pop("say", "")))
    except CoproArchiveError as error:
        report_failure(error)
        say_error(error)
    finally:
        seconds = time.monotonic() - started
        RUN_SECONDS.labels(path).observe(seconds)
        message = f"RUN {path} in {seconds * 1000:.0f} ms"
        log(logging.INFO, message, method="RUN", route=path, seconds=round(seconds, 4))


def _run_and_say_errors(page: StreamlitPage) -> None:
    """Run a page; write what goes wrong where it was to be."""
    try:
        page.run()
    except (CoproArchiveError, OSError) as error:
        failed = error if isinstance(error, CoproArchiveError) else FileSystemError(error)
        report_failure(failed)
        say_error(failed)
