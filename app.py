"""The composition root: settings, archive and index opened once, HTTP routes and Streamlit pages.

Started by `coproarchive serve`, or by `streamlit run app.py`.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from coproarchive.ui.state import app_state
from coproarchive.web.middleware import NotFound, Protect
from coproarchive.web.pages import Pages
from coproarchive.web.routes import routes

SHELL = Path(st.__file__).parent / "static" / "index.html"
SCRIPT = Path(__file__).parent / "src" / "coproarchive" / "ui" / "main.py"


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Load what is heavy, once; stop the reading processes at the end."""
    import pandas  # noqa: F401, PLC0415 - loaded here so that freeze() below covers it
    import pyarrow  # noqa: F401, PLC0415

    # Streamlit collects all garbage after each rerun; what never changes need not be looked at
    # again (measured: 108 to 16 ms of CPU a rerun).
    gc.collect()
    gc.freeze()
    yield
    app_state().library.close()


ours = routes(app_state().library, app_state().access)
app = st.App(
    SCRIPT,
    lifespan=lifespan,
    routes=ours,
    middleware=[
        Middleware(Protect, access=app_state().access, shell=SHELL.read_text(encoding="utf-8")),
        Middleware(NotFound, pages=Pages(app_state().library), routes=ours),
    ],
)
