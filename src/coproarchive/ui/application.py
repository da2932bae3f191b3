"""The composition root: settings, archive and index opened once, HTTP routes and Streamlit pages.

`streamlit run` looks for an `App(...)` in the script itself: ui/server/app.py, which `serve` runs,
and app.py in a clone make it from what is here.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from coproarchive.errors import CoproArchiveError
from coproarchive.search.language.query import Query
from coproarchive.ui.state import app_state
from coproarchive.web.middleware import NotFound, Protect
from coproarchive.web.pages import Pages
from coproarchive.web.routes import routes

SCRIPT = Path(__file__).parent / "main.py"


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Load what is heavy, once; stop the reading processes at the end."""
    import pandas  # noqa: F401 - loaded here so that freeze() below covers it
    import pyarrow  # noqa: F401

    with contextlib.suppress(CoproArchiveError):  # readers are told when they ask
        app_state().library.search(Query.parse("a"))
    # Streamlit collects all garbage after each rerun; what never changes need not be looked at
    # again (measured: 108 to 16 ms of CPU a rerun, and 300 to 56 ms at 100,000 slides, whose
    # catalogue and index are therefore loaded before).
    gc.collect()
    gc.freeze()
    yield
    app_state().library.close()


def http_routes() -> list[BaseRoute]:
    """Return the routes of everything that is not a page of Streamlit."""
    return routes(app_state().library, app_state().access)


def middleware() -> list[Middleware]:
    """Return what stands before every answer: protection, then the page for what is not there."""
    shell = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    return [
        Middleware(Protect, access=app_state().access, shell=shell, address=_address),
        Middleware(NotFound, pages=Pages(app_state().library), routes=http_routes()),
    ]


def _address() -> str:
    """Return the archive's own web address, "" where it has none or cannot be read."""
    try:
        return app_state().library.public().series.address or ""
    except CoproArchiveError:
        return ""
