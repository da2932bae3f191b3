"""The page of parts, and that styles name tokens: docs/develop/design.md."""

from __future__ import annotations

import re
from pathlib import Path

from coproarchive.library import Library
from coproarchive.web import parts_page, render
from serving import client_of

DESIGN = Path(__file__).resolve().parents[2] / "docs" / "develop" / "design.md"
SHEETS = ("pages", "parts", "search", "citing", "viewer", "desk", "desk_acts", "desk_care")
OF_THE_FRAME = {"skip", "name", "lead", "files"}
"""Classes of parts.css that are not parts: of the bar on top, a text, and a list of buttons."""


def test_every_part_is_shown(library: Library) -> None:
    """What parts.css styles is on the page, whose colours and sizes are those of the styles."""
    with client_of(library) as client:
        page = client.get(parts_page.PATH)
    assert page.status_code == 200
    assert "noindex" in page.text
    shown = set(" ".join(re.findall(r'class="([^"]*)"', page.text)).split())
    styled = set(re.findall(r"\.([a-z][a-z-]*)", render.stylesheet("parts")))
    assert styled - shown <= OF_THE_FRAME
    for name in (*parts_page.TOKENS, *(f"text-{size}" for size in parts_page.TEXTS)):
        assert f"--{name}:" in render.stylesheet("base")
        assert f"var(--{name})" in render.stylesheet("citing")


def test_styles_name_tokens() -> None:
    """Sizes of text and corners are of the scale, colours are named once, and none is undefined."""
    defined = set(re.findall(r"(--[a-z0-9-]+):", render.stylesheet("base")))
    for name in SHEETS:
        styles = render.stylesheet(name)
        assert set(re.findall(r"var\((--[a-z0-9-]+)\)", styles)) <= defined
        for declared in re.findall(r"(?:font|font-size|border-radius): ([^;}]+)", styles):
            assert not re.search(r"\d(rem|px)", declared), (name, declared)
        assert not re.search(r"#[0-9a-f]{6}", styles), name
    design = DESIGN.read_text(encoding="utf-8")
    for token in defined:
        family = re.sub(r"-(\d|xs|s|m|l|xl|2xl|3xl)$", "-", token)
        assert token in design or (f"`{family}" in design and family != token), token
