"""Office files are zip files of XML parts: opened after a look at their directory, read bounded.

The second way to read them: opc.py has the libraries try first. Here one missing or broken part
costs itself only, and no part is read further than its limit, whatever its size is said to be.
"""

from __future__ import annotations

import lzma
import posixpath
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from lxml import etree

from coproarchive.errors import LimitError, UnreadableError
from coproarchive.extract.base import Limits, Metadata
from coproarchive.extract.made_up import authors_in
from coproarchive.extract.rescue import rescued
from coproarchive.extract.text import one_line, real_title

MAX_MEMBERS = 50_000
MAX_PART = 50 * 1024**2
"""Bytes of one XML part; the largest in 250 real decks had under 5 MB."""

_STRICT = (b"http://purl.oclc.org/ooxml/", b"http://schemas.openxmlformats.org/")
_STRICT_YEARS = (
    (b"officeDocument/relationships", b"officeDocument/2006/relationships"),
    (b"presentationml/main", b"presentationml/2006/main"),
    (b"wordprocessingml/main", b"wordprocessingml/2006/main"),
    (b"drawingml/main", b"drawingml/2006/main"),
    (b"drawingml/chart", b"drawingml/2006/chart"),
    (b"drawingml/diagram", b"drawingml/2006/diagram"),
    (b"drawingml/wordprocessingDrawing", b"drawingml/2006/wordprocessingDrawing"),
    (b"officeDocument/math", b"officeDocument/2006/math"),
)
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a relationship id points at.

    Attributes:
        target: name of a part, or an address outside the file.
        kind: last word of the relationship's type ("slide", "notesSlide", "chart").
        is_outside: whether the target is an address; it is never followed.
    """

    target: str
    kind: str
    is_outside: bool


class Parts(Protocol):
    """An opened office file, whoever opened it.

    Attributes:
        lost: names of parts that are there but could not be read: damaged, or over MAX_PART.
        twice: names that the directory has more than once; the last of each is read.
    """

    lost: list[str]
    twice: list[str]

    def read(self, name: str, limit: int = MAX_PART) -> bytes | None:
        """Return a part's bytes, None where it is missing, damaged or larger than `limit`."""
        ...

    def xml(self, name: str) -> etree._Element | None:
        """Return the root of an XML part, None where there is none or it is not well-formed."""
        ...

    def relations(self, part: str) -> dict[str, Relationship]:
        """Map relationship ids to their targets; those of the whole file where `part` is ""."""
        ...


@dataclass
class Package:
    """An office file read part by part; see Parts."""

    archive: zipfile.ZipFile
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    is_cut: bool = False

    @classmethod
    def open(cls, path: Path, limits: Limits, *, rescue: bool = False) -> Package:
        """Open a zip-based file after looking at its directory.

        Args:
            path, limits: of the file.
            rescue: whether parts that are whole are read of a file whose end is missing; it is then
                `is_cut`.

        Raises:
            UnreadableError: no zip file.
            LimitError: too many parts, or they unpack to too much.
        """
        try:
            archive = zipfile.ZipFile(path)
            members = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as why:
            if rescue and (saved := rescued(path, limits, MAX_MEMBERS)):
                return cls(saved, is_cut=True)
            raise UnreadableError(
                f"this file is damaged: {str(why).rstrip('.')}.",
                path.name,
                "Open it in the programme that made it and save it anew.",
            ) from None
        package = cls(archive)
        try:
            _check_directory(members, path, limits)
        except LimitError:
            package.close()
            raise
        names = [member.filename for member in members]
        if len(set(names)) < len(names):
            package.twice = sorted({n for n in names if names.count(n) > 1})[:10]
        return package

    @property
    def unpacked_size(self) -> int:
        """Bytes that the parts unpack to, as the directory says."""
        return sum(member.file_size for member in self.archive.infolist())

    def close(self) -> None:
        """Let go of the file."""
        self.archive.close()

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, name: str, limit: int = MAX_PART) -> bytes | None:
        """See Parts.read."""
        try:
            with self.archive.open(name) as member:
                data = member.read(limit + 1)
        except KeyError:
            return None
        except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error,
                lzma.LZMAError, zipfile.BadZipFile):  # fmt: skip
            self.lost.append(name)
            return None
        if len(data) > limit:
            self.lost.append(name)
            return None
        return data

    def xml(self, name: str) -> etree._Element | None:
        """See Parts.xml."""
        data = self.read(name)
        root = parse_xml(data)
        if root is None and data is not None:
            self.lost.append(name)
        return root

    def relations(self, part: str) -> dict[str, Relationship]:
        """See Parts.relations."""
        folder, _, name = part.rpartition("/")
        root = parse_xml(self.read(posixpath.join(folder, "_rels", f"{name}.rels")))
        relations: dict[str, Relationship] = {}
        for relation in root.iter(_RELATIONSHIP) if root is not None else ():
            target = relation.get("Target", "")
            is_outside = relation.get("TargetMode") == "External"
            if not is_outside:
                # Joined below the root, so that "../../.." leads nowhere else.
                target = posixpath.normpath(posixpath.join("/" + folder, unquote(target)))
                target = target.lstrip("/")
            kind = relation.get("Type", "").rpartition("/")[2]
            relations[relation.get("Id", "")] = Relationship(target, kind, is_outside)
        return relations


def metadata_of(package: Parts) -> Metadata:
    """Read the file's own metadata (Dublin Core in docProps/core.xml)."""
    core = parse_xml(package.read("docProps/core.xml"))
    nodes = [n for n in core if isinstance(n.tag, str)] if core is not None else []
    fields = {etree.QName(node).localname: node.text or "" for node in nodes}
    created = re.match(r"\d{4}-\d{2}-\d{2}", fields.get("created", ""))
    return Metadata(
        title=real_title(fields.get("title", "")),
        authors=authors_in(one_line(fields.get("creator", ""))),
        date=created[0] if created else None,
        language=fields.get("language") or None,
        keywords=tuple(k.strip() for k in fields.get("keywords", "").split(",") if k.strip()),
    )


def _check_directory(members: list[zipfile.ZipInfo], path: Path, limits: Limits) -> None:
    if len(members) > MAX_MEMBERS:
        raise LimitError(
            f"this file has {len(members):,} parts; {MAX_MEMBERS:,} are read.",
            path.name,
            "Open it in the programme that made it and save it anew.",
        )
    size = sum(member.file_size for member in members)
    if size > limits.unpacked_size:
        raise LimitError(
            f"this file unpacks to {size:,} bytes; the limit is {limits.unpacked_size:,}.",
            path.name,
            "Raise COPROARCHIVE_FILE_SIZE_MB to read it, if you trust it.",
        )


def parse_xml(data: bytes | None) -> etree._Element | None:
    """Parse an XML part without entities and network; None where it is not well-formed."""
    if not data:
        return None
    if _STRICT[0] in data:
        data = data.replace(*_STRICT)
        for strict, transitional in _STRICT_YEARS:
            data = data.replace(_STRICT[1] + strict, _STRICT[1] + transitional)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if has_doctype(root) else root


def has_doctype(root: etree._Element) -> bool:
    """Test for a document type: office files have none; one that does wants something else read."""
    info: Any = root.getroottree().docinfo  # the stubs know no doctype
    return bool(info.doctype)
