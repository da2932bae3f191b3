"""What must hold after any fault; each function returns losses in words, none where it holds."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drills.answers import Answers, Queries, asked, content_of
from drills.injector import Call
from drills.processes import TRACEBACK, Ended, run_quietly
from drills.scenes import settings_of
from drills.writers import Writer

Tree = dict[str, str]
"""Path below a folder -> sha256 of the file."""
RECORDS = (".yaml",)
_OF_THE_MOMENT = (".lock", ".revision")
_HISTORY, _DRAFTS = ".history/", ".drafts/"
_KEPT = re.compile(r"(?<=^\.kept/)(.*?)\d{8}-\d{6}-\d{6}")
"""The date in the name of what is kept: a run that was killed keeps it at another time."""
_BACKUP = re.compile(r"(?<=^\.backups/)([a-z0-9-]+)-\d{8}T[\d.]+Z(?=/)")
"""The folder of a copy: a run that was killed may have made one, and the next another."""


def tree_of(folder: Path) -> Tree:
    """Return every file below a folder with its sha256, hidden ones too; but not of the moment.

    The history tells of times and ids; what it must come to is said by `history`. Drafts are not of
    the archive; what they must come to is in it when they are saved.
    """
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in _OF_THE_MOMENT)
    names = ((path.relative_to(folder).as_posix(), path) for path in files)
    return {
        _KEPT.sub(r"\1", _BACKUP.sub(r"\1", name)): _sha256(path)
        for name, path in names
        if not name.startswith((_HISTORY, _DRAFTS))
    }


ByHand = frozenset[tuple[str, str, tuple[str, ...]]]
"""Changes that the history takes for made by hand: record, entry and fields."""


def history(archive: Path) -> tuple[ByHand, list[str]]:
    """Look for edits made by hand; return all of them, and where the history is not whole.

    It is whole where what it tells of every record, change by change, is what the record says. A
    change that it had lost would be taken for one made by hand.
    """
    from coproarchive.store import Store
    from coproarchive.store.changes import BY_HAND, Activity
    from coproarchive.store.reader import TABLES

    store, losses = Store(archive), []
    with store.activity(Activity("look")):
        pass
    log = store.recorder.log
    if (log.folder / "open.jsonl").exists():
        losses.append("history: a batch is open in the end")
    for path in store.record_paths():
        states, digest = log.states(path)
        is_table = path in TABLES
        if digest != store.digest(path) or store.content(path) != (
            states if is_table else states.get("")
        ):
            losses.append(f"history: it leads to another {path}")
    changes = (c for c in log.changes() if c.activity.name == BY_HAND)
    return frozenset((c.record, c.entry, tuple(c.fields)) for c in changes), losses


def _sha256(path: Path) -> str:
    data = path.read_bytes()
    if path.parent.name == ".state":
        data = _meaning_of_state(data)
    return hashlib.sha256(data).hexdigest()


def _meaning_of_state(data: bytes) -> bytes:
    """Return what an importer's state means: its order, and people of whom it wrote nothing, do not
    matter. Who is in people.yaml already is not planned for again, so a second run leaves them out.
    """
    from coproarchive.ingest.wordpress.merge import digest

    try:
        state = json.loads(data)
    except ValueError:
        return data
    nothing = digest(None)
    state["records"] = {
        key: record
        for key, record in state.get("records", {}).items()
        if not key.startswith("person:") or set(record["fields"].values()) != {nothing}
    }
    return json.dumps(state, sort_keys=True).encode()


def digest_of_tree(tree: Tree) -> str:
    """Return one digest of a folder's files."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Problems:
    """What `check` says.

    Attributes:
        code: its exit code.
        keys: code and path of each problem.
        mute: those that do not say what to do.
        complaint: what was wrong with the answer itself.
    """

    code: int
    keys: frozenset[tuple[str, str]] = frozenset()
    mute: tuple[str, ...] = ()
    complaint: str = ""


def check(writer: Writer, folder: Path) -> Problems:
    """Run `check` over a scene."""
    places = writer.command(folder)[-2:]
    code, output, errors = run_quietly(["check", "--json", *places])
    if TRACEBACK in errors or code not in (0, 1):
        return Problems(code, complaint=f"check ended with {code}: {errors[-600:]}")
    problems = json.loads(output)["problems"]
    keys = frozenset((p["code"], p["path"]) for p in problems)
    mute = tuple(f"{p['code']} {p['path']}" for p in problems if not p["message"])
    return Problems(code, keys, mute)


def index_shape(index: Path) -> Counter[str]:
    """Count the files of an index by the kind of their names: numbers and random parts alike."""
    return Counter(
        shape_of_name(path.relative_to(index).as_posix())
        for path in sorted(index.rglob("*"))
        if path.is_file()
    )


def shape_of_name(path: str) -> str:
    """Return a path with what differs between two runs left out."""
    path = re.sub(r"generations/\d+/", "generations/N/", path)
    path = re.sub(r"((?:columns-)?MAIN_)[a-z0-9]{16,}", r"\1SEGMENT", path)
    path = re.sub(r"(MAIN_|checks-)\d+", r"\1N", path)
    return re.sub(r"[0-9a-f]{64}", "SHA256", path)


@dataclass(frozen=True)
class Expected:
    """What a writer does where nothing goes wrong.

    Attributes:
        before, after: the archive's files before it and after it, its second run and `index`.
        done: the archive's files after its first run.
        check_before, check_after: what `check` says then.
        code: its exit code.
        shape: the files of the index in the end.
        seconds: how long it takes.
        by_hand: what the history takes for made by hand in the end.
        calls: how many calls of each kind it makes; injector.CHANGES for all that change something.
    """

    before: Tree
    done: Tree
    after: Tree
    check_before: Problems
    check_after: Problems
    code: int
    shape: Counter[str]
    seconds: float
    by_hand: ByHand = frozenset()
    calls: Mapping[Call, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was found after a fault; gathered in a child.

    Attributes:
        losses: invariants that do not hold.
        tree: the archive's files in the end.
        content: of the index in the end, see content_of; answers: what it answers.
        early: what it answered before anything else was run, where the command said it was done.
        named: problems that `check` named before the next run.
    """

    losses: tuple[str, ...]
    tree: Tree
    content: str
    answers: Answers
    early: Answers | None
    early_tree: Tree
    named: int


def originals(expected: Expected, now: Tree) -> list[str]:
    """No original changed or lost; nothing half-written is in sight."""
    losses = []
    for path, sha256 in expected.before.items():
        if path.startswith(".") or path.endswith(RECORDS):
            continue
        if path not in now and path in expected.after:
            losses.append(f"lost: {path}")
        elif path in now and now[path] not in (sha256, expected.after.get(path)):
            losses.append(f"changed: {path}")
    for path, sha256 in now.items():
        hidden = any(part.startswith(".") for part in path.split("/"))
        if hidden or path in expected.before or path.endswith(RECORDS):
            continue
        if sha256 != expected.after.get(path):
            losses.append(f"half-written: {path}")
    losses += [f"lost: {p}" for p in expected.before if p.endswith(RECORDS)
               and p in expected.after and p not in now]  # fmt: skip
    return losses


def ending(writer: Writer, expected: Expected, ended: Ended, folder: Path) -> list[str]:
    """Say what is wrong with how a command that suffered a fault ended; killed ones say nothing."""
    if ended.hung:
        return ["it hangs"]
    losses = []
    if TRACEBACK in ended.errors or TRACEBACK in ended.output:
        losses.append(f"a traceback: {ended.errors.strip().splitlines()[-1][:200]}")
    found_errors = " ".join(writer.words) == "check" and ended.code == 1  # it lists them
    if ended.code is None or ended.code in (0, expected.code) or found_errors:
        return losses
    if ended.code == 1 and not losses:
        losses.append(f"exit code 1: {ended.errors.strip()[-200:]}")
    if not re.search(r"(archive|index|in|tmp)\b[/:]|\.yaml|\.json", ended.errors) and (
        str(folder).lstrip("/") not in ended.errors
    ):
        losses.append(f"no path is named (exit code {ended.code}): {ended.errors.strip()[-200:]}")
    return losses


def aftermath(
    writer: Writer,
    expected: Expected,
    ended: Ended,
    folder: Path,
    queries: Queries,
    *,
    check_first: bool,
    known: Mapping[str, Answers],
) -> Aftermath:
    """Look at what a fault left, run the same again and `index`, and look again; in a child."""
    archive, index = folder / "archive", folder / "index"
    early_tree = tree_of(archive)
    losses = originals(expected, early_tree)
    early = None
    if ended.code == 0 and _updates(writer):
        content = content_of(folder) + digest_of_tree(early_tree)
        early = known[content] if content in known else asked(folder, queries)
    named = 0
    if check_first and (archive / "archive.yaml").is_file():
        first = check(writer, folder)
        new = first.keys - expected.check_before.keys - expected.check_after.keys
        named = len(new)
        losses += [c for c in (first.complaint, *first.mute) if c]
        losses += [f"a record is half-written: {path}" for code, path in new
                   if code == "record-broken"]  # fmt: skip
    places = writer.command(folder)[-2:]
    losses += _run_again("the same again", lambda: _once_more(writer, folder), writer.again)
    losses += _run_again("index", lambda: run_quietly(["index", *places]), frozenset({0}))
    tree = tree_of(archive)
    losses += _differences("archive", expected.after, tree)
    last = check(writer, folder)
    losses += [c for c in (last.complaint, *last.mute) if c]
    differ = sorted(last.keys ^ expected.check_after.keys)
    losses += [f"check says otherwise than after a clean run: {differ}"] if differ else []
    losses += strays(expected.shape, index_shape(index), index)
    content = content_of(folder) + digest_of_tree(tree)
    answers = known[content] if content in known else asked(folder, queries)
    if (archive / ".history").is_dir():
        by_hand, lost = history(archive)
        losses += lost
        losses += [f"history: lost, so taken for made by hand: {c}" for c in by_hand
                   if c not in expected.by_hand]  # fmt: skip
    return Aftermath(tuple(losses), tree, content, answers, early, early_tree, named)


def _updates(writer: Writer) -> bool:
    """Tell whether a writer brings the index up to date itself."""
    return writer.words[:1] in _UPDATERS or writer.name in ("program: add", "page: drafts")


_UPDATERS = {
    (word,)
    for word in "index edit replace file visibility withdraw merge rename undo purge".split()
}


def _once_more(writer: Writer, folder: Path) -> tuple[int, str, str]:
    if writer.call is None:
        return run_quietly(writer.command(folder))
    from coproarchive.errors import CoproArchiveError

    try:
        writer.call(folder)
    except CoproArchiveError as error:
        return error.exit_code, "", str(error)
    return 0, "", ""


def _run_again(
    name: str, run: Callable[[], tuple[int, str, str]], allowed: frozenset[int]
) -> list[str]:
    code, _, errors = run()
    if TRACEBACK in errors:
        return [f"{name}: a traceback: {errors.strip().splitlines()[-1][:200]}"]
    return [] if code in allowed else [f"{name}: exit code {code}: {errors.strip()[-300:]}"]


def _differences(what: str, expected: Tree, now: Tree) -> list[str]:
    """Say which files differ from those after a clean run."""
    losses = [f"{what}: missing in the end: {p}" for p in expected if p not in now]
    losses += [f"{what}: stray in the end: {p}" for p in now if p not in expected]
    losses += [f"{what}: differs in the end: {p}" for p in now if expected.get(p, now[p]) != now[p]]
    return losses


def strays(expected: Counter[str], now: Counter[str], index: Path) -> list[str]:
    """Say which files of an index no clean run leaves: by name, and segments that none names."""
    losses = [f"index: a stray file in the end: {name}" for name in now if name not in expected]
    for name in ("generations/N/_MAIN_N.toc", "generations/N/checks-N.json", "CURRENT"):
        if now[name] > 1:
            losses.append(f"index: {now[name]} files {name}")
    segments = set(re.findall(r"MAIN_([a-z0-9]{16,})", "\n".join(
        path.name for path in index.rglob("*"))))  # fmt: skip
    named = _named_segments(index)
    losses += [f"index: a stray segment in the end: {name}" for name in segments - named]
    return losses


def _named_segments(index: Path) -> set[str]:
    """Return the segments that the table of contents names; read as Whoosh reads it."""
    from coproarchive.search.engines.whoosh.stock import INDEX_NAME, TOC, DurableStorage

    names: set[str] = set()
    for folder in (index / "generations").glob("*"):
        toc = TOC.read(DurableStorage(str(folder)), INDEX_NAME)
        names |= {str(segment.segment_id()).removeprefix("MAIN_") for segment in toc.segments}
    return names


def fresh_answers(folder: Path, archive: Path, queries: Queries) -> Answers:
    """Return what an index answers that is made anew of an archive, beside it; in a child."""
    import shutil

    from coproarchive.library import Library

    shutil.copytree(archive, folder / "archive")
    library = Library(settings_of(folder))
    library.update_index(rebuild=True)
    library.close()
    return asked(folder, queries)


def wrong_answers(answers: Answers, fresh: Answers) -> list[str]:
    """Say which questions are answered otherwise than by an index made anew."""
    if isinstance(answers, str) or isinstance(fresh, str):
        return [] if answers == fresh else [f"no answers: {answers if answers != fresh else fresh}"]
    wrong: Iterable[str] = [q for q in fresh if answers.get(q) != fresh[q]]
    shown = list(wrong)
    return [f"{len(shown)} answers differ from a fresh rebuild's: {shown[:3]}"] if shown else []
