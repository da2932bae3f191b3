"""A talk in three files."""

from __future__ import annotations

from pathlib import Path

import pytest
from pptx import Presentation

from making import make_pdf

SLIDES = [
    ("Ovens of Crumbtown", "a talk on brick and iron"),
    (
        "Brick ovens",
        "hold their heat for a day and night\nand are fired with beech from the common",
    ),
    ("Iron ovens", "heat within the hour\nburn brushwood and whatever the long winter leaves"),
    ("Shared ovens", "belong to whoever brings dough and wood\nso nobody bakes alone in January"),
]
SPOKEN = [
    "a brick oven holds its heat for a day and we fire ours with beech",
    "the iron one heats in an hour my uncle had a gramophone on his",
    "shared ovens mean that nobody bakes alone",
]


@pytest.fixture
def talk(tmp_path: Path) -> list[Path]:
    """The same talk in three files; the PDF lacks the title slide and has one page more."""
    presentation = Presentation()
    for title, body in SLIDES:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, body
        slide.notes_slide.notes_text_frame.text = "mind the tapir"
    deck = tmp_path / "ovens.pptx"
    presentation.save(str(deck))
    pages = [f"{title}\n{body}" for title, body in SLIDES[1:]]
    pages[1] += "\npictures by the Crumbtown Museum"
    pdf = make_pdf(tmp_path / "ovens.pdf", [*pages, "Sources\nthe parish register of 1790"])
    cues = (f"00:0{n}:00.000 --> 00:0{n}:30.000\n{text}\n" for n, text in enumerate(SPOKEN))
    captions = tmp_path / "ovens.vtt"
    captions.write_text("WEBVTT\n\n" + "\n".join(cues), encoding="utf-8")
    return [deck, pdf, captions]
