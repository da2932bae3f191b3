"""What an installation depends on: settings, programmes beside it, disks, clock, addresses."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from coproarchive.extract.office import find_office
from coproarchive.extract.table import ocr_is_installed
from coproarchive.operate.findings import Finding, note, problem, well
from coproarchive.operate.health import LOW_DISK_BYTES, is_low, nearest_folder
from coproarchive.settings import LOOPBACK, PREFIX, SECRETS, LoadedSettings, Settings
from coproarchive.store import Store

FONT_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts",
    "C:/Windows/Fonts",
)  # fmt: skip
NETWORK_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs"})
"""Kinds of file systems whose locks may not reach other machines."""
NOT_BEFORE = 1_793_491_200
"""2026-11-01 in seconds of the epoch: this version is younger than any clock before it."""
FUTURE_SECONDS = 24 * 3600
"""How far in the future a record's time may be before the clock is doubted."""


def ago(moment: float) -> str:
    """Return how long ago a time in seconds of the epoch was, in words."""
    seconds = max(0.0, time.time() - moment)
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return "just now" if seconds < 60 else "a minute ago"


def settings(loaded: LoadedSettings) -> Iterator[Finding]:
    """Yield where the settings come from, and variables that are none."""
    file = loaded.config
    yield well("settings", f"Read from {file.path}." if file else "There is no configuration file.")
    variables = {PREFIX + name.upper() for name in Settings.model_fields} | {f"{PREFIX}CONFIG"}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in variables:
            message = f"The environment variable {name} is no setting, and does nothing."
            yield note("settings", message, "Its name is misspelt, or of another version.")
    if file and file.values.keys() & SECRETS and _others_read(file.path):
        message = f"Others can read the secret in {file.path}."
        yield problem("settings", message, f'Run: chmod 600 "{file.path}"')


def _others_read(file: Path) -> bool:
    """Tell whether other users of this machine can read a file, as far as its mode says."""
    return os.name == "posix" and bool(file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def parts(loaded: LoadedSettings) -> Iterator[Finding]:
    """Yield which optional programmes are there, and what is missing without them."""
    settings = loaded.settings
    office = find_office(settings.office)
    if office:
        yield well("libreoffice", f"{office}: old formats are read, and slides drawn.")
    elif settings.office not in ("", "off"):
        message = f"{settings.office} is not there or cannot be run."
        yield problem("libreoffice", message, "Correct COPROARCHIVE_OFFICE, or leave it out.")
    else:
        message = "Without it .ppt, .odp, .key and .doc are not read, and slides are not drawn."
        yield note("libreoffice", message, "To install it: sudo apt install libreoffice-impress")
    if ocr_is_installed() and settings.ocr == "auto":
        yield well("ocr", "Words in pictures are read.")
    else:
        hint = "To read them: pip install 'coproarchive[ocr]'" if settings.ocr == "auto" else ""
        yield note("ocr", "Words in pictures are not read.", hint)
    folders = [Path(folder) for folder in (*FONT_FOLDERS, "~/.fonts", "~/.local/share/fonts")]
    fonts = sum(1 for f in folders for p in f.expanduser().rglob("*.[tTo][tT][fF]") if p.is_file())
    if office and not fonts:
        message = "No fonts are installed, so drawn slides have no letters."
        yield problem("fonts", message, "To install some: sudo apt install fonts-liberation")
    elif fonts:
        yield well("fonts", f"{fonts} font files for drawing slides.")


def disk(loaded: LoadedSettings) -> Iterator[Finding]:
    """Yield how much room there is for the archive and the index."""
    places = {"archive": loaded.settings.archive, "index": loaded.settings.index}
    for name, folder in places.items():
        free = shutil.disk_usage(nearest_folder(folder)).free
        words = f"{free / 1024**3:.1f} GB are free for the {name}"
        if is_low(folder):
            hint = f"Make room: at least {LOW_DISK_BYTES // 1024**2} MB, better a few GB."
            yield problem("disk", f"Only {words} ({folder}).", hint)
        else:
            yield well("disk", f"{words}.")


def file_system(area: str, folder: Path) -> Iterator[Finding]:
    """Yield a note where a folder is on another machine's disk."""
    kind = _file_system_of(folder)
    if kind in NETWORK_SYSTEMS:
        message = f"{folder} is on a network folder ({kind})."
        yield note(area, message, "Let one machine write to it: locks may not reach the others.")


def _file_system_of(folder: Path) -> str:
    """Return the kind of the file system that a folder is on, "" where Linux does not say."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    path, best, kind = str(folder.resolve()), "", ""
    for line in mounts.splitlines():
        _, place, name, *_ = line.split(" ")
        place = place.replace("\\040", " ")
        inside = path == place or path.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, kind = place, name
    return kind


def clock(loaded: LoadedSettings) -> Iterator[Finding]:
    """Yield whether this machine's clock can be right."""
    now = time.time()
    reading = time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(now))
    hint = "Set it: sudo timedatectl set-ntp true"
    if now < NOT_BEFORE:
        yield problem("clock", f"This machine's clock says {reading}, which is long past.", hint)
        return
    record = loaded.settings.archive / "archive.yaml"
    if record.is_file() and record.stat().st_mtime > now + FUTURE_SECONDS:
        message = (
            f"archive.yaml was changed in the future, or the clock is wrong: it says {reading}."
        )
        yield note("clock", message, hint)
        return
    yield well("clock", f"It says {reading}.")


def address(loaded: LoadedSettings) -> Iterator[Finding]:
    """Yield by whom the page can be reached, and whether the settings fit that."""
    settings = loaded.settings
    is_local = settings.host in LOOPBACK
    whose = "this machine alone" if is_local else "the network"
    yield well("address", f"Served on {settings.host}, port {settings.port}: for {whose}.")
    if _answers(settings.host, settings.port):
        yield well("address", "Something is served there now.")
    public = ""
    if (settings.archive / "archive.yaml").is_file():
        public = Store(settings.archive).read_series().address or ""
    if not is_local and not settings.hosts():
        message = "Any name is believed that a reader's request says this archive has."
        yield note("address", message, "Set COPROARCHIVE_ALLOWED_HOSTS to its names.")
    if public.startswith("http://") and not any(name in public for name in LOOPBACK):
        message = f"The archive's address is {public}, without TLS."
        yield note("address", message, "Put a proxy with a certificate before it: /help/operate")
    if not public and not is_local:
        message = "archive.yaml has no address, so citations and the site map have none."
        yield note("address", message, "Add to archive.yaml: address: https://...")
    if settings.metrics and settings.metrics_place()[0] not in LOOPBACK:
        message = f"Figures are told to whoever reaches {settings.metrics}."
        yield note("metrics", message, "Keep that address to the network of who asks.")


def _answers(host: str, port: int) -> bool:
    """Tell whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def password(loaded: LoadedSettings) -> Iterator[Finding]:
    """Yield whether adding is guarded as the address asks for."""
    settings = loaded.settings
    file = settings.password_file
    if file is not None:
        if not file.is_file():
            message = f"There is no password file {file}: nobody can sign in."
            yield problem("password", message, f'Make it: coproarchive password --file "{file}"')
            return
        if _others_read(file):
            message = f"Others can read the password's hash in {file}."
            yield problem("password", message, f'Run: chmod 600 "{file}"')
    if settings.password_hash or file:
        yield well("password", "A password is set: whoever has it adds, from anywhere.")
    elif settings.host in LOOPBACK:
        message = "None is set: who opens the link that `serve` prints may add."
        yield note("password", message, "Before a proxy serves it to others, make one: "
                   "coproarchive password")  # fmt: skip
    else:
        message = "None is set, and the page is served to the network: nothing can be added on it."
        yield note("password", message, "To make one: coproarchive password")
