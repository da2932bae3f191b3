"""What `coproarchive serve` hands to `streamlit run`; limits and theme are in .streamlit beside it.

The folder is the script's alone, since Streamlit puts it at the front of sys.path.
"""

from __future__ import annotations

import streamlit as st

from coproarchive.ui.application import SCRIPT, http_routes, lifespan, middleware

app = st.App(SCRIPT, lifespan=lifespan, routes=http_routes(), middleware=middleware())
