"""A changed bit in a derived file changes no answer: it is named, and made again from the archive.

COPRO_FLIPS sets how many bits of each file are tried, one at a time (3).
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from coproarchive.errors import IndexStateError
from coproarchive.extract.base import Limits
from coproarchive.library import Library
from coproarchive.pictures import Pictures
from coproarchive.search.language.query import Query
from coproarchive.web.access import Access
from coproarchive.web.routes import routes
from making import SEMINAR
from test_pictures import job, soon

FLIPS = int(os.environ.get("COPRO_FLIPS", "3"))
QUERIES = (
    "bread",
    "mill",
    "grain",
    '"wind mill"',
    "sourdough",
    "starter",
    "co-production",
    "bredd",
)
FILES = (
    "CURRENT", "generations/*/*.seg", "generations/*/*.toc", "generations/*/columns-*.bin",
    "generations/*/stored.bin", "generations/*/checks-*.json", "sidecars.json",
    "extracted/texts.db",
)  # fmt: skip


def answers(library: Library) -> object:
    """What readers are told: hits with their texts, suggestions, similar items, texts of pages."""
    pages = TestClient(Starlette(routes=routes(library, Access(library.settings))))
    return (
        [library.search(Query.parse(words)) for words in QUERIES],
        [library.suggest(typed) for typed in ("br", "sour", "wind")],
        library.similar(f"{SEMINAR}/bread-for-all"),
        [pages.get(f"/item/{item_id}").text for item_id in sorted(library.public().items)],
    )


@pytest.mark.timeout(60 + 30 * FLIPS)
@pytest.mark.parametrize("pattern", FILES)
def test_a_changed_bit_changes_no_answer(
    pattern: str, library: Library, open_library: Callable[..., Library], tmp_path: Path
) -> None:
    """Until `index` runs a search may be refused, with what to do; after it, all is as it was."""
    right, root = answers(library), library.settings.index
    library.close()
    sound = shutil.copytree(root, tmp_path / "sound")
    chance = random.Random(pattern)
    for _ in range(FLIPS):
        shutil.rmtree(root, ignore_errors=True)  # a process that is just ending may write there
        shutil.copytree(sound, root, dirs_exist_ok=True)
        (path,) = root.glob(pattern)
        data = bytearray(path.read_bytes())
        at, bit = chance.randrange(len(data)), chance.randrange(8)
        data[at] ^= 1 << bit
        path.write_bytes(data)
        opened = open_library(library.settings.archive)
        try:
            assert answers(opened) == right, (pattern, at, bit)
        except IndexStateError as error:
            assert error.hint, (pattern, at, bit)
        opened.update_index()
        assert answers(opened) == right, (pattern, at, bit)
        opened.close()
        again = open_library(library.settings.archive)
        assert answers(again) == right, (pattern, at, bit)
        again.close()


def test_a_damaged_picture_is_drawn_again(
    tmp_path: Path, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    """What a reader gets is the picture that was drawn, or the card that stands for it."""
    asked = job(library.store.asset_path("windmills", "mill.pdf"))
    made = Pictures(tmp_path / "index" / "pictures", Limits(), "")
    path = soon(lambda: made.get(asked, 1, 320, 2))
    assert path is not None
    drawn = path.read_bytes()
    for at in range(0, len(drawn), max(1, len(drawn) // FLIPS)):
        damaged = bytearray(drawn)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        assert made.get(asked, 1, 320, 2) is None
        assert soon(lambda: made.get(asked, 1, 320, 2)) == path
        assert path.read_bytes() == drawn
    assert "is damaged and was removed" in caplog.text
    with Image.open(path) as picture:
        assert picture.width == 320
    made.close()
