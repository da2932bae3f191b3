"""When files were last compared with their checksums, and when a backup was last made.

It lies in the index's folder: what is derived is deleted with it, and then "not known".
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coproarchive.desk.bags import BackupReport
from coproarchive.desk.verify import VerifyReport
from coproarchive.errors import FileSystemError
from coproarchive.store.files import write_durably

CARE = "care.json"
MOST_PATHS = 200


@dataclass(frozen=True, slots=True)
class LastVerify:
    """The last verification that came to its end.

    Attributes:
        when: UTC, ISO 8601.
        files, size: compared; size in bytes.
        damage: paths of damaged files, the first ones of many.
        damaged: how many there were.
        repaired: how many were put back.
    """

    when: str
    files: int
    size: int
    damage: Sequence[str] = ()
    damaged: int = 0
    repaired: int = 0


@dataclass(frozen=True, slots=True)
class LastBackup:
    """The last backup that was made from here: when, into which folder, of how much."""

    when: str
    bag: str
    files: int
    size: int


def _now() -> str:
    # As exact as the history, which is compared with it.
    return datetime.now(UTC).isoformat(timespec="microseconds")


class CareLog:
    """What is remembered of verifications and backups.

    Args:
        index: the index's folder.
    """

    def __init__(self, index: Path):
        self._path = index / CARE

    def last_verify(self) -> LastVerify | None:
        """Return the last verification, None where none is known."""
        with contextlib.suppress(TypeError):
            return LastVerify(**self._load().get("verify", {}))
        return None

    def last_backup(self) -> LastBackup | None:
        """Return the last backup, None where none is known."""
        with contextlib.suppress(TypeError):
            return LastBackup(**self._load().get("backup", {}))
        return None

    def note_verify(self, report: VerifyReport) -> None:
        """Remember a verification."""
        damage = [d.path for d in report.damage]
        last = LastVerify(_now(), report.files, report.size, damage[:MOST_PATHS], len(damage),
                          len(report.repaired))  # fmt: skip
        self._save("verify", asdict(last))

    def note_backup(self, report: BackupReport) -> None:
        """Remember a backup."""
        last = LastBackup(_now(), str(report.bag.absolute()), report.files, report.size)
        self._save("backup", asdict(last))

    def _load(self) -> dict[str, dict[str, Any]]:
        """Return what is remembered, by kind."""
        with contextlib.suppress(OSError, ValueError):
            content = json.loads(self._path.read_bytes())
            if isinstance(content, dict):
                return {k: v for k, v in content.items() if isinstance(v, dict)}
        return {}

    def _save(self, kind: str, values: dict[str, object]) -> None:
        """Write it; failing to is no harm, as what it tells of was done."""
        with contextlib.suppress(OSError, FileSystemError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, json.dumps(self._load() | {kind: values}).encode())
