"""Files that a form of the desk brought, as files on the disk with the names that they had."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from starlette.datastructures import UploadFile

from coproarchive.errors import FileSystemError
from coproarchive.settings import Settings
from coproarchive.store import safe_name, unique_file_name
from coproarchive.web.desk.frame import DeskRequest, InvalidFormError
from coproarchive.web.uploads import MEGABYTE


@contextlib.contextmanager
def received(r: DeskRequest, field: str) -> Iterator[Sequence[Path]]:
    """Give the files that a field of a form brought, until they are where they belong.

    They lie below the index, as /tmp may be memory; what a killed process leaves there is removed
    when the next one reads files (see locking.sweep).

    Raises:
        InvalidFormError: no file was chosen, or one is larger than the settings allow.
        FileSystemError: they cannot be kept.
    """
    files = [f for f in r.form.getlist(field) if isinstance(f, UploadFile) and f.filename]
    _refuse(files, field, r.library.settings)
    folder = r.library.settings.index / "scratch" / f"{os.getpid()}-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True)
        paths: list[Path] = []
        for file in files:
            name = safe_name(file.filename or "file")
            path = folder / unique_file_name(name, (p.name for p in paths))
            with path.open("xb") as target:
                shutil.copyfileobj(file.file, target, 1 << 20)
            paths.append(path)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise FileSystemError(error, folder) from error
    try:
        yield paths
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse(files: Sequence[UploadFile], field: str, settings: Settings) -> None:
    if not files:
        raise InvalidFormError({field: "Choose a file first."})
    for file in files:
        if (file.size or 0) > settings.upload_file_mb * MEGABYTE:
            most = f"{file.filename} is larger than {settings.upload_file_mb} MB."
            raise InvalidFormError({field: f"{most} Use the command: coproarchive file add"})
