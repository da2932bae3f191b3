"""Hiding leaves no trace and is noticed whatever the times say; no derived file decides."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.model import Item, Person, Seminar, Series, Session, Topic, Visibility
from coproarchive.settings import Settings
from coproarchive.store import Store

POST = "title: {title}\nkind: post\nvisibility: {visibility}\n"


def write_post(archive: Path, name: str, visibility: str = "public") -> Path:
    """Write the record of a post without files; return its path."""
    path = archive / name / "item.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(POST.format(title=f"Talk {name}", visibility=visibility))
    return path


@pytest.mark.threat(10)
def test_a_programme_tells_nothing_of_a_hidden_item() -> None:
    """Its line repeats title, description and speaker, so the line goes with all that it names."""
    item = Item(id="s/secret", seminar="s", title="My confession", visibility=Visibility.HIDDEN)
    line = Session(
        start="10:00",
        title="My confession",
        description="Told in confidence",
        people=({"person": "ann"},),  # type: ignore[arg-type]  # pydantic makes it a Contribution
        item="s/secret",
    )
    lunch = Session(start="12:00", title="Lunch")
    seminar = Seminar(id="s", title="Seminar", programme=(line, lunch))
    catalogue = Catalogue(
        Series(title="T"),
        {"s": seminar},
        {"s/secret": item},
        {"ann": Person(id="ann", names=("Ann Speaker",))},
        {},
        {"s/secret": ""},
    )
    public = catalogue.for_public()
    assert [session.title for session in public.seminars["s"].programme] == ["Lunch"]
    assert not public.people


@pytest.mark.threat(10)
def test_a_topic_is_hidden_with_the_narrower_one_that_led_to_it() -> None:
    """A topic that is only `broader` of a hidden item's topic would tell what the item is about."""
    topics = {
        "ward-seven": Topic(id="ward-seven", label="Ward seven", broader="wards"),
        "wards": Topic(id="wards", label="Wards"),
        "gardens": Topic(id="gardens", label="Gardens", broader="outdoors"),
        "outdoors": Topic(id="outdoors", label="Outdoors"),
        "for-later": Topic(id="for-later", label="For later"),
    }
    hidden = Item(id="a", title="A", topics=("ward-seven",), visibility=Visibility.HIDDEN)
    shown = Item(id="b", title="B", topics=("gardens",))
    catalogue = Catalogue(
        Series(title="T"), {}, {"a": hidden, "b": shown}, {}, topics, {"a": "", "b": ""}
    )
    assert set(catalogue.for_public().topics) == {"gardens", "outdoors", "for-later"}


@pytest.mark.threat(10)
def test_a_hidden_record_that_breaks_tells_nothing(tmp_path: Path) -> None:
    """Half a save by hand: whom it named, and about what, was named by nothing any more."""
    store = Store.create(tmp_path / "archive", Series(title="T"))
    store.save_people([Person(id="ann", names=("Ann Speaker",)), Person(id="bo", names=("Bo",))])
    store.save_topics([Topic(id="ward", label="Ward"), Topic(id="bread", label="Bread")])
    store.save_seminar(Seminar(id="s", title="My illness", topics=("ward",)))
    for item_id, person, topic in (("s/secret", "ann", "ward"), ("shown", "bo", "bread")):
        hidden = Visibility.HIDDEN if "secret" in item_id else Visibility.PUBLIC
        named = ({"person": person},)
        store.save_item(Item(id=item_id, seminar=item_id.rpartition("/")[0] or None, title="X",
                             people=named, topics=(topic,), visibility=hidden))  # type: ignore[arg-type]  # fmt: skip
    record = tmp_path / "archive" / "s" / "secret" / "item.yaml"
    for broken in (record.read_bytes()[:9] + b"\n: [", b"title: X\nkind: nonsense\n", b""):
        record.write_bytes(broken)
        public = Catalogue.load(Store(tmp_path / "archive")).for_public()
        told = (set(public.people), set(public.topics), set(public.seminars))
        assert told == ({"bo"}, {"bread"}, set()), broken


@pytest.mark.threat(10)
def test_a_seminar_of_hidden_items_alone_is_hidden_with_them() -> None:
    """Its title and topics would tell; one with a public line, a tombstone or nothing is shown."""
    item = Item(id="s/secret", seminar="s", title="My confession", visibility=Visibility.HIDDEN)
    line = Session(title="My confession", item="s/secret")
    seminar = Seminar(id="s", title="Ward seven", topics=("ward-seven",), programme=(line,))
    topics = {"ward-seven": Topic(id="ward-seven", label="Ward seven")}

    def public_of(seminar: Seminar, item: Item) -> Catalogue:
        seminars = {"s": seminar, "empty": Seminar(id="empty", title="For later")}
        items = {item.id: item}
        return Catalogue(Series(title="T"), seminars, items, {}, topics).for_public()

    public = public_of(seminar, item)
    assert list(public.seminars) == ["empty"]
    assert not public.topics
    lunch = seminar.model_copy(update={"programme": (line, Session(title="Lunch"))})
    assert list(public_of(lunch, item).seminars) == ["s", "empty"]
    taken_back = {"withdrawn": {"date": "2020", "reason": "Asked for."}}
    withdrawn = Item(id="s/secret", seminar="s", title="My confession", **taken_back)  # type: ignore[arg-type]
    assert list(public_of(seminar, withdrawn).seminars) == ["s", "empty"]
    both = withdrawn.model_copy(update={"visibility": Visibility.HIDDEN})
    assert list(public_of(seminar, both).seminars) == ["empty"]
    assert not public_of(seminar, both).tombstones


def opened(tmp_path: Path) -> tuple[Path, Library]:
    """Make an archive of two posts; return its folder and a library that has read it."""
    archive = tmp_path / "archive"
    Store.create(archive, Series(title="T"))
    for name in ("x", "y"):
        write_post(archive, name)
    library = Library(Settings(archive=archive, index=tmp_path / "index"))
    assert set(library.public().items) == {"x", "y"}
    return archive, library


@pytest.mark.threat(10)
def test_hiding_is_noticed_whatever_the_times_of_the_record_say(tmp_path: Path) -> None:
    """Neither a time in the future nor a time that was kept (cp -p, rsync -t) masks a change."""
    archive, library = opened(tmp_path)
    before = library.store.stamp()
    os.utime(archive / "y" / "item.yaml", (2**32, 2**32))
    future = library.store.stamp()
    assert future != before
    path = archive / "x" / "item.yaml"
    times = path.stat()
    corrected = path.with_suffix(".new")
    corrected.write_text(path.read_text().replace("public", "hidden"))
    os.utime(corrected, ns=(times.st_atime_ns, times.st_mtime_ns))
    corrected.replace(path)  # same size, same mtime
    assert library.store.stamp() != future
    library._look_again = 0.0  # as if two seconds had passed
    assert set(library.public().items) == {"y"}


def test_hiding_in_place_is_noticed_where_the_time_was_kept(tmp_path: Path) -> None:
    """`rsync --inplace -t`: same file, same size, same mtime; only its ctime tells."""
    archive, library = opened(tmp_path)
    path = archive / "x" / "item.yaml"
    os.utime(path, ns=(10**18, 10**18))
    time.sleep(0.1)  # longer than a tick of the clock of files: the record as read is remembered
    library.changed()
    assert set(library.public().items) == {"x", "y"}
    path.write_text(path.read_text().replace("public", "hidden"))
    os.utime(path, ns=(10**18, 10**18))
    library._look_again = 0.0  # as if two seconds had passed
    assert set(library.public().items) == {"y"}


@pytest.mark.threat(10)
def test_hiding_through_the_store_holds_at_once_in_every_process(tmp_path: Path) -> None:
    """Another process that has the archive open shows it no more at its next question."""
    archive, library = opened(tmp_path)
    elsewhere = Store(archive)
    item = elsewhere.read_item("x")
    elsewhere.save_item(item.model_copy(update={"visibility": Visibility.HIDDEN}))
    assert set(library.public().items) == {"y"}


@pytest.mark.threat(10)
def test_a_changed_byte_in_the_cache_of_records_changes_nothing(tmp_path: Path) -> None:
    """The cache is derived: damaged entries are parsed anew from the records and mended."""
    archive, _ = opened(tmp_path)
    write_post(archive, "z", "hidden")
    cache = tmp_path / "index" / "sidecars.json"
    records = Catalogue.load(Store(archive, cache)).items
    assert cache.is_file()
    sound = cache.read_bytes()
    for at in range(0, len(sound), 7):
        damaged = bytearray(sound)
        damaged[at] ^= 1
        cache.write_bytes(damaged)
        assert Catalogue.load(Store(archive, cache)).items == records
    cache.write_bytes(sound.replace(b"hidden", b"public"))
    assert Catalogue.load(Store(archive, cache)).items == records
    assert cache.read_bytes().replace(b" ", b"") == sound.replace(b" ", b"")


@pytest.mark.threat(17)
def test_a_killed_write_leaves_nothing_after_the_next(tmp_path: Path) -> None:
    """Half-written files wait in .staging, which every next writer sweeps."""
    archive, _ = opened(tmp_path)
    killed = (
        "import os, sys; from pathlib import Path; from coproarchive.store import Store\n"
        "from coproarchive.model import Person\n"
        "real = Path.replace\n"
        "def stop(path, to):\n"
        "    os.kill(os.getpid(), 9) if str(to).endswith('people.yaml') else real(path, to)\n"
        "Path.replace = stop\n"
        "Store(Path(sys.argv[1])).save_person(Person(id='x', names=('X Y',)))\n"
    )
    done = subprocess.run([sys.executable, "-c", killed, str(archive)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list((archive / ".staging").iterdir())
    write_post(archive, "y")
    store = Store(archive)
    store.save_item(store.read_item("y").model_copy(update={"title": "Another"}))
    assert not list((archive / ".staging").iterdir())
    assert not list(archive.rglob("*.tmp"))
