"""The rules of a sound archive: each finds Problems, with what to do about them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping

from coproarchive.catalogue import Catalogue
from coproarchive.errors import NotFoundError, SidecarError
from coproarchive.extract import table
from coproarchive.extract.disclosure import disclosure_of
from coproarchive.extract.worker import Job, Reader
from coproarchive.model import (
    Asset,
    Item,
    Problem,
    Severity,
    SlideDescription,
    Visibility,
)
from coproarchive.progress import Progress, silent
from coproarchive.search.index.update import missing_file, notice_problem
from coproarchive.store import SITE_TEXTS, Store, folded_name, hash_file, slugify
from coproarchive.store.reader import PROBLEMS, TABLES
from coproarchive.talks.descriptions import descriptions_of, undescribed, unplaced

CODES: dict[str, str] = {
    **table.CODES,
    "record-broken": "a YAML file breaks the format; its record is left out until it is mended",
    "unknown-person": "a record names a person who is not in people.yaml",
    "unknown-topic": "a record names a topic that is not in topics.yaml",
    "unknown-item": "a record points at an item that is not in the archive",
    "file-missing": "a record names a file that is not in the item's folder",
    table.CHANGED: "a file is not the one that was archived: its bytes differ from the sha256",
    "file-unlisted": "a file lies in the archive that no record names",
    "not-a-file": "a link, pipe or device lies in the archive; it is not followed",
    "not-readable": "the file permissions do not let this programme read it",
    "history-damaged": "a file of the history is not as it was written: a disk, or somebody, "
    "changed it",
    "address-missing": "the server is public and archive.yaml has no address, so citations carry "
    "whatever name a reader came by",
    "bad-name": "a folder's name cannot be an id, so nothing in it is seen",
    "name-clash": "two names in a folder are one on disks that ignore letter case or composition",
    "too-deep": "a folder lies deeper than archives go",
    "slide-elsewhere": "a title or description was written for a slide of an earlier version of a "
    "file, or one that it has not; it is kept, and shown nowhere",
    "item-empty": "an item has no file, and does not say where its files are held",
    "same-name": "two people, or two topics, have one name",
    "orcid-wrong": "the last digit of an ORCID does not fit the others",
    "person-unused": "no item and no programme names a person",
    "topic-used-once": "a topic that one item alone has",
    "not-added": "a file of a folder could not be added; it stays where it is",
    "name-mended": "a file is not what its name says; it was added under the ending that it has by "
    "its bytes",
    "passed-over": "a hidden name, or one that a system left in a folder, was not added",
    "duplicate-file": "two items hold the very same file",
    "file-discloses": "a file has notes, comments, hidden slides, e-mail addresses or telephone "
    "numbers; which of it is public",
    "file-not-offered": "no copy of a file can be made without what is withheld, so readers cannot "
    "download it",
}
"""Code -> what is wrong, in words for docs/reference; the codes of reading files among them."""


MAX_OF_FILE = 20
"""Problems of one code in one file that are listed: who sees twenty sees what is wrong."""


def check(
    store: Store,
    catalogue: Catalogue,
    reader: Reader,
    progress: Progress = silent,
    why_not_offered: Callable[[Item, Asset], str] = lambda *_: "",
    *,
    is_public: bool = False,
) -> list[Problem]:
    """Return every problem, worst first, then by path. Reads every file; changes nothing.

    Args:
        why_not_offered: why readers cannot download a public item's file, "" where they can.
        is_public: whether the archive is served to more than this machine.
    """
    problems = list(catalogue.problems)
    if is_public and not catalogue.series.address:
        problems.append(_no_address())
    for rule in RULES:
        problems += rule(store, catalogue)
    problems += _files(store, catalogue, reader, progress)
    problems += _not_offered(catalogue.for_public(), why_not_offered)
    order = list(Severity)
    problems = sorted(
        set(problems), key=lambda p: (order.index(p.severity), p.path, p.code, p.field)
    )
    return bounded(problems)


def _no_address() -> Problem:
    return Problem(
        "address-missing",
        Severity.WARNING,
        "archive.yaml",
        "the archive has no address of its own, so citations carry the name a reader came by.",
        field="address",
        hint="Add to archive.yaml: address: https://...",
    )


def bounded(problems: list[Problem]) -> list[Problem]:
    """Return at most MAX_OF_FILE problems of one code in one file; the last tells of the others."""
    groups: dict[tuple[str, str, Severity], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.path, problem.code, problem.severity), []).append(problem)
    listed: list[Problem] = []
    for (path, code, severity), group in groups.items():
        listed += group[:MAX_OF_FILE]
        more = len(group) - MAX_OF_FILE
        if more > 0:
            listed.append(Problem(code, severity, path, f"and {more:,} more of this kind."))
    return listed


def _folder(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield problems of files and folders that no record lists."""
    # Composed, as names are on a disk that composes them otherwise than the record does.
    listed = {
        unicodedata.normalize("NFC", f"{item.id}/{asset.path}")
        for item in catalogue.items.values()
        for asset in item.assets
    }
    names: dict[str, str] = {}
    broken = {p.path for p in catalogue.problems if p.code == "record-broken"}
    record_folders = {*store.seminar_ids(), *store.item_ids()}
    refused = {
        "link": ("not-a-file", "this is a link.", "Put the file itself here."),
        "special": ("not-a-file", "this is a pipe or a device.", "Remove it."),
        "unreadable": ("not-readable", "this cannot be read.", "Change its permissions."),
        "too-deep": ("too-deep", "this folder lies too deep.", "Move it up."),
    }
    for entry in store.walk():
        same = names.setdefault(folded_name(entry.path), entry.path)
        if same != entry.path:
            yield Problem(
                "name-clash",
                Severity.WARNING,
                entry.path,
                f"on disks of macOS and Windows this is the same name as {same}.",
                hint="Rename one, in its record too, before the archive is copied to such a disk.",
            )
        if entry.kind in refused:
            code, message, hint = refused[entry.kind]
            yield Problem(code, Severity.ERROR, entry.path, message, hint=hint)
        elif entry.kind == "folder":
            yield from _named_folder(entry.path, record_folders, store)
        elif not _is_record(entry.path) and unicodedata.normalize("NFC", entry.path) not in listed:
            folder = entry.path.rpartition("/")[0]
            if f"{folder}/item.yaml" in broken:
                continue  # its record could not be read, and says so
            yield Problem(
                "file-unlisted",
                Severity.WARNING,
                entry.path,
                "no record names this file, so nobody finds it.",
                hint="Add it to an item with `coproarchive add`, or move it out of the archive.",
            )


def _named_folder(path: str, record_folders: set[str], store: Store) -> Iterator[Problem]:
    both = all((store.root / path / name).exists() for name in ("item.yaml", "seminar.yaml"))
    if both:
        yield Problem(
            "bad-name",
            Severity.ERROR,
            path,
            "this folder is an item and a seminar at once, so items in it are not seen.",
            hint="Move the seminar.yaml, with the items below it, to a folder of its own.",
        )
    inside = (store.root / path / name for name in ("item.yaml", "seminar.yaml"))
    if path not in record_folders and any(record.exists() for record in inside):
        yield Problem(
            "bad-name",
            Severity.ERROR,
            path,
            "this folder's name or place cannot be that of a record.",
            hint="Use a-z, 0-9 and dashes, at most <seminar>/<item> deep.",
        )


def _is_record(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in ("item.yaml", "seminar.yaml") or path in (
        "archive.yaml", *TABLES, "README.md", *SITE_TEXTS,
    )  # fmt: skip


def _snoozes(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what of problems.yaml cannot be read."""
    try:
        mistakes = store.read_snoozes()[1]
    except SidecarError as error:
        mistakes = [error.message]
    for mistake in mistakes:
        hint = "Correct the file, or take the entry out: the problem is then listed again."
        yield Problem("record-broken", Severity.ERROR, PROBLEMS, mistake, hint=hint)


def _items(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield items without anything to read."""
    for item in catalogue.items.values():
        if not (item.assets or item.held_at or item.source or item.withdrawn):
            yield Problem(
                "item-empty",
                Severity.WARNING,
                f"{item.id}/item.yaml",
                "this item has no file.",
                hint="Add one, or say under held_at where it is held.",
            )


def _unplaced_slides(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield descriptions of slides whose file is another one now, or is gone."""
    for item in catalogue.items.values():
        yield from (_elsewhere(item, description) for description in unplaced(item))


def _elsewhere(item: Item, description: SlideDescription) -> Problem:
    texts = " ".join(f"“{text}”" for text in (description.title, description.alt) if text)
    return Problem(
        "slide-elsewhere",
        Severity.WARNING,
        f"{item.id}/item.yaml",
        f"{texts} was written for slide {description.number} of an earlier {description.file}.",
        field=f"slides: {description.file}, {description.number}",
        hint="Give it to the slide where it belongs now, or take it out: on the desk, Problems.",
    )


def _beyond(item: Item, place: str, leaves: int) -> Iterator[Problem]:
    """Yield descriptions of slides that a file has not, where it could be read."""
    for (path, number), description in descriptions_of(item).items():
        if leaves and place == f"{item.id}/{path}" and number > leaves:
            yield _elsewhere(item, description)


def _duplicates(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield files whose bytes another item holds too."""
    for places in catalogue.by_sha256.values():
        first = "/".join(places[0])
        for item_id, name in places[1:]:
            yield Problem(
                "duplicate-file",
                Severity.WARNING,
                f"{item_id}/{name}",
                f"this is the same file as {first}.",
                hint="Keep one, and relate the two items.",
            )


def _same_names(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield people and topics that may be one: of one name, in whichever order and form it is."""
    for noun, path, names_by_id in (
        ("person", "people.yaml", names_of_people(catalogue)),
        ("topic", "topics.yaml", names_of_topics(catalogue)),
    ):
        for key, other, name in shared_names(names_by_id):
            yield Problem(
                "same-name",
                Severity.WARNING,
                path,
                f'"{name}" is a name of {other} too.',
                field=key,
                hint=f"Where they are one: coproarchive merge {noun} {key} {other}",
            )


def names_of_people(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Return the names of each person, by id."""
    return {person.id: person.names for person in catalogue.people.values()}


def names_of_topics(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Return the labels of each topic, by id."""
    return {t.id: (t.label, *t.alternatives) for t in catalogue.topics.values()}


def shared_names(names_by_id: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield a later and an earlier id of one name, in whichever order and form, and the name."""
    first: dict[tuple[str, ...], str] = {}
    for key, names in names_by_id.items():
        for name in names:
            other = first.setdefault(tuple(sorted(slugify(name).split("-"))), key)
            if other != key:
                yield key, other, name


def _orcids(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield ORCIDs whose last digit does not check."""
    for person in catalogue.people.values():
        if person.orcid and orcid_check_digit(person.orcid) != person.orcid[-1]:
            yield Problem(
                "orcid-wrong",
                Severity.WARNING,
                "people.yaml",
                f"{person.orcid} is no ORCID: its last digit does not fit the others.",
                field=person.id,
                hint=f"Look it up, then: coproarchive edit person:{person.id} --set orcid=...",
            )


def orcid_check_digit(orcid: str) -> str:
    """Return what the last digit of an ORCID must be: ISO/IEC 7064, MOD 11-2."""
    total = 0
    for digit in orcid.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11]


def _seldom_used(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield people whom nothing names, and topics that one item alone has."""
    for person in catalogue.people.values():
        if not (catalogue.items_of_person(person.id) or catalogue.sessions_of_person(person.id)):
            yield Problem(
                "person-unused",
                Severity.NOTE,
                "people.yaml",
                "no item and no programme names this person.",
                field=person.id,
                hint="Name them in a record, or take the entry out.",
            )
    wider = {topic.broader for topic in catalogue.topics.values()}
    for topic in catalogue.topics.values():
        items = catalogue.items_of_topic(topic.id)
        if len(items) == 1 and topic.id not in wider:
            yield Problem(
                "topic-used-once",
                Severity.NOTE,
                "topics.yaml",
                f"{items[0].id} alone has this topic.",
                field=topic.id,
                hint=f"Where another means the same: coproarchive merge topic {topic.id} INTO",
            )


def _history(store: Store, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield files of the history that are not as they were written."""
    del catalogue
    for path, lines in store.recorder.log.damaged():
        numbers = ", ".join(map(str, lines[:MAX_OF_FILE])) or "none can be read"
        yield Problem(
            "history-damaged",
            Severity.ERROR,
            path.relative_to(store.root).as_posix(),
            f"the history is not as it was written (line {numbers}); no undo uses these lines.",
            hint="Put this file back from a backup; records and files themselves are not touched.",
        )


RULES: tuple[Callable[[Store, Catalogue], Iterator[Problem]], ...] = (
    _folder, _history, _snoozes, _items, _unplaced_slides, _duplicates, _same_names, _orcids,
    _seldom_used,
)  # fmt: skip


def _files(
    store: Store, catalogue: Catalogue, reader: Reader, progress: Progress
) -> Iterator[Problem]:
    """Compare each file with its record, and report what its reader could not read."""
    items = sorted(catalogue.items.values(), key=lambda item: item.id)
    total = sum(len(item.assets) for item in items)
    places: list[tuple[Item, str]] = []
    problems: list[Problem] = []
    jobs = _sound_files(store, items, problems, places, progress, total)
    for done, (job, extraction) in enumerate(reader.read_many(jobs)):
        item, place = places[done]
        if table.wants_words(job.media_type):
            notices = undescribed(extraction.notices, item, place)
            yield from (notice_problem(notice, place) for notice in notices)
        yield from _beyond(item, place, len(extraction.leaves))
        disclosure = disclosure_of(extraction, catalogue.withheld(item))
        if disclosure and item.visibility is Visibility.PUBLIC and not item.withdrawn:
            yield Problem(
                "file-discloses",
                Severity.NOTE,
                place,
                " ".join(disclosure.sentences),
                hint="Hide the item (visibility: hidden) where this should not be public; "
                "release in its record makes more of it public.",
            )
    yield from problems


def _not_offered(
    public: Catalogue, why_not_offered: Callable[[Item, Asset], str]
) -> Iterator[Problem]:
    """Yield public files that readers cannot download."""
    for item in public.items.values():
        for asset in item.assets:
            if why := why_not_offered(item, asset):
                yield Problem(
                    "file-not-offered",
                    Severity.WARNING,
                    f"{item.id}/{asset.path}",
                    f"readers cannot download this file: {why}",
                    hint="Add it in another format, or release its words in the item's record "
                    "(release: [notes, comments, hidden-slides]).",
                )


def _sound_files(
    store: Store,
    items: list[Item],
    problems: list[Problem],
    places: list[tuple[Item, str]],
    progress: Progress,
    total: int,
) -> Iterator[Job]:
    """Yield files whose bytes are those that were archived; report the others in `problems`."""
    done = 0
    for item in items:
        for asset in item.assets:
            done += 1
            place = f"{item.id}/{asset.path}"
            progress("checking files", done, total, place)
            try:
                path = store.asset_path(item.id, asset.path)
                size, sha256 = hash_file(path)
            except NotFoundError as error:
                problems.append(missing_file(item.id, asset, error.message))
                continue
            except OSError as error:
                message = f"this cannot be read: {error.strerror}."
                problems.append(Problem("not-readable", Severity.ERROR, place, message))
                continue
            if (size, sha256) != (asset.size, asset.sha256):
                problems.append(
                    Problem(
                        table.CHANGED,
                        Severity.ERROR,
                        place,
                        f"the file has {size:,} bytes and another sha256 than the record says.",
                        field=f"assets.{asset.path}",
                        hint="Put the original back; or, if the change was meant, "
                        "write its size and sha256 into the record.",
                    )
                )
                continue
            places.append((item, place))
            yield Job(path, sha256, asset.media_type)
