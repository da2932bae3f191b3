"""What a keeper without IT staff can find out: how this installation is, and what to do about it.

It writes nothing: while it looks, an audit hook (PEP 578) refuses to open any file for writing, so
that neither caches nor what Python compiles are left behind. It asks no server but this machine's.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError
from coproarchive.extract.office import find_office
from coproarchive.extract.worker import Reader
from coproarchive.model import Severity
from coproarchive.operate import surroundings
from coproarchive.operate.findings import Finding, State, note, problem, well
from coproarchive.search.engines import ENGINES
from coproarchive.search.engines.seam import ServerFault
from coproarchive.search.index.update import document_digests
from coproarchive.settings import SECRETS, LoadedSettings
from coproarchive.store import Store

LIBRARIES = (
    "streamlit", "starlette", "uvicorn", "whoosh", "pydantic", "numpy", "pypdf", "pypdfium2",
    "python-pptx", "python-docx", "lxml", "pillow",
)  # fmt: skip
PYTHONS = ((3, 11), (3, 14))
"""First and last version of Python that is supported."""


Records = Callable[[], Catalogue]
"""Gives the archive's records, read once for all that look at them."""


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found.

    Attributes:
        findings: in the order in which they were looked at.
        settings: name -> value and where it came from; secrets are masked.
        versions: of this software, Python, the system and the libraries.
    """

    findings: Sequence[Finding]
    settings: dict[str, tuple[str, str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether nothing is a problem."""
        return all(finding.state is not State.PROBLEM for finding in self.findings)


def diagnose(loaded: LoadedSettings) -> Diagnosis:
    """Look at everything; what fails to be looked at is a problem itself."""
    catalogue = functools.cache(lambda: Catalogue.load(Store(loaded.settings.archive)))
    looks: tuple[tuple[str, Callable[[LoadedSettings], Iterator[Finding]]], ...] = (
        ("python", _python),
        ("settings", surroundings.settings),
        ("parts", surroundings.parts),
        ("archive", functools.partial(_archive, catalogue)),
        ("index", functools.partial(_index, catalogue)),
        ("disk", surroundings.disk),
        ("clock", surroundings.clock),
        ("address", surroundings.address),
        ("password", surroundings.password),
    )
    findings: list[Finding] = []
    with writing_nothing():
        for area, look in looks:
            try:
                findings += look(loaded)
            except CoproArchiveError as error:
                findings.append(problem(area, str(error.message), error.hint or ""))
            except OSError as error:
                where = f"{error.filename}: " if error.filename else ""
                findings.append(problem(area, f"{where}{error.strerror or error}.", ""))
        values = {n: (_masked(n, loaded), loaded.origins[n]) for n in loaded.origins}
        return Diagnosis(findings, values, _versions())


def _masked(name: str, loaded: LoadedSettings) -> str:
    """Return a setting's value as it may be shown."""
    value = getattr(loaded.settings, name)
    if name in SECRETS:
        return "(set)" if value else ""
    text = "" if value is None else str(value)
    return "(set)" if "://" in text and "@" in text else text  # an address with a password in it


def _versions() -> dict[str, str]:
    """Return what runs here, by name."""
    versions = {
        "coproarchive": version("coproarchive"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
    }
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def _python(_: LoadedSettings) -> Iterator[Finding]:
    """Yield whether this Python is one that is supported, and whether anything is missing."""
    running = sys.version_info[:2]
    words = f"coproarchive {version('coproarchive')} on Python {platform.python_version()}."
    if PYTHONS[0] <= running <= PYTHONS[1]:
        yield well("python", words)
    else:
        yield problem("python", words, "Use Python 3.11, 3.12 or 3.13.")
    missing = [name for name in LIBRARIES if not _is_installed(name)]
    if missing:
        hint = "Install it again: pip install --force-reinstall coproarchive"
        yield problem("python", f"Libraries are missing: {', '.join(missing)}.", hint)


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _archive(records: Records, loaded: LoadedSettings) -> Iterator[Finding]:
    """Yield whether the archive can be read and written, and what its records say."""
    root = loaded.settings.archive
    if not (root / "archive.yaml").is_file():
        hint = f'To begin one: coproarchive --archive "{root}" init'
        yield problem("archive", f"There is no archive in {root}.", hint)
        return
    catalogue = records()
    public = len(catalogue.for_public().items)
    total = len(catalogue.items)
    yield well("archive", f"{root}: {total} items, {public} of them public.")
    broken = sum(p.code == "record-broken" for p in catalogue.problems)
    if broken:
        message = f"{broken} records cannot be read, and are left out until they are corrected."
        yield problem("archive", message, "They are listed by: coproarchive check")
    elif catalogue.problems:
        message = f"{len(catalogue.problems)} references lead nowhere."
        yield note("archive", message, "They are listed by: coproarchive check")
    folders = [root, *(root / seminar for seminar in catalogue.seminars)]
    for folder in (f for f in folders if not os.access(f, os.W_OK | os.X_OK)):
        hint = f'Where it should be: sudo chown -R "$USER" "{folder}"'
        yield note("archive", f"{folder} cannot be written to: nothing can be added there.", hint)
    yield from surroundings.file_system("archive", root)


def _index(records: Records, loaded: LoadedSettings) -> Iterator[Finding]:
    """Yield whether the index can be read and written, and how far it is behind."""
    settings = loaded.settings
    root = settings.index
    storage = ENGINES[settings.engine](root, settings.server_options)
    if not storage.is_persistent:
        yield well("index", "This engine keeps no index on the disk.")
        return
    if root.exists() and not os.access(root, os.W_OK | os.X_OK):
        hint = f'Make it yours: sudo chown -R "$USER" "{root}"; or name another: --index DIR'
        yield problem("index", f"{root} cannot be written to, so it cannot be updated.", hint)
    faults = storage.server_faults()
    if faults is not None:
        yield from (_of_server(fault) for fault in faults)
        if any(fault.severity is Severity.ERROR for fault in faults):
            return
        if not faults:
            yield well("cluster", f"{storage.place}: it answers, and nothing is wrong with it.")
    refusal = storage.refusal()
    if refusal is not None:
        yield problem("index", _sentence(refusal), refusal.hint or "")
        return
    try:
        with contextlib.closing(storage.open()) as engine:
            digests = engine.snapshot().digests()
    except CoproArchiveError as error:
        yield problem("index", _sentence(error), error.hint or "Run: coproarchive index --rebuild")
        return
    written_at = storage.written_at()
    age = f"last written {surroundings.ago(written_at)}" if written_at else "whole"
    yield well("index", f"{storage.place}: {len(digests)} items, {age}.")
    yield from _changes_since(records, loaded, digests)
    yield from surroundings.file_system("index", root)


def _of_server(fault: ServerFault) -> Finding:
    """Return what is wrong with a server as a finding."""
    finding = problem if fault.severity is Severity.ERROR else note
    return finding("cluster", _capital(fault.message), fault.hint)


def _changes_since(
    records: Records, loaded: LoadedSettings, digests: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield how many public items differ from what is indexed."""
    settings = loaded.settings
    with contextlib.suppress(CoproArchiveError):  # the archive's own finding tells
        catalogue = records().for_public()
        office = find_office(settings.office)
        reader = Reader(
            settings.index / "extracted", settings.limits(), office=office,
            read_pictures=settings.ocr == "auto",
        )  # fmt: skip
        current = document_digests(catalogue, reader)
        ids = current.keys() | digests.keys()
        outdated = sum(current.get(i) != digests.get(i) for i in ids)
        if outdated:
            message = f"{outdated} items changed since the index was updated."
            hint = "A running server does so within a minute; else run: coproarchive index"
            yield note("index", message, hint)


def _sentence(error: CoproArchiveError) -> str:
    """Return an error's message with its place, as a sentence."""
    text = f"{error.path}: {error.message}" if error.path else error.message
    return _capital(text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_refusing = threading.Event()
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset(
    {"os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
     "os.remove", "os.rmdir", "os.utime"}
)  # fmt: skip


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse what would change a file, while `writing_nothing` holds."""
    if not _refusing.is_set():
        return
    if event == "open":
        path, _, flags = arguments
        is_change = isinstance(flags, int) and flags & _WRITING and not isinstance(path, int)
        if is_change and path != os.devnull:
            raise PermissionError(13, "doctor writes nothing", str(path))
    elif event in _CHANGES:
        raise PermissionError(13, "doctor writes nothing", str(arguments[0]))


_hooks: list[Callable[[str, tuple[object, ...]], None]] = []


@contextlib.contextmanager
def writing_nothing() -> Iterator[None]:
    """Refuse, in the whole process, to change any file while the block runs."""
    if not _hooks:  # an audit hook cannot be taken off again, so there is one
        sys.addaudithook(_hook)
        _hooks.append(_hook)
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    _refusing.set()
    try:
        yield
    finally:
        _refusing.clear()
        sys.dont_write_bytecode = before
