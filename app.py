"""`streamlit run app.py` in a clone: the app of the package, with its limits and theme."""

from __future__ import annotations

import streamlit as st

from coproarchive.ui.application import SCRIPT, http_routes, lifespan, middleware, say_failure

app = st.App(
    SCRIPT,
    lifespan=lifespan,
    routes=http_routes(),
    middleware=middleware(),
    on_script_error=say_failure,
)
