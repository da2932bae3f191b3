"""/healthz: ready, degraded with reasons, or unavailable; no path, no name, no hidden count."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.library import Library
from coproarchive.operate import health
from coproarchive.operate.health import look
from coproarchive.web.machine import Machine
from making import SEMINAR

Usage = namedtuple("Usage", "total used free")


def codes(library: Library, **state: bool) -> list[str]:
    return [reason.code for reason in look(library, **state).reasons]


def answer(library: Library) -> tuple[int, str]:
    """Return status and text of /healthz."""
    response = Machine(library).health(None)  # type: ignore[arg-type]  # it looks at no request
    return response.status_code, bytes(response.body).decode()


def test_a_sound_archive_is_ready(library: Library) -> None:
    assert look(library).status == "ready"
    assert codes(library) == []


def test_a_broken_record_degrades_and_the_rest_is_served(library: Library, archive: Path) -> None:
    """Nothing says which one, nor how many."""
    for name in (f"{SEMINAR}/bread-for-all", f"{SEMINAR}/hidden-talk"):
        (archive / name / "item.yaml").write_text("titel: zanzibar\n")
    library.changed()
    assert codes(library, is_indexed_here=True) == ["record-broken"]
    status, text = answer(library)
    assert status == 200
    assert json.loads(text)["status"] == "degraded"
    for word in ("hidden-talk", "bread-for-all", "zanzibar", str(archive), "2"):
        assert word not in text.replace(json.dumps(json.loads(text)["items"]), "")


def test_what_is_wrong_with_the_index_is_told_apart(
    library: Library, open_library: Callable[..., Library], archive: Path
) -> None:
    """Missing, of another version, damaged: each has its command, and readers get no path."""
    index = library.settings.index
    current = index / "CURRENT"
    sound = current.read_text()
    current.write_text(sound.replace('fingerprint": "', 'fingerprint": "other'))
    assert codes(open_library(archive)) == ["index-of-another-version"]
    current.write_text(sound)
    (segment,) = index.glob("generations/*/MAIN_*.seg")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    damaged = open_library(archive)
    assert codes(damaged) == ["index-damaged"]
    status, text = answer(damaged)
    assert status == 503
    assert "--rebuild" in text
    assert str(index) not in text
    shutil.rmtree(index)
    missing = open_library(archive)
    assert codes(missing) == ["index-missing"]
    status, text = answer(missing)
    assert (status, json.loads(text)["ok"]) == (503, False)
    assert str(index) not in text


def test_an_archive_that_cannot_be_read_is_unavailable(library: Library, archive: Path) -> None:
    (archive / "archive.yaml").write_text("titel: zanzibar\n")
    library.changed()
    seen = look(library)
    assert (seen.status, seen.items) == ("unavailable", None)
    status, text = answer(library)
    assert status == 503
    assert "zanzibar" not in text
    shutil.rmtree(archive)
    library.changed()
    assert answer(library)[0] == 503


def test_a_disk_that_is_nearly_full_degrades(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = health.LOW_DISK_BYTES
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - free, free))
    assert codes(library) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - free + 1, free - 1))
    assert codes(library) == ["disk-low"]


def test_an_index_that_stays_behind_is_said(library: Library, archive: Path) -> None:
    """Not while this process updates it by itself, unless that fails."""
    path = archive / "a-post" / "item.yaml"
    path.write_text(path.read_text() + "abstract: Something new\n")
    library.changed()
    assert codes(library, is_indexed_here=True) == []
    assert codes(library, is_indexed_here=False) == ["index-behind"]
    assert codes(library, is_indexed_here=True, indexing_fails=True) == ["indexing-failed"]


@pytest.mark.threat(10)
def test_a_hidden_item_changes_nothing(library: Library, archive: Path) -> None:
    """A reference of its own that leads nowhere is its keeper's business."""
    path = archive / SEMINAR / "hidden-talk" / "item.yaml"
    path.write_text(path.read_text().replace("hidden-topic", "no-such-topic"))
    library.changed()
    assert [p.code for p in library.catalogue().problems] == ["unknown-topic"]
    before = answer(library)
    shutil.rmtree(path.parent)
    library.changed()
    assert answer(library) == before
    assert os.path.lexists(archive)
