"""One trial: a scene is copied, a writer suffers a fault, and the invariants are judged."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from drills import injector, invariants
from drills.answers import Answers, Queries, asked, make_queries, words_of
from drills.injector import COUNTING, Call, Fault
from drills.invariants import Expected
from drills.processes import Ended, result_of, run_child, run_quietly
from drills.scenes import make_scene
from drills.writers import WRITERS, Writer

MAX_SHOWN = 40


@dataclass
class Tally:
    """What a drill found.

    Attributes:
        trials: how many.
        injected: faults that happened: a process that ended before its fault suffered none.
        losses: invariants that did not hold, with how to make it happen again.
        named: problems that `check` named after a fault, before the next run.
        by_writer: trials, faults and losses of each writer, or kind of file.
        outcomes: how often what came of it, where that is told apart.
        notes: what was left out, and why.
    """

    trials: int = 0
    injected: int = 0
    losses: list[str] = field(default_factory=list)
    named: int = 0
    by_writer: dict[str, list[int]] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, injected: bool, losses: Iterable[str], how: str) -> None:
        """Count a trial."""
        found = list(losses)
        self.trials += 1
        self.injected += injected
        self.losses += [f"{name}: {how}: {loss}" for loss in found]
        for loss in found:
            sys.stderr.write(f"{name}: {how}: {loss}\n")
        row = self.by_writer.setdefault(name, [0, 0, 0])
        row[0] += 1
        row[1] += injected
        row[2] += bool(found)

    def to_json(self) -> dict[str, object]:
        """Return plain data."""
        return {
            "trials": self.trials,
            "faults": self.injected,
            "losses": len(self.losses),
            "named": self.named,
            "by_writer": self.by_writer,
            "outcomes": self.outcomes,
            "lost": self.losses[:MAX_SHOWN],
            "notes": self.notes,
        }


def until_stopped(trials: int) -> Iterator[int]:
    """Yield the numbers of trials; fewer where SIGTERM or Ctrl-C comes: what was found is kept."""
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopped.append(received))
    for trial in range(trials):
        if stopped:
            return
        yield trial
        if trial % 50 == 49:
            sys.stderr.write(f"{trial + 1} trials are done\n")


class Ground:
    """Where trials are held: the scenes, and what each writer does when nothing goes wrong.

    Args:
        folder: for everything; in memory where there is such a file system, as kills and errors
            are the same there and 1,000 trials are not 50,000 waits for a disk.
        seed: of the queries.
    """

    def __init__(self, folder: Path, seed: int):
        self.folder = folder
        self.scenes = folder / "scenes"
        self.output = folder / "output"
        for made in (self.scenes, self.output):
            made.mkdir(parents=True)
        self._expected: dict[str, Expected] = {}
        self._fresh: dict[str, Answers] = {}
        self._answered: dict[str, Answers] = {}
        self._queries: Queries = []
        self._seed = seed

    @property
    def queries(self) -> Queries:
        """Some two hundred queries of the words of the fullest scene."""
        if not self._queries:
            scene = self.scene("imported")
            words = result_of(lambda: words_of(scene), self.output)
            self._queries = make_queries(words, self._seed)
        return self._queries

    def scene(self, name: str) -> Path:
        """Return a scene's folder, made when it is first asked for."""
        folder = self.scenes / name
        if not folder.exists():
            result_of(lambda: str(make_scene(name, self.scenes)), self.output)
        return folder

    def copy(self, name: str, place: str = "trial") -> Path:
        """Return a fresh copy of a scene for one trial."""
        folder = self.folder / place
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.scene(name), folder)
        return folder

    def run(
        self,
        writer: Writer,
        folder: Path,
        fault: Fault = COUNTING,
        kill_after: float | None = None,
    ) -> Ended:
        """Have a writer run in a copy of its scene, and suffer a fault."""

        def work() -> None:
            settle(folder)
            writer.run(folder)

        return run_child(work, self.output, suffering=(folder, fault), kill_after=kill_after)

    def expected(self, writer: Writer) -> Expected:
        """Return what a writer does when nothing goes wrong, measured at first."""
        if writer.name not in self._expected:
            self._expected[writer.name] = self._measured(writer)
        return self._expected[writer.name]

    def _measured(self, writer: Writer) -> Expected:
        before = invariants.tree_of(self.scene(writer.scene) / "archive")
        folder = self.copy(writer.scene)
        check_before = result_of(lambda: invariants.check(writer, folder), self.output)
        folder = self.copy(writer.scene)
        clean = self.run(writer, folder)
        done = invariants.tree_of(folder / "archive")
        calls = injector.counted_by_kind()

        def rest() -> tuple[object, ...]:
            settle(folder)
            invariants._once_more(writer, folder)
            run_quietly(["index", *writer.command(folder)[-2:]])
            tree = invariants.tree_of(folder / "archive")
            problems, shape = (
                invariants.check(writer, folder),
                invariants.index_shape(folder / "index"),
            )
            archive = folder / "archive"
            by_hand, lost = (
                invariants.history(archive) if (archive / ".history").is_dir() else ((), [])
            )
            assert not lost, (writer.name, lost)
            return tree, problems, shape, by_hand

        after, check_after, shape, by_hand = result_of(rest, self.output)
        assert clean.code is not None, (writer.name, clean)
        return Expected(
            before, done, after, check_before, check_after, clean.code,
            shape, clean.seconds, by_hand, calls,
        )  # fmt: skip

    def judge(
        self,
        writer: Writer,
        folder: Path,
        ended: Ended,
        chance: random.Random,
        fault: Fault = COUNTING,
    ) -> tuple[list[str], int]:
        """Return the losses after a fault, and how many problems `check` named before."""
        expected = self.expected(writer)
        losses = invariants.ending(writer, expected, ended, folder)
        check_first = chance.random() < 0.5
        queries, known = self.queries, self._answered

        def look() -> invariants.Aftermath:
            settle(folder)
            return invariants.aftermath(
                writer, expected, ended, folder, queries, check_first=check_first, known=known
            )

        try:
            found: invariants.Aftermath = result_of(look, self.output)
        except RuntimeError as error:
            return [*losses, f"what it left cannot be judged: {error}"], 0
        self._answered[found.content] = found.answers
        losses += found.losses
        losses += invariants.wrong_answers(found.answers, self.fresh(folder / "archive"))
        if ended.code == 0 and not (fault.calls == Call.OPEN and _is_named(ended)):
            if found.early_tree != expected.done:
                losses.append("it said that it was done, and was not")
            if found.early is not None:
                losses += [
                    f"it said that it was done, but {wrong}"
                    for wrong in invariants.wrong_answers(
                        found.early, self.fresh(folder / "archive")
                    )
                ]
        return losses, found.named

    def fresh(self, archive: Path) -> Answers:
        """Return what an index made anew answers of an archive; once an end state."""
        key = invariants.digest_of_tree(invariants.tree_of(archive))
        if key not in self._fresh:
            folder = self.folder / "fresh"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            queries = self.queries
            self._fresh[key] = result_of(
                lambda: invariants.fresh_answers(folder, archive, queries), self.output
            )
        return self._fresh[key]

    def answers(self, folder: Path) -> Answers:
        """Return what the index of a scene answers."""
        queries = self.queries
        found: Answers = result_of(lambda: asked(folder, queries), self.output)
        return found


def settle(folder: Path) -> None:
    """Work in a trial's folder: what is temporary is there too."""
    os.environ["TMPDIR"] = str(folder / "tmp")
    tempfile.tempdir = None


def _is_named(ended: Ended) -> bool:
    """Tell whether a file that could not be opened is left out by design: named, and tried again.

    A record that cannot be read is a problem of the run, as one with mistakes is; a source that
    cannot be read is one of `add --recursive`. The next run, which is judged, makes it good.
    """
    is_record = ended.victim.endswith(".yaml") and "/archive/" in ended.victim
    return is_record or Path(ended.victim).stem in ended.output.replace("\n", "")


def chosen_writers(only: str) -> list[Writer]:
    """Return the writers whose names begin so (commas between). Raises SystemExit if none do."""
    beginnings = tuple(only.split(","))
    writers = [writer for writer in WRITERS if writer.name.startswith(beginnings)]
    if not writers:
        names = ", ".join(writer.name for writer in WRITERS)
        raise SystemExit(f'No writer begins with "{only}". There are: {names}.')
    return writers
