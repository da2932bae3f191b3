"""Files and records on disk, at the edges: what is read, what is refused, and how it is said."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.errors import FileSystemError, NotFoundError, SidecarError
from coproarchive.extract import table
from coproarchive.extract.base import Limits
from coproarchive.ingest.add import ItemDraft
from coproarchive.ingest.folder_plan import add_folder
from coproarchive.library import Library
from coproarchive.model import Severity
from coproarchive.store import Store, files, sidecar
from coproarchive.store.cache import ParsedCache
from coproarchive.store.files import FolderEntry, copy_hashed, open_plain, stamp_of, walk
from coproarchive.store.reader import checked_id
from coproarchive.strict_yaml import YamlDocument, parse
from making import SEMINAR

# ---------------------------------------------------------------- folders


@pytest.mark.threat(17)
def test_a_walk_names_everything_and_follows_no_link(tmp_path: Path) -> None:
    """In order, with sizes; hidden names are passed over; pipes and links are said to be such."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "b" / "c").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.txt").write_text("x")
    (root / "b" / "two.txt").write_text("22")
    (root / "b" / "c" / "three.txt").write_text("333")
    (root / "a.txt").write_text("1")
    (root / "z.txt").write_text("")
    (root / ".hidden").mkdir()
    (root / ".hidden" / "x").write_text("x")
    (root / "link").symlink_to(outside)
    (root / "b" / "to-file").symlink_to(outside / "secret.txt")
    os.mkfifo(root / "pipe")
    assert list(walk(root)) == [
        FolderEntry("a.txt", "file", 1),
        FolderEntry("b", "folder"),
        FolderEntry("link", "link"),
        FolderEntry("pipe", "special"),
        FolderEntry("z.txt", "file", 0),
        FolderEntry("b/c", "folder"),
        FolderEntry("b/to-file", "link"),
        FolderEntry("b/two.txt", "file", 2),
        FolderEntry("b/c/three.txt", "file", 3),
    ]


def test_a_walk_goes_eight_folders_deep(tmp_path: Path) -> None:
    """What lies deeper is named and not gone into; so is a folder that is not there."""
    deep = tmp_path / "/".join("123456789")
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    assert [e.kind for e in walk(tmp_path)] == ["folder"] * 8 + ["too-deep"]
    assert [e.path for e in walk(tmp_path, max_depth=1)] == ["1", "1/2"]
    assert [e.kind for e in walk(tmp_path / "none")] == ["unreadable"]


def test_what_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its size; the others are found all the same."""
    (tmp_path / "a").write_text("12")
    (tmp_path / "b").write_text("1")
    access = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: Path(p).name != "a" and access(p, mode))
    assert list(walk(tmp_path)) == [FolderEntry("a", "unreadable", 2), FolderEntry("b", "file", 1)]


# ---------------------------------------------------------------- reading and writing


@pytest.mark.threat(17)
def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    """A link, a pipe that nobody writes to, a folder: none is read, waited on or left open."""
    plain = tmp_path / "plain"
    plain.write_bytes(b"data")
    with open_plain(plain) as file:
        assert file.read() == b"data"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(plain)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for name, said in (("pipe", "is not a regular file"), (".", "is not a regular file")):
        with pytest.raises(OSError) as error:
            open_plain(tmp_path / name)
        assert error.value.strerror == said
        assert error.value.filename == str(tmp_path / name)
    with pytest.raises(OSError):
        open_plain(tmp_path / "link")
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_a_copy_is_hashed_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces, whole, never over a file that is there; an error names the file."""
    monkeypatch.setattr(files, "CHUNK", 3)
    source, target = tmp_path / "source", tmp_path / "target"
    data = b"0123456789"
    source.write_bytes(data)
    expected = (10, hashlib.sha256(data).hexdigest())
    synced: list[int] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.append(handle)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    assert copy_hashed(source, target) == expected
    assert (target.read_bytes(), len(synced)) == (data, 1)
    assert files.hash_file(target) == expected
    with pytest.raises(FileExistsError):
        copy_hashed(source, target)

    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError) as error:
        copy_hashed(source, tmp_path / "other")
    assert error.value.filename == str(tmp_path / "other")


def test_a_write_is_whole_and_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, then its folder are synced; one that fails leaves the old content, and no trace."""
    path, scratch = tmp_path / "a.yaml", tmp_path / "scratch"
    synced: list[str] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    files.write_durably(path, b"one")
    files.write_durably(path, b"two", scratch)
    assert path.read_bytes() == b"two"
    assert [Path(name).parent.name for name in synced[::2]] == [tmp_path.name, "scratch"]
    assert synced[1::2] == [str(tmp_path)] * 2
    assert sorted(os.listdir(tmp_path)) == ["a.yaml", "scratch"]
    assert not os.listdir(scratch)

    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(FileSystemError):
        files.write_durably(path, b"three", scratch)
    assert (path.read_bytes(), os.listdir(scratch)) == (b"two", [])

    def stops(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stops)
    with pytest.raises(KeyboardInterrupt):
        files.write_durably(path, b"three")
    assert sorted(os.listdir(tmp_path)) == ["a.yaml", "scratch"]


def test_a_stamp_is_not_given_to_what_changed_just_now(tmp_path: Path) -> None:
    """It could change again within a tick of the clock; what is not there has none."""
    path = tmp_path / "x"
    path.write_text("12")
    assert stamp_of(path) is None
    assert stamp_of(tmp_path / "none") is None
    time.sleep(0.08)
    state = path.stat()
    assert stamp_of(path) == (state.st_mtime_ns, state.st_ctime_ns, 2, state.st_ino)
    os.utime(path, (1, 1))
    assert stamp_of(path) is None, "its ctime is of just now"


# ---------------------------------------------------------------- records


@pytest.mark.threat(4)
@pytest.mark.parametrize("bad", ["", "A", "a/b/c", "a//b", "../x", "a/..", "a\n", "a/b\n", "a b"])
def test_an_id_is_a_name_in_a_folder_of_its_own(bad: str) -> None:
    """Anything else names no record, a line break at its end included."""
    assert checked_id("a-1/b_2.c") == "a-1/b_2.c"
    with pytest.raises(NotFoundError) as error:
        checked_id(bad)
    assert (error.value.message, error.value.path) == ("there is no such record.", bad)


def test_where_records_are_found(archive: Path) -> None:
    """At the top and in a seminar; not below an item, in hidden or linked folders, or too deep."""
    store = Store(archive)
    before = store.item_ids()
    record = "title: X\n"
    for folder in ("windmills/inner", f"{SEMINAR}/a/b", ".hidden", "Capital", "a\n"):
        (archive / folder).mkdir(parents=True)
        (archive / folder / "item.yaml").write_text(record)
        (archive / folder / "seminar.yaml").write_text(record)
    (archive / "linked").symlink_to(archive / "windmills")
    assert store.item_ids() == before == sorted(before)
    assert store.seminar_ids() == [SEMINAR]
    assert store.seminar_of(f"{SEMINAR}/bread-for-all") == SEMINAR
    assert store.seminar_of("windmills") is None
    assert store.seminar_of("windmills/inner") is None


@pytest.mark.threat(4)
def test_an_items_file_is_in_its_folder(archive: Path, tmp_path: Path) -> None:
    """Not through a linked folder, not another folder, and it is said whether it is missing."""
    store = Store(archive)
    assert store.asset_path("windmills", "mill.pdf") == archive / "windmills" / "mill.pdf"
    for name in (".lock", "a/b", "a\\b"):
        with pytest.raises(NotFoundError) as error:
            store.asset_path("windmills", name)
        assert error.value.message == "this is no file of the item."
        assert error.value.path == f"windmills/{name}"
    (archive / "windmills" / "folder").mkdir()
    for name in ("none.pdf", "folder"):
        with pytest.raises(NotFoundError) as error:
            store.asset_path("windmills", name)
        assert (error.value.message, error.value.path) == (
            "the file is not there.", f"windmills/{name}",
        )  # fmt: skip
    moved = tmp_path / "moved"
    (archive / "windmills").rename(moved)
    (archive / "windmills").symlink_to(moved)
    with pytest.raises(NotFoundError):
        store.asset_path("windmills", "mill.pdf")
    seminar = tmp_path / "seminar"
    (archive / SEMINAR).rename(seminar)
    (archive / SEMINAR).symlink_to(seminar)
    with pytest.raises(NotFoundError):
        store.asset_path(f"{SEMINAR}/bread-for-all", "bread.pptx")


def test_a_record_that_cannot_be_read_says_why(archive: Path, tmp_path: Path) -> None:
    """Not there, a link, a pipe: each in its own words."""
    store = Store(archive)
    for item, message in (
        ("nothing", "there is no such record."), ("windmills/x", "there is no such record."),
    ):  # fmt: skip
        with pytest.raises(NotFoundError) as gone:
            store.read_item(item)
        assert (gone.value.message, gone.value.path) == (message, f"{item}/item.yaml")
    path = archive / "windmills" / "item.yaml"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SidecarError) as linked:
        store.read_item("windmills")
    assert linked.value.message == "this is a link; links are not followed."
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(SidecarError) as pipe:
        store.read_item("windmills")
    assert pipe.value.message == "cannot be read: is not a regular file."
    assert pipe.value.path == "windmills/item.yaml"
    with pytest.raises(NotFoundError) as none:
        Store(tmp_path)
    assert none.value.message == "there is no archive here (no archive.yaml)."
    assert none.value.hint == "To begin one: coproarchive init"


@pytest.mark.threat(11)
def test_a_record_has_a_size_limit(archive: Path) -> None:
    """A quarter of a mebibyte; the tables of a whole archive sixteen. One byte more is refused."""
    store = Store(archive)
    for path, limit, read in (
        ("windmills/item.yaml", 256 * 1024, lambda: store.read_item("windmills")),
        ("people.yaml", 16 * 1024 * 1024, store.read_people),
    ):
        record = archive / path
        said = record.read_bytes()
        record.write_bytes(said + b"#" * (limit - len(said)))
        read()
        record.write_bytes(said + b"#" * (limit + 1 - len(said)))
        with pytest.raises(SidecarError) as error:
            read()
        assert error.value.message == (
            f"this file has {limit + 1:,} bytes; a record may have {limit:,}."
        )
        assert (error.value.path, error.value.hint) == (
            path, "Move long texts into a file of the item.",
        )  # fmt: skip


def test_a_record_is_utf8_and_yaml() -> None:
    """With or without a byte order mark; the byte and the line of a mistake are named."""
    document = sidecar.read_document("\ufefftitle: é\n".encode(), "p")
    assert document.content == {"title": "é"}
    with pytest.raises(SidecarError) as latin:
        sidecar.read_document(b"ab\xe9", "p")
    assert (latin.value.message, latin.value.path, latin.value.hint) == (
        "this file is not UTF-8 (byte 3).", "p", "Save it as UTF-8.",
    )  # fmt: skip
    with pytest.raises(SidecarError, match=r"line 3: this is not YAML"):
        sidecar.read_document(b"a: 1\nb: [\n", "p")


def test_revisions_and_digests_tell_of_changes(archive: Path) -> None:
    """A write through the store is another revision; a digest is that of a record's bytes."""
    store = Store(archive)
    before = store.revision()
    store.save_item(store.read_item("windmills").model_copy(update={"title": "Mills"}))
    assert store.revision() != before
    data = (archive / "windmills" / "item.yaml").read_bytes()
    assert store.digest("windmills/item.yaml") == hashlib.sha256(data).hexdigest()
    assert store.digest("windmills/none.yaml") == ""


# ---------------------------------------------------------------- the cache of records


def test_the_cache_saves_what_was_asked_for_and_only_if_it_is_new(tmp_path: Path) -> None:
    """What no record is any more is dropped; without a path nothing is written."""
    path = tmp_path / "index" / "cache.json"
    parsed: list[bytes] = []

    def ask(cache: ParsedCache, data: bytes) -> YamlDocument:
        def read() -> YamlDocument:
            parsed.append(data)
            return parse(data.decode())

        return cache.get(data, read)

    first = ParsedCache(path)
    assert [ask(first, b"a: 1").content, ask(first, b"a: 1").content] == [{"a": "1"}] * 2
    ask(first, b"b: 2")
    first.put(b"c: 3", parse("c: 3"))
    assert parsed == [b"a: 1", b"b: 2"]
    first.save()
    written = path.stat().st_mtime_ns
    first.save()
    assert path.stat().st_mtime_ns == written
    second = ParsedCache(path)
    again = ask(second, b"a: 1")
    assert (again.content, again.line_of(("a",)), len(parsed)) == ({"a": "1"}, 1, 2)
    ask(second, b"c: 3")
    assert len(parsed) == 2
    second.save()
    assert path.stat().st_mtime_ns == written
    ask(second, b"d: 4")
    second.save()
    ask(ParsedCache(path), b"b: 2")
    assert parsed == [b"a: 1", b"b: 2", b"d: 4", b"b: 2"]
    ParsedCache(None).save()
    for damaged in (b"[]", b"{}", b'{"version": 3, "documents": 5}', b"\xff", b'{"version": 0}'):
        path.write_bytes(damaged)
        ask(ParsedCache(path), b"a: 1")
    assert parsed[4:] == [b"a: 1"] * 5


# ---------------------------------------------------------------- adding


def test_links_and_pipes_of_a_folder_are_named_and_not_followed(
    tmp_path: Path, library: Library
) -> None:
    """A linked folder is not gone into, whatever lies behind it; each is one problem with why."""
    folder, outside = tmp_path / "loose", tmp_path / "private"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret.md").write_text("# Secret\n\nprivate words\n")
    (folder / "linked").symlink_to(outside)
    (folder / "link.md").symlink_to(outside / "secret.md")
    os.mkfifo(folder / "pipe.md")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    report = add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
    assert (report.files, report.stored, report.added) == (4, 0, [])
    assert {(p.path, p.code, p.message, p.severity) for p in report.problems} == {
        ("link.md", "not-a-file", "this is a link.", Severity.ERROR),
        ("linked", "not-a-file", "this is a link.", Severity.ERROR),
        ("pipe.md", "not-a-file", "this is a pipe or device.", Severity.ERROR),
        ("picture.png", "not-added", "this is a picture alone.", Severity.WARNING),
    }
    assert not any("ecret" in i for i in Catalogue.load(library.store).items)


@pytest.mark.threat(12)
def test_a_file_has_a_size_limit(tmp_path: Path) -> None:
    """As many bytes as are allowed are read; one more is a problem with both numbers."""
    post = tmp_path / "post.md"
    post.write_text("# Bread\n\nwords\n")
    size = post.stat().st_size
    assert not table.extract(post, "text/markdown", Limits(file_size=size)).failed
    refused = table.extract(post, "text/markdown", Limits(file_size=size - 1))
    assert refused.failed and not any(leaf.parts for leaf in refused.leaves)
    (notice,) = refused.notices
    assert notice.message == f"this file has {size:,} bytes; up to {size - 1:,} are read."
    assert notice.hint and "COPROARCHIVE_FILE_SIZE_MB" in notice.hint
