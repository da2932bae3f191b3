"""What the Streamlit script does: chooses the page, and turns what goes wrong into a message."""

from __future__ import annotations

import logging
import time

import streamlit as st

from coproarchive.errors import CoproArchiveError, FileSystemError, IngestError
from coproarchive.logs import log, new_request_id
from coproarchive.ui import add, problems, search
from coproarchive.ui.parts import frame_end, frame_start, say_error
from coproarchive.ui.state import app_state
from coproarchive.web.concurrency import BusyError
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
            st.Page(add.page, title="Add materials", url_path="add"),
            st.Page(problems.page, title="Problems", url_path="problems"),
        ],
        position="hidden",
    )
    path += current.url_path
    try:
        series = app_state().library.public().series
        words = st.query_params.get("q", "") if current.url_path == "" else ""
        title = " – ".join(filter(None, [words[:60], current.title, series.title]))
        st.set_page_config(page_title=title, layout="wide", initial_sidebar_state="auto")
        frame_start(f"/{current.url_path}")
        try:
            current.run()
        except CoproArchiveError as error:
            if not isinstance(error, (IngestError, BusyError)):
                log(logging.ERROR, f"A page could not be made: {error.message}")
            say_error(error)
        except OSError as error:
            refused = FileSystemError(error)
            log(logging.ERROR, f"A page could not be made: {refused.message}")
            say_error(refused)
        frame_end()
    except CoproArchiveError as error:
        log(logging.ERROR, f"A page could not be made: {error.message}")
        say_error(error)
    finally:
        seconds = time.monotonic() - started
        RUN_SECONDS.labels(path).observe(seconds)
        message = f"RUN {path} in {seconds * 1000:.0f} ms"
        log(logging.INFO, message, method="RUN", route=path, seconds=round(seconds, 4))
