"""What is in a folder that is added: files to read, each once, and what is said of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coproarchive.catalogue import Catalogue
from coproarchive.extract.worker import Job, Reader
from coproarchive.ingest.zipped import open_zips
from coproarchive.model import Severity
from coproarchive.progress import Progress
from coproarchive.store import hash_file, media_type_of_file, walk
from coproarchive.store.files import EMPTY_HINT

if TYPE_CHECKING:
    from coproarchive.ingest.folder_plan import FolderReport

NOTHING: Mapping[str, str] = {}


def files_to_read(
    folder: Path,
    catalogue: Catalogue,
    reader: Reader,
    report: FolderReport,
    progress: Progress,
    passed_over: Mapping[str, str] = NOTHING,
) -> Iterator[Job]:
    """Yield files to read; a file that is refused or in the archive already becomes a problem."""
    seen: dict[str, str] = {}
    for entry in walk(folder, max_depth=60, with_system=True):
        if entry.kind == "folder":
            continue
        report.files += 1
        path = folder / entry.path
        progress("looking", report.files, 0, entry.path)
        if entry.kind == "system":
            message = "this name is hidden or a system's own; it was passed over."
            hint = "If it belongs to the archive, give it another name and add it."
            report.reject(path, "passed-over", message, hint, Severity.NOTE)
            continue
        if entry.path in passed_over:
            report.reject(path, "not-added", passed_over[entry.path], severity=Severity.NOTE)
            continue
        if entry.kind == "file" and not entry.size:
            report.reject(path, "not-added", "this file is empty.", EMPTY_HINT)
            continue
        if entry.kind == "unreadable":
            report.reject(path, "not-readable", "the permissions do not allow to read this.")
            continue
        if entry.kind != "file":
            what = {"link": "a link", "special": "a pipe or device"}.get(entry.kind, entry.kind)
            report.reject(path, "not-a-file", f"this is {what}.")
            continue
        try:
            opened = open_zips([path], reader)
            above = entry.path.removesuffix(path.name)
            report.places |= {p: above + place for p, place in opened.places.items()}
            report.problems += [replace(p, path=above + p.path) for p in opened.problems]
            if opened.problems and not opened.places:
                continue
            jobs = [
                Job(p, hash_file(p)[1], media_type_of_file(p), is_described=True)
                for p in opened.paths
            ]
        except OSError as error:
            report.reject(path, "not-readable", f"this cannot be read: {error.strerror}.")
            continue
        report.files += len(jobs) - 1 + len(opened.problems)
        for job in jobs:
            copies = catalogue.by_sha256.get(job.sha256)
            if copies or job.sha256 in seen:
                report.reject_duplicate(
                    job.path, "/".join(copies[0]) if copies else seen[job.sha256]
                )
                continue
            seen[job.sha256] = report.places.get(job.path, entry.path)
            yield job
