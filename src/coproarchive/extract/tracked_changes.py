"""Tracked changes and comment marks of a Word part, accepted and taken out.

Reviewers' deletions are words that are not in the text any more, and each change names who made
it: they are withheld with comments (ECMA-376-1, 17.13.4 and 17.13.5).
"""

from __future__ import annotations

from lxml import etree

_GONE = frozenset({
    "del", "moveFrom", "commentRangeStart", "commentRangeEnd", "commentReference", "annotationRef",
    "moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart", "moveToRangeEnd", "rPrChange",
    "pPrChange", "sectPrChange", "tblPrChange", "tblPrExChange", "tcPrChange", "trPrChange",
    "tblGridChange", "numberingChange", "cellDel", "cellIns", "cellMerge",
    "customXmlInsRangeStart", "customXmlInsRangeEnd", "customXmlDelRangeStart",
    "customXmlDelRangeEnd", "customXmlMoveFromRangeStart", "customXmlMoveFromRangeEnd",
    "customXmlMoveToRangeStart", "customXmlMoveToRangeEnd",
})  # fmt: skip
_KEPT_WITHIN = frozenset({"ins", "moveTo"})
_PROPERTIES = frozenset({"rPr", "trPr", "ctrlPr", "numPr"})
"""Within these, `ins` and `del` say of a paragraph's end or a row that it was added or taken."""


def are_in(root: etree._Element) -> bool:
    """Test whether there are tracked changes or marks of comments in the part."""
    return any(_name(element) in _GONE | _KEPT_WITHIN for element in root.iter())


def accept(root: etree._Element) -> None:
    """Take deletions and marks out, and leave insertions as plain text."""
    for row in [r for r in root.iter("{*}tr") if r.find("{*}trPr/{*}del") is not None]:
        _drop(row)
    for element in list(root.iter()):
        name, parent = _name(element), element.getparent()
        if parent is None:
            continue
        if name in _GONE or (name in _KEPT_WITHIN and _name(parent) in _PROPERTIES):
            _drop(element)
        elif name in _KEPT_WITHIN:
            place = parent.index(element)
            for child in reversed(element):
                parent.insert(place, child)
            _drop(element)


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
