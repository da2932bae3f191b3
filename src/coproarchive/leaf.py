"""What reading a file yields: leaves, which are pages, slides and sections, and their parts.

Nothing is imported here that takes long: workers that read files need these nouns only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coproarchive.vocabulary import BESIDE, Source


@dataclass(frozen=True, slots=True)
class Part:
    """A run of words from one source within a leaf.

    Attributes:
        source, text: where the words stood; clean text, NFC, the only control being newline.
        confidence: 0..1, where a machine read the words from a picture; else None.
        levels: of each line that is not empty: 0 for a paragraph, 1 and more in lists, -1 for one
            that goes on with the line before; () where the file does not say.
        anchor: of a link, the words that carry it; "" where they are not known.
    """

    source: Source
    text: str
    confidence: float | None = None
    levels: tuple[int, ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page, slide, section or caption group of an asset (iiif:Canvas).

    Attributes:
        number, kind: 1-based place in the file; what a reader calls it.
        label: the printed number or name, where it differs from the number ("iv", "00:12:31").
        title, parts: its heading, "" where it has none; its other words in reading order.
        hidden, start: the author hid the slide; seconds into the recording, for captions.
        builds: pages just before this one that show a part of it: a slide with builds, as exported.
        language: BCP 47, as its words tell; "" where they do not.
        markup: HTML of a post's section as it was written, not sanitised; "" for others.
    """

    number: int
    kind: Literal["page", "slide", "section", "cue"]
    title: str = ""
    parts: tuple[Part, ...] = ()
    label: str = ""
    hidden: bool = False
    start: float | None = None
    builds: int = 0
    language: str = ""
    markup: str = ""

    @property
    def text(self) -> str:
        """All words except the title, a part a paragraph."""
        return "\n".join(part.text for part in self.parts)

    @property
    def body(self) -> str:
        """The words that stand on it except the title: a phrase may go on in the next text box."""
        return "\n".join([part.text for part in self.parts if part.source not in BESIDE])
