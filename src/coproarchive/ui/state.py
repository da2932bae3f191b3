"""What all sessions share: one library and one answer to who may do what, a process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from coproarchive.desk.drafts import Shelf
from coproarchive.desk.incoming import IncomingWatcher
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
        shelf: of the files that wait to be added.
        incoming: makes drafts of what is put into the incoming folder; None where none is set.
        reindexer: None where updating by itself is off.
    """

    library: Library
    access: Access
    uploads: Uploads
    shelf: Shelf
    incoming: IncomingWatcher | None
    limits: RequestLimits
    reindexer: Reindexer | None


@lru_cache(maxsize=1)
def app_state() -> AppState:
    """Return the state of this process, opened at the first call."""
    settings = load_settings().settings
    library = Library(settings)
    follows = settings.reindex == "on" and library.index_storage.is_persistent
    reindexer = Reindexer(library) if follows else None
    shelf = Shelf(settings.archive)
    uploads, limits = Uploads(settings, shelf), RequestLimits(settings)
    folder = settings.incoming
    incoming = IncomingWatcher(library, shelf, folder) if folder is not None else None
    return AppState(library, Access(settings), uploads, shelf, incoming, limits, reindexer)


def visitor() -> Visitor:
    """Return the visitor who runs this session, as their browser's request says."""
    context = st.context
    return visitor_of(context.headers, context.ip_address or "", context.cookies.to_dict())
