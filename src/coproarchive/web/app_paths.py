"""Addresses that Streamlit's server answers."""

from __future__ import annotations

PAGES = ("/", "/add")
"""Its pages, which ui/main.py declares."""
PREFIXES = ("/_stcore/", "/media/", "/component/", "/static/", "/favicon", "/manifest")
"""What its pages load."""
CLOSED = ("/_stcore/metrics",)
"""What it would tell anybody about this process; see web/metrics.py for who may ask."""


def is_page(path: str) -> bool:
    """Tell whether a path is one of Streamlit's pages."""
    return (path.rstrip("/") or "/") in PAGES
