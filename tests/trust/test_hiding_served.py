"""Hiding while two servers run: at once by the store, soon by hand, whatever the times say."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coproarchive.model import Visibility, Withdrawn
from coproarchive.store import Store
from making import make_archive
from serving import Served, serving

SOON = 8.0
"""Seconds in which an edit by hand must hold: the archive is looked at every two, by a busy CPU."""
WAYS = (
    "/item/a-post", "/file/a-post/post.md", "/sitemap.xml", "/results.csv?q=co-production",
    "/suggest?q=on+co", "/topic/sourdough", "/person/bo-miller", "/2019/01/on-bread/",
    "/item/1-baking/bread-for-all",
)  # fmt: skip


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Served]]:
    """Two servers over one archive, each with an index of its own."""
    folder = tmp_path_factory.mktemp("hiding")
    archive = make_archive(folder / "archive")
    with contextlib.ExitStack() as running:
        yield [running.enter_context(serving(made(folder / name), archive)) for name in "ab"]


def made(folder: Path) -> Path:
    """Make the folder."""
    folder.mkdir()
    return folder


@pytest.fixture
def record(servers: list[Served]) -> Iterator[Path]:
    """The record of a public post, which both servers show; put back at the end."""
    path = servers[0].archive / "a-post" / "item.yaml"
    sound = path.read_bytes()
    for server in servers:
        assert tells(server)
    yield path
    path.with_name("sound").write_bytes(sound)
    path.with_name("sound").replace(path)
    until = time.monotonic() + SOON
    while not all(map(tells, servers)) and time.monotonic() < until:
        time.sleep(0.2)


def tells(server: Served) -> list[str]:
    """The ways that tell of the post."""
    found = []
    for way in WAYS:
        try:
            with urllib.request.urlopen(server.address + way, timeout=60) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode()
        if "On co-production of bread" in text or "/item/a-post<" in text:
            found.append(way)
    return found


@pytest.mark.threat(10)
@pytest.mark.parametrize("how", ["hidden", "withdrawn"])
def test_the_store_hides_at_once_in_every_process(
    servers: list[Served], record: Path, how: str
) -> None:
    """The first answers after the write: nothing, from a process that had it in memory."""
    store = Store(record.parents[1])
    item = store.read_item("a-post")
    change: dict[str, object] = {"visibility": Visibility.HIDDEN}
    if how == "withdrawn":
        change["withdrawn"] = Withdrawn(date="2020", reason="Asked for.")
    store.save_item(item.model_copy(update=change))
    assert [tells(server) for server in servers] == [[], []]


def with_its_times(record: Path, text: str) -> None:
    """Replace the record as `cp -p` and `rsync -t` do: another file, the old one's times."""
    times = record.stat()
    other = record.with_name("other")
    other.write_text(text)
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(record)


def in_place_with_its_times(record: Path, text: str) -> None:
    """Write into the same file and set its times back, as some editors and `touch -r` do."""
    times = record.stat()
    record.write_text(text)
    os.utime(record, ns=(times.st_atime_ns, times.st_mtime_ns))


def in_the_future(record: Path, text: str) -> None:
    """Write on a machine whose clock is ahead."""
    record.write_text(text)
    os.utime(record, (2**32, 2**32))


def from_a_backup(record: Path, text: str) -> None:
    """Put a folder of years ago in the place of today's."""
    backup = record.parents[2] / "backup"
    shutil.copytree(record.parent, backup)
    (backup / record.name).write_text(text)
    for path in (*backup.iterdir(), backup):
        os.utime(path, (10**9, 10**9))
    record.parent.rename(record.parents[2] / "replaced")
    backup.rename(record.parent)
    shutil.rmtree(record.parents[2] / "replaced")


@pytest.mark.threat(10)
@pytest.mark.parametrize(
    "write", [with_its_times, in_place_with_its_times, in_the_future, from_a_backup]
)
def test_an_edit_by_hand_is_noticed_whatever_its_times(
    servers: list[Served], record: Path, write: Callable[[Path, str], None]
) -> None:
    """Same size, same time, a time to come, or one long gone: hidden within seconds everywhere."""
    text = record.read_text()
    if "visibility" not in text:
        in_place_with_its_times(record, text + "visibility: public\n")
        text = record.read_text()
        time.sleep(0.1)
        assert all(map(tells, servers))
    write(record, text.replace("visibility: public", "visibility: hidden"))
    until = time.monotonic() + SOON
    while any(map(tells, servers)) and time.monotonic() < until:
        time.sleep(0.2)
    assert [tells(server) for server in servers] == [[], []]
