"""Tries mutants: each in a forked process, against the tests that run the changed lines.

A process imports pytest and everything else and collects the tests once. Each mutant is a fork of
it in which the functions that differ are given their new code (`function.__code__`), so that a
trial costs a fork and the tests. What is not in a function (constants, classes) is changed as the
module is imported, in a fork of a process that has imported the libraries only.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from mutation.operators import Mutant

LIBRARIES = (
    "hypothesis numpy pydantic ruamel.yaml lxml.etree whoosh.index starlette.testclient argon2 "
    "streamlit streamlit.testing.v1 pptx docx pypdf pypdfium2 PIL.Image markdown_it msgpack "
    "rapidfuzz pebble cachetools jinja2 typer rich"
).split()
"""Imported before the fork for mutants of a module's own body."""
SLOWEST = 4.0
"""Seconds of processor time: tests that take longer are left out."""
_ERRORS = os.dup(2)
"""Where a fork says why it failed; what tests write is not shown."""
PATIENCE = 20.0
"""A test may take so many seconds, and so many times its processor time without a change."""


@dataclass
class Tests:
    """What each test runs.

    Attributes:
        seconds: node id -> processor time that it takes, its children's too.
        lines: file -> line -> node ids of the tests that run it, inside functions.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def of(self, files: dict[str, Path], mutant: Mutant, most_seconds: float) -> list[str]:
        """Return the tests that run the changed lines, until they take so long together.

        The module's own tests come first, then those of its room, and of these the quickest.
        """
        path = str(files[mutant.module])
        here = self.lines.get(path, {})
        found = {test for line in mutant.lines for test in here.get(line, ())}
        if not mutant.is_run:  # evaluated once, before all tests: those that run what uses it
            found = {test for name in mutant.names for test in self._users.get(name, ())}
            found = found or {test for tests in here.values() for test in tests}
        ordered = sorted(
            (t for t in found if t in self.seconds),
            key=lambda t: (_distance(t, mutant), self.seconds[t]),
        )
        kept, total = [], 0.0
        for test in ordered:
            total += self.seconds[test]
            if total > most_seconds:
                break
            kept.append(test)
        return kept

    def of_file(self, file: str) -> dict[str, Any]:
        """Return what the tests of one file run, for `add`."""
        seconds = {t: s for t, s in self.seconds.items() if t.partition("::")[0] == file}
        lines: dict[str, dict[int, list[str]]] = {}
        for module, by_line in self.lines.items():
            mine = {n: [t for t in tests if t in seconds] for n, tests in by_line.items()}
            lines[module] = {n: tests for n, tests in mine.items() if tests}
        return {"seconds": seconds, "lines": lines}

    def add(self, measured: dict[str, Any]) -> None:
        """Take in what the tests of a file run, as JSON has it."""
        self.seconds |= measured["seconds"]
        for module, by_line in measured["lines"].items():
            mine = self.lines.setdefault(module, {})
            for number, tests in by_line.items():
                mine.setdefault(int(number), []).extend(tests)

    @cached_property
    def _users(self) -> dict[str, set[str]]:
        """Name -> tests that run a line on which it stands, in whichever module."""
        users: dict[str, set[str]] = defaultdict(set)
        for file, lines in self.lines.items():
            for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
                if isinstance(node, ast.Name | ast.Attribute) and node.lineno in lines:
                    name = node.id if isinstance(node, ast.Name) else node.attr
                    users[name].update(lines[node.lineno])
        return users


def _distance(test: str, mutant: Mutant) -> int:
    """Return 0 for a test of the module, 1 for one of its room, 2 for others."""
    *folders, file = test.partition("::")[0].split("/")
    *rooms, name = mutant.module.split(".")
    if name in file:
        return 0
    return 1 if not set(rooms).isdisjoint(folders) or "trust" in folders else 2


@dataclass(frozen=True)
class Outcome:
    """How one mutant fared.

    Attributes:
        noticed_by: the test that failed, with " (hangs)" where it did not end; "" if none did.
        tests: how many were selected.
        seconds: what the trial took.
    """

    noticed_by: str
    tests: int
    seconds: float


class Trials:
    """Collects tests once and tries mutants in forks of the process that did.

    Args:
        root: the clone; its `tests` are collected.
        paths: files or folders of tests.
        files: dotted name -> file of every module that may be changed.
        scratch: a folder for temporary files.
        most_seconds: tests that one mutant is tried against, by what they take.
    """

    def __init__(
        self,
        root: Path,
        paths: Sequence[str],
        files: dict[str, Path],
        scratch: Path,
        most_seconds: float,
    ):
        self._root = root
        self._paths = list(paths)
        self._files = files
        self._scratch = scratch
        self._number = 0
        self._killers: dict[str, list[str]] = defaultdict(list)
        self._most_seconds = most_seconds

    def measure(self, package: Path) -> Tests:
        """Run every test once and note which lines of the package it runs.

        Tests that fail without any change are left out.
        """

        def inside(session: pytest.Session) -> None:
            report.write_text(json.dumps(_measured(session, package)), encoding="utf-8")

        report = self._scratch / "measured.json"
        self._in_fork(lambda: self._collect(self._paths, inside))
        found = json.loads(report.read_text(encoding="utf-8"))
        lines = {f: {int(n): tests for n, tests in ls.items()} for f, ls in found["lines"].items()}
        return Tests(found["seconds"], lines)

    def run(
        self, mutants: Sequence[Mutant], tests: Tests, told: Callable[[Mutant, Outcome], None]
    ) -> None:
        """Try every mutant; `told` is called after each, in no certain order."""
        for name in LIBRARIES:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()
        later: list[Mutant] = []
        read, write = os.pipe()

        def inside(session: pytest.Session) -> None:
            warm = _Warm(session, self._files)
            with os.fdopen(write, "w") as out:
                for number, mutant in enumerate(mutants):
                    swaps = warm.swaps(mutant)
                    selected = self._likely(
                        tests.of(self._files, mutant, self._most_seconds), mutant
                    )
                    if swaps is None:
                        print(json.dumps([number, None]), file=out, flush=True)
                        continue
                    outcome = self._try(selected, tests, lambda s=swaps, t=selected: warm.run(s, t))
                    self._remember(mutant, outcome)
                    print(json.dumps([number, vars(outcome)]), file=out, flush=True)

        pid = os.fork()
        if pid == 0:
            os.close(read)
            _end_with(lambda: self._collect(self._paths, inside))
        os.close(write)
        with os.fdopen(read) as lines:
            for line in lines:
                number, outcome = json.loads(line)
                if outcome is None:
                    later.append(mutants[number])
                else:
                    told(mutants[number], Outcome(**outcome))
        os.waitpid(pid, 0)
        for mutant in later:
            selected = tests.of(self._files, mutant, self._most_seconds)
            told(mutant, self._try(selected, tests, lambda m=mutant, t=selected: self._cold(m, t)))

    def _likely(self, selected: list[str], mutant: Mutant) -> list[str]:
        """Put first what noticed other changes of the same function."""
        known = self._killers[f"{mutant.module}:{mutant.function}"]
        return [*(t for t in known if t in selected), *(t for t in selected if t not in known)]

    def _remember(self, mutant: Mutant, outcome: Outcome) -> None:
        killers = self._killers[f"{mutant.module}:{mutant.function}"]
        test = outcome.noticed_by.removesuffix(" (hangs)")
        if test and test not in killers:
            killers.append(test)

    def _try(self, selected: list[str], tests: Tests, act: Callable[[], None]) -> Outcome:
        """Run `act` in a fork that prints each test it begins, and "!" before one that failed."""
        started = time.monotonic()
        if not selected:
            return Outcome("", 0, 0.0)
        self._number += 1
        base = self._scratch / f"{os.getpid()}-{self._number}"
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            os.setsid()
            os.dup2(write, 198)
            os.environ["MUTANT_BASE"] = str(base)
            _end_with(act)
        os.close(write)
        try:
            noticed = self._watch(read, tests)
        finally:
            os.close(read)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
            shutil.rmtree(base, ignore_errors=True)
        if not noticed and os.WIFEXITED(status) and os.WEXITSTATUS(status):
            noticed = "the module cannot be imported"
        return Outcome(noticed, len(selected), round(time.monotonic() - started, 3))

    def _watch(self, read: int, tests: Tests) -> str:
        """Return the test that failed or did not end in time; "" where the process ended."""
        text, current, allowed = b"", "", 60.0
        while True:
            if not select.select([read], [], [], allowed)[0]:
                return f"{current} (hangs)"
            if not (piece := os.read(read, 65536)):
                return ""
            text += piece
            *whole, text = text.split(b"\n")
            for line in whole:
                if line.startswith(b"!"):
                    return line[1:].decode()
                current = line.decode()
                allowed = PATIENCE * (1 + tests.seconds.get(current, 1.0))

    def _cold(self, mutant: Mutant, selected: list[str]) -> None:
        """Import the changed module and run tests, in a process that has imported nothing of it."""
        path = str(self._files[mutant.module])
        code = compile(mutant.tree(), path, "exec", dont_inherit=True)
        original = SourceFileLoader.get_code

        def get_code(self: SourceFileLoader, name: str) -> Any:
            return code if name == mutant.module else original(self, name)

        SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
        self._collect(selected, lambda session: _run(session.items))

    def _collect(self, paths: Sequence[str], act: Callable[[pytest.Session], None]) -> None:
        """Have pytest collect tests and call `act` instead of running them."""
        hushed = os.open(os.devnull, os.O_WRONLY)
        os.dup2(hushed, 1)
        os.dup2(hushed, 2)
        os.chdir(self._root)
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
        # What this process has imported is not a test's.
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        ended = pytest.main([*options, *paths], plugins=[_Plugin(act)])
        os._exit(int(ended) or 3)  # the plugin ends the process, so nothing could be collected

    @staticmethod
    def _in_fork(act: Callable[[], None]) -> None:
        pid = os.fork()
        if pid == 0:
            _end_with(act)
        status = os.waitpid(pid, 0)[1]
        if status:
            message = f"the tests could not be collected (status {status})"
            raise RuntimeError(message)


def _end_with(act: Callable[[], None]) -> None:
    """Do it and end the process, whatever happens."""
    try:
        act()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a fork must not go on in its parent's place
        with contextlib.suppress(OSError):
            os.write(_ERRORS, traceback.format_exc().encode())
        os._exit(3)


class _Plugin:
    """Takes the place of pytest's own loop over the tests; tells of failures."""

    def __init__(self, act: Callable[[pytest.Session], None]):
        self._act = act

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if "hypothesis" in sys.modules:
            _settle_hypothesis()
        _end_with(lambda: self._act(session))
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            _failed(report.nodeid)


_failed: Callable[[str], None] = lambda nodeid: None  # noqa: E731


def _settle_hypothesis() -> None:
    """Let hypothesis try the same examples each time, and look for no smaller ones."""
    from hypothesis import Phase, settings

    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", database=None, derandomize=True, phases=phases,
                              deadline=None)  # fmt: skip
    settings.load_profile("mutants")


def _say(text: str) -> None:
    os.write(198, f"{text}\n".encode())


def _run(items: Sequence[pytest.Item]) -> None:
    """Run tests until one fails, and end the process."""
    global _failed  # noqa: PLW0603 - pytest calls the plugin, which the fork inherited

    def failed(nodeid: str) -> None:
        _say(f"!{nodeid}")
        os._exit(0)

    _failed = failed
    if items:
        base = Path(os.environ["MUTANT_BASE"])
        base.mkdir(parents=True, mode=0o700)
        items[0].config._tmp_path_factory._basetemp = base  # type: ignore[attr-defined]
    for item, after in zip(items, [*items[1:], None], strict=True):
        _say(item.nodeid)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
    os._exit(0)


class _Warm:
    """A process that has everything imported and every test collected."""

    def __init__(self, session: pytest.Session, files: dict[str, Path]):
        self._items = {item.nodeid: item for item in session.items}
        self._sources: dict[str, CodeType] = {}
        by_file = {}
        for name, path in files.items():
            importlib.import_module(name)
            by_file[str(path)] = name
            self._sources[name] = compile(path.read_text(encoding="utf-8"), str(path), "exec",
                                          dont_inherit=True)  # fmt: skip
        self._live: dict[str, list[FunctionType]] = defaultdict(list)
        gc.unfreeze()
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType) and thing.__code__.co_filename in by_file:
                self._live[by_file[thing.__code__.co_filename]].append(thing)
        gc.collect()
        gc.freeze()

    def swaps(self, mutant: Mutant) -> list[tuple[FunctionType, CodeType]] | None:
        """Return live functions and their new code; None where a module's own body differs."""
        old = self._sources[mutant.module]
        new = compile(mutant.tree(), old.co_filename, "exec", dont_inherit=True)
        before, after = _codes(old), _codes(new)
        if before.keys() != after.keys():
            return None
        changed = {key for key in before if before[key] != after[key]}
        if any(_own(before[k]) != _own(after[k]) for k in changed if not _is_function(before[k])):
            return None
        swaps = []
        for function in self._live[mutant.module]:
            same = [k for k in changed if before[k] == function.__code__]
            for key in same:
                if after[key].co_freevars != function.__code__.co_freevars:
                    return None
                swaps.append((function, after[key]))
        return swaps or None

    def run(self, swaps: list[tuple[FunctionType, CodeType]], selected: list[str]) -> None:
        """Change the functions and run tests."""
        for function, code in swaps:
            function.__code__ = code
        _run([self._items[nodeid] for nodeid in selected])


def _codes(code: CodeType) -> dict[tuple[str, int, int], CodeType]:
    """Return every code object of a module: name, line, and which of several alike."""
    found: dict[tuple[str, int, int], CodeType] = {}

    def walk(inner: CodeType) -> None:
        number = 0
        while (key := (inner.co_qualname, inner.co_firstlineno, number)) in found:
            number += 1
        found[key] = inner
        for constant in inner.co_consts:
            if isinstance(constant, CodeType):
                walk(constant)

    walk(code)
    return found


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & 0x1)  # CO_OPTIMIZED: not a module's or class's body


def _own(code: CodeType) -> tuple[object, ...]:
    """Return what a body does itself, without the functions defined in it."""
    constants = tuple(repr(c) for c in code.co_consts if not isinstance(c, CodeType))
    return code.co_code, constants, code.co_names


def _measured(session: pytest.Session, package: Path) -> dict[str, Any]:
    """Run the collected tests under coverage, each as a context of its own."""
    import coverage

    global _failed  # noqa: PLW0603 - as in _run
    failures: list[str] = []
    _failed = failures.append
    seconds: dict[str, float] = {}
    watched = coverage.Coverage(data_file=None, include=[f"{package}/*"], config_file=False)
    watched.start()
    for item, after in zip(session.items, [*session.items[1:], None], strict=True):
        watched.switch_context(item.nodeid)
        started = sum(os.times()[:4])
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        seconds[item.nodeid] = round(sum(os.times()[:4]) - started, 2)
    watched.stop()
    data = watched.get_data()
    lines: dict[str, dict[int, list[str]]] = {}
    for file in filter(lambda name: name.endswith(".py"), data.measured_files()):
        by_line = data.contexts_by_lineno(file)
        lines[file] = {n: sorted(c for c in tests if c) for n, tests in by_line.items()}
    kept = {t: s for t, s in seconds.items() if t not in failures and s <= SLOWEST}
    return {"seconds": kept, "lines": lines, "failures": failures}
