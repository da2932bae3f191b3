"""Old and foreign formats through LibreOffice: converted in a folder of their own, then read.

LibreOffice is another's programme that opens hostile files, so it gets: a throw-away profile in
which macros are off and links to elsewhere are not followed, no network (a network namespace where
the system has them, and a proxy that leads nowhere), the worker's own memory limit, and a guard
process. The guard leads a process group and kills all of it when the time is up, or when the
worker that asked for the conversion is gone, however it went.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coproarchive.errors import LimitError, UnreadableError, UnsupportedError
from coproarchive.extract.base import Helpers, Limits

PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
VERSION = 2
"""1 took failures of our own with relative paths for the files'."""

CONVERTED: dict[str, str] = {
    "application/vnd.ms-powerpoint": PPTX,
    "application/vnd.oasis.opendocument.presentation": PPTX,
    "application/vnd.apple.keynote": PPTX,
    "application/msword": DOCX,
    "application/vnd.oasis.opendocument.text": DOCX,
    "application/rtf": DOCX,
}
"""Media type -> the media type it is converted to."""

SAVE_AS: dict[str, str] = {
    "application/vnd.ms-powerpoint": "Open it in PowerPoint or LibreOffice and save it as .pptx",
    "application/vnd.oasis.opendocument.presentation": "Save it as .pptx or .pdf",
    "application/vnd.apple.keynote": "In Keynote: File, Export To, PowerPoint or PDF",
    "application/msword": "Open it in Word or LibreOffice and save it as .docx",
    "application/vnd.oasis.opendocument.text": "Save it as .docx or .pdf",
    "application/rtf": "Save it as .docx or .pdf",
}
"""Media type -> what to do where there is no LibreOffice."""

# What the first bytes of each must be; LibreOffice would take almost anything as text.
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_MAGIC: dict[str, bytes] = {
    "application/vnd.ms-powerpoint": _OLE,
    "application/vnd.oasis.opendocument.presentation": _ZIP,
    "application/vnd.apple.keynote": _ZIP,
    "application/msword": _OLE,
    "application/vnd.oasis.opendocument.text": _ZIP,
    "application/rtf": b"{\\rtf",
}
_SUFFIX = {PPTX: "pptx", DOCX: "docx", PDF: "pdf"}
_IMPORTED_AS: dict[str, str] = {
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.apple.keynote": ".key",
    "application/msword": ".doc",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/rtf": ".rtf",
}
_TO_PDF = 'pdf:impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}'

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
{}</oor:items>
"""
_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Calc/Content/Update", "Link", "1"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)


class SetUpError(Exception):
    """A conversion could not begin; the file has no part in it."""


def find_office(setting: str) -> str:
    """Find `soffice`: as set, else on PATH or in its usual places; "" for none.

    Args:
        setting: "" to look for it, "off" for none, else its path.
    """
    if setting == "off":
        return ""
    if setting:
        return shutil.which(setting) or ""
    usual = (
        "/Applications/LibreOffice.app/Contents/MacOS/soffice",
        "/usr/lib/libreoffice/program/soffice",
        "/opt/libreoffice/program/soffice",
        r"C:\Program Files\LibreOffice\program\soffice.exe",
    )
    named = shutil.which("soffice") or shutil.which("libreoffice")
    return named or next((path for path in usual if os.access(path, os.X_OK)), "")


@contextmanager
def converted(
    path: Path, media_type: str, limits: Limits, helpers: Helpers, *, to: str = ""
) -> Iterator[Path]:
    """Convert the file into a format that can be read; it is deleted when the block ends.

    Args:
        to: media type of the result, by default that of CONVERTED.

    Raises:
        UnsupportedError: there is no LibreOffice here.
        UnreadableError: it could not read the file.
        LimitError: it took too long.
    """
    if not helpers.office:
        raise UnsupportedError(
            "this format is only read where LibreOffice is installed.",
            path.name,
            f"{SAVE_AS.get(media_type, 'Save it as PDF')}, or install LibreOffice.",
        )
    _check_magic(path, media_type)
    target = _SUFFIX[to or CONVERTED[media_type]]
    scratch = os.path.abspath(helpers.scratch) if helpers.scratch else None
    with tempfile.TemporaryDirectory(dir=scratch, prefix="office-") as name:
        folder = Path(name)
        # A plain name: what the file is called is none of LibreOffice's business.
        source = folder / f"in{_IMPORTED_AS.get(media_type, '.pptx')}"
        shutil.copyfile(path, source)
        _run(folder, source, target, limits, helpers)
        made = folder / "out" / f"in.{target}"
        if not made.is_file():
            raise UnreadableError(
                "LibreOffice could not read this file: it is damaged, locked, or too large.",
                path.name,
                f"{SAVE_AS.get(media_type, 'Open it in the programme that made it')}.",
            )
        yield made


def _check_magic(path: Path, media_type: str) -> None:
    mark = _MAGIC.get(media_type, _ZIP)
    with path.open("rb") as file:
        start = file.read(len(mark))
    if start != mark:
        raise UnreadableError(
            "this file is not what its name says.",
            path.name,
            "Open it in the programme that made it and save it anew.",
        )


def _write_profile(folder: Path) -> None:
    folder.mkdir(parents=True)
    items = "".join(
        f'<item oor:path="/org.openoffice.{where}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>\n"
        for where, name, value in _SETTINGS
    )
    (folder / "registrymodifications.xcu").write_text(_PROFILE.format(items), encoding="utf-8")


def _run(folder: Path, source: Path, target: str, limits: Limits, helpers: Helpers) -> None:
    """Convert `source` into folder/out.

    Raises:
        SetUpError: the guard could not be started.
        LimitError: it took too long.
    """
    seconds = max(5.0, 0.8 * limits.seconds)
    output_filter = _TO_PDF if target == "pdf" else target
    command = [
        helpers.office, "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--convert-to", output_filter, "--outdir", str(folder / "out"), str(source),
    ]  # fmt: skip
    guard = Path(__file__).with_name("office_guard.py")
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
        "MALLOC_ARENA_MAX": "2",  # arenas of address space would use up the memory limit
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),
    }
    try:
        _write_profile(folder / "profile" / "user")
        # The guard sees its standard input end when this process is gone.
        guarded = subprocess.Popen(  # noqa: S603 - a fixed command; the file's name is our own
            [sys.executable, "-I", "-S", str(guard), str(seconds), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise SetUpError(f"LibreOffice could not be started: {error}") from error
    with guarded as process:
        try:
            code = process.wait(timeout=seconds + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            code = _TOO_SLOW
    if code == _TOO_SLOW:
        raise LimitError(
            f"converting it took LibreOffice longer than {seconds:g} seconds.",
            source.name,
            "Save it in a newer format, or raise COPROARCHIVE_READ_SECONDS.",
        )


_TOO_SLOW = 124
"""What the guard ends with when the time is up, as timeout(1) does."""
