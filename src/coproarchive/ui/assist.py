"""What Streamlit leaves out for those who do not see the page: its language, and announcements.

A live region inside `st.html` is replaced at each rerun and so never read out, and the page's
language is always English. One small script mends both, and offers suggestions under the search
box.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import streamlit as st


@lru_cache(maxsize=1)
def _component() -> Any:
    script = files("coproarchive.ui").joinpath("static/assist.js").read_text(encoding="utf-8")
    return st.components.v2.component("coproarchive_assist", js=script)


def assist(language: str, say: str = "") -> None:
    """Set the page's language and announce a message.

    Args:
        language: BCP 47 tag of the page's own words.
        say: plain text that is read out when it differs from the last one; "" for nothing.
    """
    _component()(data={"lang": language, "say": say}, key="assist")
