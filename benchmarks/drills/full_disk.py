"""Full disk: a file system in memory that has room for so much and no more; then room is made."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

from drills import injector
from drills.injector import CHANGES, Call, Effect, Fault
from drills.trials import Ground, Tally, chosen_writers, until_stopped
from drills.writers import Writer

PLENTY = 64 << 20
NEEDS_ROOM = Call.WRITE | Call.CREATE | Call.MKDIR


def run(ground: Ground, trials: int, seed: int, only: str = "") -> Tally:
    """Fill the disk under each writer, at a random moment, and judge what is left.

    Where a file system can be mounted it is a real one, in every other trial; else, and in the
    other trials, every write from the n-th on fails as on a full disk.
    """
    tally = Tally()
    writers = chosen_writers(only)
    chance = random.Random(seed)
    can_mount = _can_mount(ground.folder)
    if not can_mount:
        tally.notes.append("no file system was mounted: that needs root")
    if not injector.is_loaded() and not can_mount:
        tally.notes.append("left out: no faults can be injected here either")
        return tally
    for number in until_stopped(trials):
        writer = writers[number % len(writers)]
        is_real = can_mount and (number // len(writers) % 2 == 0 or not injector.is_loaded())
        trial = _on_a_small_disk if is_real else _with_writes_that_fail
        trial(ground, writer, chance, tally)
    return tally


def _on_a_small_disk(ground: Ground, writer: Writer, chance: random.Random, tally: Tally) -> None:
    """Hold a trial on a file system of its own, with less room than the writer takes."""
    ground.expected(writer)
    room = chance.randrange(0, _need(ground, writer) // 4096 + 1) * 4096
    with _mounted(ground.folder / "disk") as disk:
        folder = ground.copy(writer.scene, "disk/trial")
        state = os.statvfs(disk)
        used = (state.f_blocks - state.f_bfree) * state.f_frsize
        _mount("-o", f"remount,size={used + room}", str(disk))
        ended = ground.run(writer, folder)
        _mount("-o", f"remount,size={PLENTY}", str(disk))
        losses, named = ground.judge(writer, folder, ended, chance)
    tally.named += named
    suffered = ended.injected > 0 or ended.code not in (0, ground.expected(writer).code)
    tally.add(writer.name, suffered, losses, f"a disk with room for {room:,} bytes")


def _with_writes_that_fail(
    ground: Ground, writer: Writer, chance: random.Random, tally: Tally
) -> None:
    """Hold a trial in which every write from the n-th on meets a full disk."""
    calls = ground.expected(writer).calls
    most = sum(n for kind, n in calls.items() if kind in NEEDS_ROOM and kind != CHANGES)
    fault = Fault(
        Effect.FAIL_FROM_THEN_ON, NEEDS_ROOM, chance.randint(1, max(1, most)), errno.ENOSPC
    )
    folder = ground.copy(writer.scene)
    ended = ground.run(writer, folder, fault)
    losses, named = ground.judge(writer, folder, ended, chance)
    tally.named += named
    tally.add(writer.name, ended.injected > 0, losses, str(fault))


def _need(ground: Ground, writer: Writer) -> int:
    """Return about how many bytes a writer takes on the way: what is new, and once more."""
    folder = ground.copy(writer.scene)
    before = _size(folder)
    ground.run(writer, folder)
    return max(64 << 10, 2 * (_size(folder) - before) + (64 << 10))


def _size(folder: Path) -> int:
    return sum(-(-p.stat().st_size // 4096) * 4096 for p in folder.rglob("*") if p.is_file())


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


@contextlib.contextmanager
def _mounted(folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={PLENTY}", "drill", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def _can_mount(folder: Path) -> bool:
    """Tell whether this process may mount a file system here."""
    try:
        with _mounted(folder / "disk"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
