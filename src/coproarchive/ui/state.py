"""What all sessions share: one library and one answer to who may do what, a process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from coproarchive.library import Library
from coproarchive.settings import load_settings
from coproarchive.web.access import Access, Visitor, visitor_of


@dataclass(frozen=True)
class AppState:
    """The opened archive and its rules of access."""

    library: Library
    access: Access


@lru_cache(maxsize=1)
def app_state() -> AppState:
    """Return the state of this process, opened at the first call."""
    settings = load_settings().settings
    return AppState(Library(settings), Access(settings))


def visitor() -> Visitor:
    """Return the visitor who runs this session, as their browser's request says."""
    context = st.context
    return visitor_of(context.headers, context.ip_address or "", context.cookies.to_dict())
