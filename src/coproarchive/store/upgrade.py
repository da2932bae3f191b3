"""Archives of older formats: what would change, a verified copy of it, and the change.

`format` in archive.yaml is the version of the records' format; without it an archive has format 1,
that of 0.1.0. It is written last, so that an upgrade that was killed is begun again by the next.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from coproarchive.errors import ArchiveError, FileSystemError
from coproarchive.store import Store
from coproarchive.store.files import copy_hashed, hash_file, sync_folder, write_durably
from coproarchive.store.reader import FORMAT, SERIES

BACKUPS = ".backups"
MANIFEST = "SHA256SUMS"
"""As sha256sum writes it: `sha256sum --check SHA256SUMS` in the copy's folder compares them."""


@dataclass(frozen=True, slots=True)
class UpgradeStep:
    """How an archive gets from one format to the next.

    Attributes:
        meaning: what the next format says that the one before did not, in a sentence.
        files: records that change besides archive.yaml, relative to the archive, with "/".
        change: changes them; run again after it was killed, it gives the same.
    """

    meaning: str
    files: Callable[[Store], Sequence[str]] = lambda _: ()
    change: Callable[[Store], None] = lambda _: None


STEPS: dict[int, UpgradeStep] = {
    1: UpgradeStep(
        "notes, comments and hidden slides are withheld, unless they are released; "
        "`hidden_slides` becomes `withhold`."
    ),
}
"""By the format that a step starts from."""


def steps_of(store: Store) -> list[tuple[int, UpgradeStep]]:
    """List the steps from an archive's format to this version's. Raises ArchiveError."""
    return [(number, STEPS[number]) for number in range(store.read_series().format, FORMAT)]


def upgrade_archive(store: Store) -> list[Path]:
    """Bring an archive to this version's format; a copy of what changes is made before each step.

    Returns:
        The folders of the copies, none where the archive has this format already.

    Raises:
        ArchiveError: a copy is not what was copied, or cannot be written; nothing was changed by
            the step that it was made for.
        LockedError: another process is writing to the archive.
    """
    copies = []
    with store.lock():
        for number, step in steps_of(store):
            copies.append(back_up(store, [SERIES, *step.files(store)], f"format-{number}"))
            step.change(store)
            series = store.read_series().model_copy(update={"format": number + 1})
            store.save_series(series)
    return copies


def back_up(store: Store, files: Sequence[str], label: str) -> Path:
    """Copy files of an archive into a new folder below .backups, there whole or not at all.

    Args:
        store: of the archive; its lock is held.
        files: relative to the archive, with "/".
        label: beginning of the folder's name; the time (UTC) follows.

    Returns:
        The folder, with the copies under their paths, and MANIFEST.

    Raises:
        ArchiveError: a copy, read again, has another checksum than the original.
        FileSystemError: a copy cannot be made; nothing was changed.
    """
    made = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    folder = store.root / BACKUPS / f"{label}-{made}"
    staging = store.staging()
    try:
        sums = [f"{_copied(store.root / name, staging / name)}  {name}\n" for name in files]
        write_durably(staging / MANIFEST, "".join(sums).encode())
        for parent in {(staging / name).parent for name in files}:
            sync_folder(parent)
        folder.parent.mkdir(exist_ok=True)
        os.rename(staging, folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise FileSystemError(error, folder) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def _copied(source: Path, target: Path) -> str:
    """Copy a file and read the copy again; return their sha256. Raises ArchiveError, OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copied = copy_hashed(source, target)
    if not copied == hash_file(target) == hash_file(source):
        message = "a copy of this file differs from it; nothing was changed."
        raise ArchiveError(message, source, "Look at the disk, then try again.")
    return copied[1]
