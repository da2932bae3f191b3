"""What all sessions share: one library and one answer to who may do what, a process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from coproarchive.library import Library
from coproarchive.operate.reindex import Reindexer
from coproarchive.settings import load_settings
from coproarchive.web.access import Access, Visitor, visitor_of
from coproarchive.web.concurrency import RequestLimits
from coproarchive.web.uploads import Uploads


@dataclass(frozen=True)
class AppState:
    """The opened archive, who may do what and how much at once, and what updates the index.

    Attributes:
        reindexer: None where updating by itself is off.
    """

    library: Library
    access: Access
    uploads: Uploads
    limits: RequestLimits
    reindexer: Reindexer | None


@lru_cache(maxsize=1)
def app_state() -> AppState:
    """Return the state of this process, opened at the first call."""
    settings = load_settings().settings
    library = Library(settings)
    follows = settings.reindex == "on" and library.index_storage.is_persistent
    reindexer = Reindexer(library) if follows else None
    return AppState(
        library, Access(settings), Uploads(settings), RequestLimits(settings), reindexer
    )


def visitor() -> Visitor:
    """Return the visitor who runs this session, as their browser's request says."""
    context = st.context
    return visitor_of(context.headers, context.ip_address or "", context.cookies.to_dict())
