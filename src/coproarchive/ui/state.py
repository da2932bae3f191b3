"""What all sessions share: one library and one answer to who may do what, a process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from coproarchive.library import Library
from coproarchive.settings import Settings
from coproarchive.web.access import Access, Visitor, visitor_of


@dataclass(frozen=True)
class House:
    """The opened archive and its rules of access."""

    library: Library
    access: Access


@lru_cache(maxsize=1)
def house() -> House:
    """The house of this process, opened at the first call from COPROARCHIVE_* settings."""
    settings = Settings()
    return House(Library(settings), Access(settings))


def visitor() -> Visitor:
    """Who runs this session, as their browser's request says."""
    context = st.context
    return visitor_of(context.headers, context.ip_address or "", context.cookies.to_dict())
