"""Which extractor reads which media type: an explicit table, easy to find and to add to."""

from __future__ import annotations

from pathlib import Path

from coproarchive.errors import ExtractionError, LimitError, UnreadableError, UnsupportedError
from coproarchive.extract.base import Extraction, Extractor, Limits, Notice
from coproarchive.extract.captions import CaptionsExtractor
from coproarchive.extract.docx import DocxExtractor
from coproarchive.extract.html import HtmlExtractor, MarkdownExtractor
from coproarchive.extract.pdf import PdfExtractor
from coproarchive.extract.pptx import PptxExtractor
from coproarchive.model import Severity

EXTRACTORS: tuple[Extractor, ...] = (
    PdfExtractor(),
    PptxExtractor(),
    DocxExtractor(),
    MarkdownExtractor(),
    HtmlExtractor(),
    CaptionsExtractor(),
)

CODES: dict[str, str] = {
    "file-unreadable": "the file is damaged, locked, or not what its name says",
    "file-unsupported": "there is no reader for this kind of file",
    "file-over-limit": "reading the file passed a limit of size, time or memory",
    "file-crashed-reader": "reading the file ended the reading process; the run went on",
    "file-damaged": "the file is damaged, but some of its text was read",
    "file-inside-file": "a PDF carries another file, which is not searched",
    "file-empty": "the file was read and has no words in it",
    "slide-missing": "one slide of a deck is damaged; the others were read",
    "leaf-without-text": "a page or slide has no words that could be searched",
    "picture-without-alt": "pictures on a slide have no description for those who cannot see them",
    "text-cut": "a very long text is searchable only up to a limit",
}

# Old and foreign formats: what to do instead, since reading them needs an office programme.
_SAVE_AS: dict[str, str] = {
    "application/vnd.ms-powerpoint": "Open it in PowerPoint or LibreOffice and save it as .pptx.",
    "application/vnd.oasis.opendocument.presentation": "Save it as .pptx or .pdf.",
    "application/vnd.apple.keynote": "In Keynote: File, Export To, PowerPoint or PDF.",
    "application/msword": "Open it in Word or LibreOffice and save it as .docx.",
    "application/vnd.oasis.opendocument.text": "Save it as .docx or .pdf.",
    "application/rtf": "Save it as .docx or .pdf.",
}

_MAGIC: dict[str, tuple[bytes, ...]] = {"pdf": (b"%PDF-",), "pptx": (b"PK",), "docx": (b"PK",)}


def extractor_for(media_type: str) -> Extractor | None:
    """The reader of this media type, None where there is none."""
    return next((e for e in EXTRACTORS if media_type in e.media_types), None)


def readable(media_type: str) -> bool:
    """Whether files of this media type can be read at all."""
    return extractor_for(media_type) is not None


def wants_words(media_type: str) -> bool:
    """Whether a reader would expect words in such a file, so that not reading it is a problem."""
    return readable(media_type) or media_type in _SAVE_AS


def fingerprint() -> str:
    """Names and versions of all extractors: a change means that texts may be read differently."""
    return " ".join(f"{e.name}-{e.version}" for e in EXTRACTORS)


def extract(path: Path, media_type: str, limits: Limits) -> Extraction:
    """Read one file in this process; whatever goes wrong becomes a notice.

    Nothing here guards against crashes and endless loops: Reader runs it in a worker process.
    """
    try:
        return _extract(path, media_type, limits)
    except LimitError as error:
        notice = _error("file-over-limit", error.message, error.hint)
    except UnsupportedError as error:
        # Nothing is wrong with the file: it is kept whole, only its words are not searched.
        notice = Notice("file-unsupported", Severity.WARNING, error.message, error.hint or "")
    except ExtractionError as error:
        notice = _error("file-unreadable", error.message, error.hint)
    except MemoryError:
        notice = _error("file-over-limit", f"reading it needs more than {limits.memory:,} bytes.")
    except RecursionError:
        notice = _error("file-unreadable", "this file is nested too deeply to be read.")
    except OSError as error:
        notice = _error("file-unreadable", f"this file cannot be read: {error.strerror or error}.")
    except Exception as error:  # noqa: BLE001 - libraries raise anything on hostile files
        notice = _error("file-unreadable", f"this file is damaged ({type(error).__name__}).")
    return Extraction(notices=(notice,))


def _extract(path: Path, media_type: str, limits: Limits) -> Extraction:
    extractor = extractor_for(media_type)
    if extractor is None:
        hint = _SAVE_AS.get(media_type, "It is kept and can be downloaded, but not searched.")
        raise UnsupportedError("there is no reader for this kind of file.", path.name, hint)
    size = path.stat().st_size
    if size > limits.file_size:
        raise LimitError(
            f"this file has {size:,} bytes; up to {limits.file_size:,} are read.",
            path.name,
            "Raise COPROARCHIVE_FILE_SIZE_MB to read it.",
        )
    if size == 0:
        raise UnreadableError("this file is empty.", path.name)
    with path.open("rb") as file:
        start = file.read(1024)
    magic = _MAGIC.get(extractor.name)
    if magic and not any(mark in start for mark in magic):
        locked = start.startswith(b"\xd0\xcf\x11\xe0")
        raise UnreadableError(
            "this file is locked with a password, or in an older format."
            if locked
            else "this file is not what its name says.",
            path.name,
            "Open it in the programme that made it and save it anew.",
        )
    extraction = extractor.extract(path, limits)
    notices = extraction.notices
    if not any(leaf.title or leaf.parts for leaf in extraction.leaves):
        empty = Notice("file-empty", Severity.WARNING, "no words were found in this file.")
        notices = (*notices, empty)
    named = f"{extractor.name} {extractor.version}"
    return Extraction(extraction.leaves, notices, extraction.metadata, named)


def _error(code: str, message: str, hint: str | None = None) -> Notice:
    return Notice(code, Severity.ERROR, message, hint or "")
