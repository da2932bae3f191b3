"""Backups: bags (BagIt, RFC 8493) that any validator reads, each whole, what is unchanged linked.

    DIR/20261129T140501Z/bagit.txt, bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt
    DIR/20261129T140501Z/data/...            the archive's folder
    DIR/20261129T140501Z/stamps.json         by what a file is known to be unchanged since

Written by hand, not by bagit-python, which reads and moves a whole bag to make one; it validates
them (tests). Names are encoded as bagit-python does: of the RFC's three characters, "%" stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from coproarchive.errors import ArchiveError, FileSystemError, NotFoundError, naming
from coproarchive.progress import Progress, silent
from coproarchive.store import Store
from coproarchive.store.files import (
    copy_hashed,
    hash_file,
    is_used,
    stamp_of,
    sync_folder,
    write_durably,
)
from coproarchive.store.reader import DRAFTS, LOCK, REVISION, SERIES, STAGING

PARTIAL = ".partial"
FLUSH_FILES = 200
"""Files after which it is written down how far a backup came."""
_PAYLOAD, _MANIFEST, _TAGS = "data", "manifest-sha256.txt", "tagmanifest-sha256.txt"
_STAMPS, _JOURNAL = "stamps.json", "journal.jsonl"
_LEFT_OUT = frozenset((LOCK, REVISION, STAGING, DRAFTS))
_NAME_FORM = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class PayloadFile:
    """A file in a bag.

    Attributes:
        sha256: lower-case hex.
        size: bytes.
        stamp: of the archive's file when it was copied; see Stamp.
    """

    sha256: str
    size: int
    stamp: tuple[int, ...] = ()


@dataclass
class BackupReport:
    """What a backup did.

    Attributes:
        bag: its folder.
        files, size: of the whole archive, size in bytes.
        copied: files that were read and written; the others are those of the bag before.
        left_out: paths that cannot be in a bag: links, devices, names that are no text.
    """

    bag: Path
    files: int = 0
    size: int = 0
    copied: int = 0
    left_out: list[str] = field(default_factory=list)


def back_up_archive(store: Store, folder: Path, progress: Progress = silent) -> BackupReport:
    """Make a bag of the archive as it is now, in a folder of bags.

    What did not change since the newest bag there is linked, not copied, where the file system can.
    Others can write to the archive meanwhile, but for the last moment. Stopped, the next goes on.

    Args:
        store: of the archive.
        folder: of bags; made where it is not there. It must not lie in the archive.
        progress: told of every file.

    Raises:
        ArchiveError: the folder lies in the archive.
        FileSystemError: it cannot be written to.
    """
    folder = folder.resolve()
    if folder.is_relative_to(store.root.resolve()):
        raise ArchiveError("a backup cannot lie in the archive itself.", folder)
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    bags = bags_in(folder)
    before = (bags[-1], payload_of(bags[-1])) if bags else None
    bag = _Bag(folder / PARTIAL, store.root, before)
    try:
        bag.fill(progress)
        with store.lock():
            bag.fill(silent)  # what changed meanwhile
            report = bag.finish(_free_name(folder), store.read_series().title)
    except OSError as error:
        raise FileSystemError(error, error.filename or folder) from error
    return report


def _free_name(folder: Path) -> Path:
    """Return the place of a bag made now: bags are in the order of their names."""
    name = datetime.now(UTC).strftime(_NAME_FORM)
    number, place = 1, folder / name
    while place.exists():
        number += 1
        place = folder / f"{name}-{number}"
    return place


def bags_in(folder: Path) -> list[Path]:
    """List the bags in a folder, oldest first; the folder itself, where it is one."""
    if (folder / "bagit.txt").is_file():
        return [folder]
    with contextlib.suppress(OSError):
        return sorted(
            (p for p in folder.iterdir()
             if not p.name.startswith(".") and (p / "bagit.txt").is_file()),
            key=lambda p: (p.name.partition("Z")[0], len(p.name), p.name),
        )  # fmt: skip
    return []


def payload_of(bag: Path) -> dict[str, PayloadFile]:
    """Return the files of a bag by path in the archive, as its manifest and stamps tell.

    Raises:
        ArchiveError: the manifest is damaged.
    """
    try:
        text = (bag / _MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ArchiveError("this bag has no manifest that can be read.", bag / _MANIFEST) from None
    stamps: dict[str, object] = {}
    with contextlib.suppress(OSError, ValueError):
        stamps = dict(json.loads((bag / _STAMPS).read_bytes()))
    files = {}
    for line in text.split("\n")[:-1]:
        sha256, _, name = line.partition("  ")
        path = _decoded(name).removeprefix(f"{_PAYLOAD}/")
        if len(sha256) != 64 or path == name or _is_outside(path):
            raise ArchiveError("this manifest is damaged.", bag / _MANIFEST)
        stamp = stamps.get(path)
        stamp_then = tuple(map(int, stamp)) if isinstance(stamp, list) else ()
        files[path] = PayloadFile(sha256, stamp_then[2] if len(stamp_then) > 2 else 0, stamp_then)
    return files


def _can_be_listed(name: str) -> bool:
    """Tell whether a manifest can have a name in it: text, without white space at its end."""
    return name.rstrip() == name and name.encode("utf-8", "replace").decode() == name


def _is_outside(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/") or "\0" in path or not path


def _encoded(path: str) -> str:
    return path.replace("\r", "%0D").replace("\n", "%0A")


def _decoded(path: str) -> str:
    return path.replace("%0D", "\r").replace("%0A", "\n")


class _Bag:
    """A bag half-way into place.

    Args:
        place: its folder, until it is whole.
        root: of the archive.
        before: the bag before, and its payload.
    """

    def __init__(
        self, place: Path, root: Path, before: tuple[Path, Mapping[str, PayloadFile]] | None
    ):
        self._place, self._root, self._before = place, root, before
        self._files = self._from_journal()
        self._journal: list[str] = []
        self._copied: set[str] = set()
        self._left_out: list[str] = []

    def _from_journal(self) -> dict[str, PayloadFile]:
        """Return what a run that was stopped has copied already."""
        files = {}
        with contextlib.suppress(OSError):
            for line in (self._place / _JOURNAL).read_bytes().splitlines():
                with contextlib.suppress(ValueError, TypeError):
                    path, sha256, size, stamp = json.loads(line)
                    files[path] = PayloadFile(sha256, size, tuple(stamp))
        return files

    def fill(self, progress: Progress) -> None:
        """Copy or link what is in the archive and not yet in the bag; take out what is gone."""
        self._left_out = []
        paths = list(self._paths())
        for number, path in enumerate(paths, start=1):
            progress("backing up", number, len(paths), path)
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                self._take(path)
        for path in self._files.keys() - set(paths):
            del self._files[path]
            (self._place / _PAYLOAD / path).unlink(missing_ok=True)
        self._flush()

    def _paths(self) -> Iterator[str]:
        """Yield every file of the archive; links and names that are no text are left out."""
        for folder, folders, names in os.walk(self._root):
            relative = Path(folder).relative_to(self._root).as_posix()
            prefix = "" if relative == "." else f"{relative}/"
            if not prefix:
                folders[:] = [name for name in folders if name not in _LEFT_OUT]
            folders.sort()
            self._left_out += [prefix + f for f in folders if os.path.islink(f"{folder}/{f}")]
            for name in sorted(set(names) - (set() if prefix else _LEFT_OUT)):
                file = Path(folder, name)
                if file.is_symlink() or not file.is_file() or not _can_be_listed(name):
                    self._left_out.append((prefix + name).encode("utf-8", "replace").decode())
                else:
                    yield prefix + name

    def _take(self, path: str) -> None:
        source, target = self._root / path, self._place / _PAYLOAD / path
        stamp = stamp_of(source)
        present = self._files.get(path)
        if present and stamp and present.stamp == stamp and target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        payload_file = self._before[1].get(path) if self._before else None
        if not (
            payload_file
            and stamp
            and payload_file.stamp == stamp
            and self._link(path, payload_file, target)
        ):
            scratch = self._place / "copying"
            scratch.unlink(missing_ok=True)
            size, sha256 = copy_hashed(source, scratch)
            # The time of the original: what else a copy needs to be the same.
            state = source.stat()
            os.utime(scratch, ns=(state.st_atime_ns, state.st_mtime_ns))
            scratch.replace(target)
            payload_file = PayloadFile(sha256, size, stamp or ())
            self._copied.add(path)
        self._files[path] = payload_file
        self._journal.append(
            json.dumps([path, payload_file.sha256, payload_file.size, payload_file.stamp])
        )
        if len(self._journal) >= FLUSH_FILES or payload_file.size > 1 << 26:
            self._flush()

    def _link(self, path: str, payload_file: PayloadFile, target: Path) -> bool:
        """Link a file of the bag before; tell whether that could be done."""
        assert self._before is not None
        source = self._before[0] / _PAYLOAD / path
        try:
            if source.stat().st_size != payload_file.size:
                return False
            os.link(source, target)
        except OSError:
            return False
        return True

    def _flush(self) -> None:
        if self._journal:
            with (self._place / _JOURNAL).open("a", encoding="utf-8") as file:
                file.write("\n".join([*self._journal, ""]))
            self._journal = []

    def finish(self, place: Path, title: str) -> BackupReport:
        """Write the tag files, and give the bag its name."""
        files = dict(sorted(self._files.items()))
        size = sum(f.size for f in files.values())
        lines = (f"{f.sha256}  {_PAYLOAD}/{_encoded(path)}\n" for path, f in files.items())
        info = {
            "Bagging-Date": datetime.now(UTC).date().isoformat(),
            "Payload-Oxum": f"{size}.{len(files)}",
            "External-Description": " ".join(title.split()),
            "Bag-Software-Agent": "coproarchive",
        }
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in info.items()),
            _MANIFEST: "".join(lines),
            _STAMPS: json.dumps({path: list(f.stamp) for path, f in files.items() if f.stamp}),
        }
        (self._place / _PAYLOAD).mkdir(parents=True, exist_ok=True)
        for name, text in tags.items():
            write_durably(self._place / name, text.encode())
        sums = (f"{hash_file(self._place / name)[1]}  {name}\n" for name in tags)
        write_durably(self._place / _TAGS, "".join(sums).encode())
        for folder, _, _ in os.walk(self._place / _PAYLOAD, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir() if not os.listdir(folder) else sync_folder(Path(folder))
        (self._place / _PAYLOAD).mkdir(exist_ok=True)
        (self._place / _JOURNAL).unlink(missing_ok=True)
        (self._place / "copying").unlink(missing_ok=True)
        os.rename(self._place, place)
        sync_folder(place.parent)
        return BackupReport(place, len(files), size, len(self._copied), self._left_out)


# ------------------------------------------------------------------------- bringing back


def restore_archive(folder: Path, target: Path, progress: Progress = silent) -> Path:
    """Bring an archive back from a bag: the whole of it, compared with its checksums, or nothing.

    A file that is damaged in the bag is taken from another bag of the folder that has it.

    Args:
        folder: a bag, or a folder of bags, of which the newest is taken.
        target: where the archive shall be; not there yet, or empty.
        progress: told of every file.

    Returns:
        The bag that was taken.

    Raises:
        NotFoundError: there is no bag.
        ArchiveError: something is there already, or files are damaged in every bag: each is named.
        FileSystemError: the target cannot be written to.
    """
    bags = bags_in(folder)
    if not bags:
        raise NotFoundError("there is no bag here.", folder, "To make one: coproarchive backup DIR")
    target = target.absolute()
    if is_used(target):
        raise ArchiveError("there is something here already.", target, "Name a new folder.")
    payload = payload_of(bags[-1])
    if SERIES not in payload:
        raise ArchiveError("this bag holds no archive (no archive.yaml).", bags[-1])
    staging = target.with_name(f".{target.name}.restoring")
    damaged = []
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        for number, (path, payload_file) in enumerate(payload.items(), start=1):
            progress("restoring", number, len(payload), path)
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            if not any(
                _brought(bag, path, payload_file.sha256, staging / path) for bag in sources(bags)
            ):
                damaged.append(path)
        if damaged:
            listed = "\n".join(f"  {path}" for path in damaged[:20])
            raise ArchiveError(f"{len(damaged)} files are damaged or missing in every bag; nothing "
                               f"was restored.\n{listed}", bags[-1])  # fmt: skip
        for parent, _, _ in os.walk(staging, topdown=False):
            sync_folder(Path(parent))
        if target.exists():
            target.rmdir()
        os.rename(staging, target)
        sync_folder(target.parent)
    except OSError as error:
        raise FileSystemError(error, error.filename or target) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return bags[-1]


def sources(bags: Iterable[Path]) -> list[Path]:
    """Return bags in the order in which a file is looked for: the newest first."""
    return list(reversed(list(bags)))


def _brought(bag: Path, path: str, sha256: str, target: Path) -> bool:
    """Copy a file from a bag; tell whether it is what its checksum says."""
    source = bag / _PAYLOAD / path
    target.unlink(missing_ok=True)
    try:
        if copy_hashed(source, target)[1] != sha256:
            return False
        state = source.stat()
        os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns))
    except OSError as error:
        if error.filename != str(source):
            raise
        return False
    return True


def file_in_bags(folder: Path, sha256: str) -> Path | None:
    """Return a file whose sha256 begins so, in the newest bag that has it sound; None if none."""
    for bag in sources(bags_in(folder)):
        with contextlib.suppress(ArchiveError, OSError):
            for path, known_file in payload_of(bag).items():
                file = bag / _PAYLOAD / path
                if known_file.sha256.startswith(sha256) and hash_file(file)[1] == known_file.sha256:
                    return file
    return None
