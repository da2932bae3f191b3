"""Decks made of hand-written parts: what python-pptx cannot make, and what is broken on purpose."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
NAMESPACES = (
    f'xmlns:p="{P}" xmlns:a="{A}" xmlns:r="{R}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
    'xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main"'
)


@dataclass
class Slide:
    """A slide's shapes as XML, its attributes, and what belongs to it.

    Attributes:
        background: XML of the slide's own background.
        related: relationship id -> (kind, target, external).
    """

    shapes: str = ""
    attributes: str = ""
    related: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    background: str = ""


def box(text: str, *, placeholder: str = "", y: int | None = None, alt: str = "") -> str:
    """A text box, or a placeholder of a type; a paragraph a line."""
    holder = f'<p:ph type="{placeholder}"/>' if placeholder else ""
    place = f'<a:xfrm><a:off x="0" y="{y}"/></a:xfrm>' if y is not None else ""
    lines = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("\n"))
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="x" descr="{alt}"/><p:nvPr>{holder}</p:nvPr>'
        f"</p:nvSpPr><p:spPr>{place}</p:spPr><p:txBody>{lines}</p:txBody></p:sp>"
    )


def picture(relation: str, across: int, down: int, *, crop: str = "", alt: str = "") -> str:
    """A picture of a size in EMU; a slide has 12,192,000 by 6,858,000."""
    return (
        f'<p:pic><p:nvPicPr><p:cNvPr id="3" name="p" descr="{alt}"/></p:nvPicPr>'
        f"{fill(relation, crop)}<p:spPr><a:xfrm><a:off x='0' y='0'/>"
        f'<a:ext cx="{across}" cy="{down}"/></a:xfrm></p:spPr></p:pic>'
    )


def fill(relation: str, crop: str = "", name: str = "p") -> str:
    """What fills a picture; of a background, `name` is "a"."""
    cut = f"<a:srcRect {crop}/>" if crop else ""
    return f'<{name}:blipFill><a:blip r:embed="{relation}"/>{cut}</{name}:blipFill>'


def group(inside: str, depth: int = 1) -> str:
    """Shapes in so many groups."""
    return (
        "<p:grpSp><p:nvGrpSpPr><p:cNvPr id='1' name='g'/></p:nvGrpSpPr>" * depth
        + inside
        + "</p:grpSp>" * depth
    )


def notes(text: str) -> str:
    """A notes page's XML."""
    return (
        f"<p:notes {NAMESPACES}><p:cSld><p:spTree>{box('7', placeholder='sldNum')}"
        f"{box(text, placeholder='body')}</p:spTree></p:cSld></p:notes>"
    )


def make(
    path: Path,
    slides: list[Slide | str],
    *,
    parts: dict[str, str | bytes] | None = None,
    main_related: dict[str, tuple[str, str]] | None = None,
    extension: str = "",
    leave_out: tuple[str, ...] = (),
) -> Path:
    """Write a deck; `parts` and `leave_out` are names below ppt/."""
    files: dict[str, str | bytes] = {}
    ids, relations = "", ""
    for number, given in enumerate(slides, start=1):
        slide = given if isinstance(given, Slide) else Slide(given)
        files[f"slides/slide{number}.xml"] = (
            f"<p:sld {NAMESPACES} {slide.attributes}><p:cSld>{slide.background}"
            f"<p:spTree>{slide.shapes}</p:spTree></p:cSld></p:sld>"
        )
        files[f"slides/_rels/slide{number}.xml.rels"] = _relations(slide.related)
        ids += f'<p:sldId id="{255 + number}" r:id="s{number}"/>'
        relations += _relation(f"s{number}", "slide", f"slides/slide{number}.xml", False)
    for key, (kind, target) in (main_related or {}).items():
        relations += _relation(key, kind, target, False)
    files["presentation.xml"] = (
        f"<p:presentation {NAMESPACES}><p:sldIdLst>{ids}</p:sldIdLst>{extension}</p:presentation>"
    )
    files["_rels/presentation.xml.rels"] = (
        f'<Relationships xmlns="{RELS}">{relations}</Relationships>'
    )
    files |= parts or {}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            if name not in leave_out:
                archive.writestr(f"ppt/{name}", content)
    return path


def _relations(related: dict[str, tuple[str, str, bool]]) -> str:
    inside = "".join(_relation(key, *value) for key, value in related.items())
    return f'<Relationships xmlns="{RELS}">{inside}</Relationships>'


def _relation(key: str, kind: str, target: str, external: bool) -> str:
    mode = ' TargetMode="External"' if external else ""
    return f'<Relationship Id="{key}" Type="{R}/{kind}" Target="{target}"{mode}/>'
