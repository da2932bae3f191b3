"""Bit flips: in every file of an index, and in the records and originals of an archive.

Derived: no answer changes, or the damage is named; the next command makes it good. In records and
originals: `check` names it, and what is damaged is not served as sound.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from coproarchive.errors import ArchiveError
from coproarchive.library import Library
from coproarchive.search.language.query import Query
from drills.answers import Queries, asked, content_of, digest_of, texts
from drills.invariants import check
from drills.one_request import fetched, fetched_all
from drills.processes import TRACEBACK, result_of, run_quietly
from drills.scenes import PICTURED, settings_of
from drills.trials import Ground, Tally, settle, until_stopped
from drills.writers import WRITERS

SCENE = "pictured"
_CHECK = next(writer for writer in WRITERS if writer.words == ("check",))


@dataclass(frozen=True, slots=True)
class Sound:
    """What is so before anything is flipped.

    Attributes:
        answers: of the index, with pictures and files that are served; texts: of files.
        unread: the texts of files, where they have to be read anew.
        problems: what `check` says.
        records: digest of each record.
        contents: digests of an index that answers so, see content_of.
        hidden, hidden_files: items that readers may not see, and their files.
    """

    answers: dict[str, str]
    texts: dict[str, str]
    unread: dict[str, str]
    problems: frozenset[tuple[str, str]]
    records: dict[str, str]
    hidden: frozenset[str]
    hidden_files: frozenset[str]
    contents: frozenset[str]


@dataclass
class Found:
    """What a flip did; gathered in a child.

    Attributes:
        losses: promises that were not kept.
        outcome: "no answer changed", "named", "a valid record", ...
    """

    losses: list[str] = field(default_factory=list)
    outcome: str = ""


def run(ground: Ground, trials: int, seed: int, only: str = "") -> Tally:
    """Flip one bit a trial: three of four in derived files, one in a record or an original.

    `only` names "derived", "records" or "originals".
    """
    tally = Tally()
    chance = random.Random(seed)
    scene, queries = ground.scene(SCENE), ground.queries
    sound: Sound = result_of(lambda: _sound(scene, queries), ground.output)
    kinds = [kind for kind in ("derived", "records", "originals") if kind.startswith(only)]
    for number in until_stopped(trials):
        kind = kinds[number % len(kinds)] if only else _kind(number)
        folder = ground.copy(SCENE)
        path = _chosen(folder, kind, chance)
        place = path.relative_to(folder).as_posix()
        bit = _flip(path, chance)
        how = f"byte {bit // 8}, bit {bit % 8} of {place}"

        def look(kind: str = kind, folder: Path = folder, path: Path = path) -> Found:
            settle(folder)
            return JUDGES[kind](folder, path, queries, sound)

        try:
            found: Found = result_of(look, ground.output)
        except RuntimeError as error:
            found = Found([f"what it left cannot be judged: {error}"])
        tally.named += found.outcome.startswith("named")
        name = f"{kind}: {_class_of(place)}"
        tally.add(name, True, found.losses, how)
        outcome = f"{kind}: {found.outcome}"
        tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + 1
    return tally


def _kind(number: int) -> str:
    return ("derived", "derived", "derived", ("records", "originals")[number // 4 % 2])[number % 4]


def _class_of(place: str) -> str:
    """Return the kind of file that a path is of."""
    name = place.rpartition("/")[2]
    if place.startswith("index/"):
        for start in ("MAIN_", "_MAIN_", "columns-", "checks-"):
            if name.startswith(start):
                return f"{start}*{os.path.splitext(name)[1]}"
        return "picture" if name.endswith(".webp") else name
    return f".state {name[:9]}" if "/.state/" in place else name if name.endswith(".yaml") else (
        f"*{os.path.splitext(name)[1]}"
    )  # fmt: skip


def _chosen(folder: Path, kind: str, chance: random.Random) -> Path:
    """Return a file to damage: each kind of file is as likely, however many there are."""
    below = folder / ("index" if kind == "derived" else "archive")
    classes: dict[str, list[Path]] = {}
    for path in sorted(below.rglob("*")):
        if path.is_file() and path.stat().st_size and path.name not in (".lock", ".revision"):
            is_record = path.suffix in (".yaml", ".json")
            if kind == "derived" or is_record == (kind == "records"):
                place = path.relative_to(folder).as_posix()
                classes.setdefault(_class_of(place), []).append(path)
    return chance.choice(classes[chance.choice(sorted(classes))])


def _flip(path: Path, chance: random.Random) -> int:
    """Flip a random bit; return its number. The file keeps its times, as on a failing disk."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    bit = chance.randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return bit


# ----------------------------------------------------------------- answers


def _sound(folder: Path, queries: Queries) -> Sound:
    """Ask a sound archive everything."""
    answers = _all_answers(folder, queries)
    assert not isinstance(answers, str), answers
    known = list(texts(folder))
    contents = {content_of(folder)}
    copy = folder.parent.parent / "rebuilt"
    shutil.copytree(folder, copy)
    run_quietly(["index", "--rebuild", *_CHECK.command(copy)[-2:]])
    assert asked(copy, queries) == asked(folder, queries), "a rebuild answers otherwise"
    contents.add(content_of(copy))
    shutil.rmtree(copy)
    with contextlib.closing(Library(settings_of(folder))) as library:
        items = library.catalogue().items
        hidden = items.keys() - library.public().items.keys()
        hidden_files = {f"{name}/{a.path}" for name in hidden for a in items[name].assets}
    return Sound(
        answers, digest_of(iter(known)), digest_of((question, None) for question, _ in known),
        check(_CHECK, folder).keys, _records(folder), frozenset(hidden),
        frozenset(hidden_files), frozenset(contents),
    )  # fmt: skip


def _all_answers(folder: Path, queries: Queries) -> dict[str, str] | str:
    """Return what the index answers, pictures and files that are served; in words, why not."""
    found = asked(folder, queries)
    if isinstance(found, str):
        return found
    return found | _served(folder)


def _served(folder: Path) -> dict[str, str]:
    """Return the pictures and files that are served, by digest."""
    files = fetched_all(folder)
    return _pictures(folder) | {
        f"file {place}": f"{status} {_digest(body)}" for place, (status, body) in files.items()
    }


def _pictures(folder: Path) -> dict[str, str]:
    """Return the pictures that are served, by digest; those that are being drawn are waited for."""
    found: dict[str, str] = {}
    with contextlib.closing(Library(settings_of(folder))) as library:
        item = library.public().items[PICTURED]
        until = time.monotonic() + 20
        for number in (1, 2):
            path = None
            while path is None and time.monotonic() < until:
                path = library.picture(item.id, item.assets[0], number, 320)
                time.sleep(0 if path else 0.01)
            found[f"picture {number}"] = "none" if path is None else _digest(path.read_bytes())
    return found


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _records(folder: Path) -> dict[str, str]:
    """Return a digest of each record that can be read."""
    with contextlib.closing(Library(settings_of(folder))) as library:
        catalogue = library.catalogue()
    tables = (catalogue.items, catalogue.seminars, catalogue.people, catalogue.topics)
    records = {f"{n} {key}": r for n, table in enumerate(tables) for key, r in table.items()}
    return {k: _digest(r.model_dump_json().encode()) for k, r in records.items()} | {
        "series": _digest(catalogue.series.model_dump_json().encode())
    }


def _wrong(found: dict[str, str], sound: dict[str, str]) -> list[str]:
    return [question for question in sound if found.get(question) != sound[question]]


# ------------------------------------------------------------------ judges


def _judge_derived(folder: Path, path: Path, queries: Queries, sound: Sound) -> Found:
    """Ask; run `index`, ask; rebuild, ask."""
    found = Found()
    before = _all_answers(folder, queries)
    if isinstance(before, str):
        found.outcome = "named"
        if "coproarchive index" not in before:
            found.losses.append(f"what is said does not say what to do: {before}")
    else:
        wrong = _wrong(before, sound.answers)
        found.outcome = "silently wrong" if wrong else "no answer changed"
        if wrong:
            found.losses.append(f"{len(wrong)} answers changed in silence: {wrong[:3]}")
    altered = [
        question
        for question, text in digest_of(texts(folder)).items()
        if text not in (sound.texts[question], sound.unread[question])
    ]
    if altered:
        found.losses.append(f"texts changed in silence: {altered[:3]}")
    for words in (["index"], ["index", "--rebuild"]):
        code, _, errors = run_quietly([*words, *_CHECK.command(folder)[-2:]])
        if code or TRACEBACK in errors:
            found.losses.append(f"{' '.join(words)} ended with {code}: {errors.strip()[-300:]}")
        after: dict[str, str] | str
        if content_of(folder) in sound.contents:  # the same is answered the same
            after = sound.answers | _served(folder)
        else:
            after = _all_answers(folder, queries)
        if isinstance(after, str):
            found.losses.append(f"after {' '.join(words)}: {after}")
        elif wrong := _wrong(after, sound.answers):
            found.losses.append(f"after {' '.join(words)} {len(wrong)} are wrong: {wrong[:3]}")
    if digest_of(texts(folder)) != sound.texts:
        found.losses.append("texts are wrong after a rebuild")
    return found


def _judge_records(folder: Path, path: Path, queries: Queries, sound: Sound) -> Found:
    """See whether `check` names it, and that nothing hidden comes to light."""
    found = Found()
    problems = check(_CHECK, folder)
    if problems.code == ArchiveError.exit_code and problems.complaint.strip():
        # archive.yaml itself: every command ends with what is wrong in it, so nothing is served.
        found.outcome = "named, and nothing is served"
        return found
    found.losses += [c for c in (problems.complaint, *problems.mute) if c]
    records = _records(folder)
    if problems.keys - sound.problems:
        found.outcome = "named"
    elif records == sound.records:
        found.outcome = "no record changed"
    else:
        found.outcome = "a valid record that says something else"
    places = _CHECK.command(folder)[-2:]
    code, _, errors = run_quietly(["index", *places])
    if code == 1 or TRACEBACK in errors:
        found.losses.append(f"index ended with {code}: {errors.strip()[-300:]}")
    with contextlib.closing(Library(settings_of(folder))) as library:
        seen = library.public().items.keys() & sound.hidden
        for text in ("zanzibar", "secret"):
            seen |= {hit.id for hit in library.search(Query.parse(text)).hits} & sound.hidden
    if seen:
        found.losses.append(f"hidden items are served: {sorted(seen)}")
    return found


def _judge_originals(folder: Path, path: Path, queries: Queries, sound: Sound) -> Found:
    """See that `check` names it, that its words are not indexed and its bytes not handed out."""
    found = Found()
    place = path.relative_to(folder / "archive").as_posix()
    is_history = place.startswith(".history/")
    code = "history-damaged" if is_history else "file-changed"
    if (code, place) in check(_CHECK, folder).keys:
        found.outcome = "named"
    else:
        found.losses.append("check does not name it")
    places = _CHECK.command(folder)[-2:]
    shutil.rmtree(folder / "index")  # so that every file has to be read
    exit_code, output, errors = run_quietly(["index", "--json", *places])
    if exit_code or TRACEBACK in errors:
        found.losses.append(f"index ended with {exit_code}: {errors.strip()[-300:]}")
        return found
    if is_history:
        return found  # an index has nothing of it
    named = {(p["code"], p["path"]) for p in json.loads(output)["problems"]}
    if place not in sound.hidden_files and ("file-changed", place) not in named:
        found.losses.append("index does not name it")
    question = f"text {place}"
    if question in sound.texts:
        nothing = (sound.unread[question], *digest_of(iter([("", [])])).values())
        if digest_of(texts(folder)).get(question) not in (sound.texts[question], *nothing):
            found.losses.append("its damaged words are indexed as if they were sound")
    status, body = fetched(folder, place)
    if status == 200 and _digest(body) == _digest(path.read_bytes()):
        found.losses.append("its damaged bytes are handed out as if they were sound")
    return found


JUDGES: dict[str, Callable[[Path, Path, Queries, Sound], Found]] = {
    "derived": _judge_derived,
    "records": _judge_records,
    "originals": _judge_originals,
}
