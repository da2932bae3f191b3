"""Hostile files that are too large to keep, file names that tools stumble over, and a worker's try
to reach the network, which a worker can only be given by a module's name."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

NS_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
NS_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
NS_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NS_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"

NAMES = (
    "e\u0301.md", "\u00e9.md", "CASE.md", "case.md", " leading.md", "-dash.md", "new\nline.md",
    "zero\u200bwidth.md", "\u202egnp.md", "CON.md", "a;b|c&d.md", "=1+1.md", "x" * 250 + ".md",
)  # fmt: skip


def try_the_network(port: int) -> str:
    """Run in a worker: "" where neither Python nor C can connect to the listening port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2):
        return "Python reached the network"
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    address = (2).to_bytes(2, sys.byteorder) + port.to_bytes(2, "big") + bytes((127, 0, 0, 1))
    reached = libc.connect(handle, address + bytes(8), 16) == 0
    libc.close(handle)
    return "C code reached the network (no network namespaces here)" if reached else ""


def make(folder: Path) -> list[Path]:
    """All of them, below the folder."""
    folder.mkdir(parents=True)
    made = []
    for name, write in CASES.items():
        path = folder / name
        write(path)
        made.append(path)
    for name in NAMES:
        path = folder / name
        path.write_text("# Bread\n\nA loaf.\n")
        made.append(path)
    bytes_name = os.fsencode(folder) + b"/latin-\xe9.md"
    with open(bytes_name, "wb") as file:
        file.write(b"# Bread\n")
    made.append(Path(os.fsdecode(bytes_name)))
    return made


def write_pdf(path: Path, objects: Iterator[bytes]) -> None:
    """A PDF of the objects; the first is the catalogue."""
    offsets = []
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        for number, body in enumerate(objects, start=1):
            offsets.append(file.tell())
            file.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        start = file.tell()
        file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        file.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
        file.write(b"trailer << /Size %d /Root 1 0 R >>\n" % (len(offsets) + 1))
        file.write(b"startxref\n%d\n%%%%EOF\n" % start)


def _flate_bomb(path: Path) -> None:
    squeeze = zlib.compressobj(9)
    block = b" " * 2**20
    data = b"".join(squeeze.compress(block) for _ in range(4096)) + squeeze.flush()
    write_pdf(
        path,
        iter(
            [
                b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>",
                b"<< /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (len(data), data),
            ]
        ),
    )


def _many_pages(path: Path, count: int = 100_000) -> None:
    def objects() -> Iterator[bytes]:
        yield b"<< /Type /Catalog /Pages 2 0 R >>"
        kids = b" ".join(b"%d 0 R" % n for n in range(3, count + 3))
        yield b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, count)
        for _ in range(count):
            yield b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] >>"

    write_pdf(path, objects())


def _many_objects(path: Path) -> None:
    def objects() -> Iterator[bytes]:
        yield b"<< /Type /Catalog /Pages 2 0 R >>"
        yield b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
        yield b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] >>"
        for number in range(400_000):
            yield b"<< /N %d >>" % number

    write_pdf(path, objects())


def _many_annotations(path: Path) -> None:
    note = b"<< /Type /Annot /Subtype /Text /Rect [0 0 1 1] /Contents (note) >>"
    write_pdf(
        path,
        iter(
            [
                b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Annots [%b] >>"
                % (b" ".join([note] * 500_000)),
            ]
        ),
    )


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(size)


def _deck(path: Path, slides: int, others: int = 0) -> None:
    slide = (
        f'<p:sld xmlns:p="{NS_P}" xmlns:a="{NS_A}"><p:cSld><p:spTree><p:sp><p:nvSpPr>'
        "<p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:t>Loaf {}</a:t></a:r></a:p></p:txBody></p:sp>"
        "</p:spTree></p:cSld></p:sld>"
    )
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="rId{n}"/>' for n in range(slides))
    rels = "".join(
        f'<Relationship Id="rId{n}" Type="{NS_R}/slide" Target="slides/slide{n}.xml"/>'
        for n in range(slides)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "ppt/presentation.xml",
            f'<p:presentation xmlns:p="{NS_P}" xmlns:r="{NS_R}"><p:sldIdLst>{ids}</p:sldIdLst>'
            "</p:presentation>",
        )
        archive.writestr(
            "ppt/_rels/presentation.xml.rels",
            f'<Relationships xmlns="{NS_RELS}">{rels}</Relationships>',
        )
        for number in range(slides):
            archive.writestr(f"ppt/slides/slide{number}.xml", slide.replace("{}", str(number)))
        for number in range(others):
            archive.writestr(f"ppt/media/{number}.bin", b"")


CASES: dict[str, Callable[[Path], None]] = {
    "flate-bomb-4gb.pdf": _flate_bomb,
    "pages-100000.pdf": _many_pages,
    "objects-400000.pdf": _many_objects,
    "annotations-500000.pdf": _many_annotations,
    "sparse-1gb.pdf": lambda path: _sparse(path, 2**30),
    "sparse-3gb.pdf": lambda path: _sparse(path, 3 * 2**30),
    "slides-20000.pptx": lambda path: _deck(path, 20_000),
    "entries-60000.pptx": lambda path: _deck(path, 1, 60_000),
}
