"""What the source says now, what the archive says, and what was written before: field by field.

The state under archive/.state/ holds a hash of each field as the last import wrote it. A field that
still has that hash is the importer's to change; any other is the archivist's and stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from coproarchive.errors import ArchiveError
from coproarchive.store import Store
from coproarchive.store.sidecar import RecordT, plain

VERSION = 1
SITES = "wordpress"
"""Name of the state that lists the sites."""


@dataclass
class MergeResult:
    """What to change in a record.

    Attributes:
        update: fields with their new values.
        conflicts: fields that both the source and the archivist changed.
        archivist_only: fields that only the archivist changed.
    """

    update: dict[str, Any] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    archivist_only: list[str] = field(default_factory=list)


def digest(value: object) -> str:
    """Return a short hash of a field's plain value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def hashes(record: BaseModel, fields: Sequence[str]) -> dict[str, str]:
    """Hash of each field, as the state keeps them."""
    content = plain(record)
    return {name: digest(content.get(name)) for name in fields}


def merge(
    current: RecordT, fresh: RecordT, base: dict[str, str], fields: Sequence[str]
) -> MergeResult:
    """Compare field by field.

    Args:
        current: as it stands in the archive.
        fresh: as the source has it now.
        base: `hashes` of what was written last; {} for a record that no import wrote, of which
            only empty fields are filled.
    """
    now, new = plain(current), plain(fresh)
    merged = MergeResult()
    for name in fields:
        have, want = now.get(name), new.get(name)
        if have == want:
            continue
        before = base.get(name)
        if before == digest(have) or (before is None and have is None):
            merged.update[name] = getattr(fresh, name)
        elif not base or before == digest(want) or (before is None and want is None):
            merged.archivist_only.append(name)
        else:
            merged.conflicts.append(name)
    return merged


class ImportState:
    """What earlier imports of one site wrote, in archive/.state/.

    Attributes:
        records: source id -> {"id": record, "fields": hashes, "post": sha256, "files": {url: ...}}.
        guesses: as reported, each with "confirmed".
    """

    def __init__(self, store: Store, site: str):
        self.store = store
        self.name = state_name(site)
        stored = store.read_state(self.name)
        if stored is not None and (
            not isinstance(stored, dict) or stored.get("version") != VERSION
        ):
            raise ArchiveError(
                "this import's state is of another version.",
                f".state/{self.name}.json",
                "Move it away and import again: items are known by their source_id.",
            )
        state: dict[str, Any] = stored if isinstance(stored, dict) else {}
        self.records: dict[str, dict[str, Any]] = state.get("records", {})
        self.guesses: list[dict[str, Any]] = state.get("guesses", [])
        self.site = site

    def record(self, key: str) -> dict[str, Any]:
        """Return the state of a record, {} where it is new."""
        return self.records.get(key, {})

    def remember(self, key: str, record_id: str, fields: dict[str, str], **more: object) -> None:
        """Keep what was written; `more` overrules what was kept before."""
        self.records[key] = {**self.records.get(key, {}), "id": record_id, "fields": fields, **more}

    def save(self) -> None:
        """Write it."""
        value = {
            "version": VERSION,
            "site": self.site,
            "records": self.records,
            "guesses": self.guesses,
        }
        self.store.write_state(self.name, value)
        imported = sites(self.store)
        if self.site not in imported:
            self.store.write_state(SITES, {"sites": sorted({*imported, self.site})})


def sites(store: Store) -> list[str]:
    """List keys of the sites that were imported."""
    state = store.read_state(SITES)
    return list(state.get("sites", [])) if isinstance(state, dict) else []


def state_name(site: str) -> str:
    """Name of a site's state under .state/."""
    readable = "".join(c if c.isalnum() else "-" for c in site)[:40]
    return f"wordpress-{readable}-{hashlib.sha256(site.encode()).hexdigest()[:8]}"
