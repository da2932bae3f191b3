"""Pictures drawn before anybody asks: all of them, once, in their place behind other work."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.library import Library
from coproarchive.operate.pictures_ahead import PicturesAhead


def drawn(index: Path) -> list[str]:
    """What was drawn: number and width."""
    return sorted(path.name.partition(".")[0] for path in index.rglob("*.webp"))


def test_all_pages_are_drawn_once(archive: Path, open_library: Callable[..., Library],
                                  monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Both widths; what is there is passed over, also by a process that starts anew."""
    library = open_library(archive, office="off")
    library.update_index()
    ahead = PicturesAhead(library)
    assert ahead.draw(60)
    ahead.stop()
    assert drawn(library.settings.index) == ["1-1000", "1-320", "2-1000", "2-320"]
    again = PicturesAhead(library)
    monkeypatch.setattr(again, "_draw_file", lambda *_: pytest.fail("drawn again"))
    assert again.draw(60)
    again.stop()


def test_a_disk_with_little_room_gets_none(archive: Path, open_library: Callable[..., Library],
                                           monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """It is tried again later."""
    library = open_library(archive, office="off")
    library.update_index()
    monkeypatch.setattr("coproarchive.operate.pictures_ahead.ROOM", 10**18)
    ahead = PicturesAhead(library)
    assert not ahead.draw(60)
    ahead.stop()
    assert drawn(library.settings.index) == []


def test_index_leaves_the_drawing_to_another_process(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends before they are there, and they come."""
    monkeypatch.setenv("COPROARCHIVE_PICTURES_AHEAD", "on")
    monkeypatch.setenv("COPROARCHIVE_OFFICE", "off")
    index = tmp_path / "index"
    place = ["--archive", str(archive), "--index", str(index)]
    command = [sys.executable, "-m", "coproarchive", *place, "index"]
    subprocess.run(command, check=True, capture_output=True)
    until = time.monotonic() + 90
    while len(drawn(index)) < 4 and time.monotonic() < until:
        time.sleep(0.2)
    assert drawn(index) == ["1-1000", "1-320", "2-1000", "2-320"]
