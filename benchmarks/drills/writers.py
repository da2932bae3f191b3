"""The table of what writes: every command and form of a page, each by a row.

A new one joins by a row here; tests/test_benchmarks.py fails while a command has none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from coproarchive.errors import IngestError
from coproarchive.library import Library
from coproarchive.store.changes import ChangeLog
from drills.processes import run_command
from drills.scenes import settings_of
from making import SEMINAR

_SAME = frozenset({0})


@dataclass(frozen=True, slots=True)
class Writer:
    """Something that writes, and the scene it writes in.

    Attributes:
        name: the command's words, or the page and what is done on it; and which case of it.
        scene: see scenes.SCENES.
        words: the command line; "{in}" is the folder of files to bring.
        call: what a page calls, where it is no command; is given the scene's folder.
        again: exit codes of the same run once more; not 0 where all was done by the first.
    """

    name: str
    scene: str
    words: tuple[str, ...] = ()
    call: Callable[[Path], None] | None = None
    again: frozenset[int] = _SAME

    def run(self, folder: Path) -> None:
        """Do it; exits as commands do."""
        if self.call is not None:
            self.call(folder)
        else:
            run_command(self.command(folder))

    def command(self, folder: Path) -> list[str]:
        """Return the command line in a copy of the scene."""
        places = [f"--archive={folder / 'archive'}", f"--index={folder / 'index'}"]
        words = [word.replace("{in}", str(folder / "in")) for word in self.words]
        if "{edit}" in words:
            words[words.index("{edit}")] = _batch_of(folder, "edit")
        return words + places


def _batch_of(folder: Path, activity: str) -> str:
    """Return the id of the newest batch of such a kind in a scene's history."""
    changes = ChangeLog(folder / "archive").changes()
    return next(change.batch for change in changes if change.activity.name == activity)


def _add_by_program(folder: Path) -> None:
    """Do what a program does by the Python interface: add files, with new records."""
    from coproarchive.ingest.add import ItemDraft, add_files

    library = Library(settings_of(folder))
    try:
        draft = ItemDraft(
            seminar="Seminar 9: Rolling",
            people=("Nia Sponge", "ada-baker"),
            topics=("sourdough", "Rolling pins"),
            date="2019-03-02",
            abstract="Rolls, rolled by hand.",
        )
        draft = library.with_new_records(draft)
        path = next((folder / "in").glob("Loaves*.pptx"))
        add_files(library.store, library.catalogue(), library.reader, [path], draft)
        library.update_index()
    finally:
        library.close()


@contextlib.contextmanager
def _receiving(folder: Path) -> Iterator[Library]:
    """Open the library; files in its incoming folder, which came just now, count as still."""
    from coproarchive.desk import incoming

    still, incoming.STILL_SECONDS = incoming.STILL_SECONDS, 0.0
    library = Library(settings_of(folder))
    try:
        yield library
    finally:
        incoming.STILL_SECONDS = still
        library.close()


def _add_incoming(folder: Path) -> None:
    """Do what `add --incoming` does with files that are still.

    A second run finds what the first one left in the folder.
    """
    from coproarchive.desk.incoming import add_incoming
    from coproarchive.ingest.add import ItemDraft
    from coproarchive.ingest.folder_plan import DescribeOptions

    with _receiving(folder) as library:
        add_incoming(library, folder / "in" / "folder", ItemDraft(), DescribeOptions())
        left = [p.name for p in (folder / "in" / "folder").rglob("*") if p.is_file()]
        assert left == ["notes.xyz"], left


def _save_drafts(folder: Path) -> None:
    """Do what the page does with drafts: take, read, type, save all; go on after a kill."""
    from coproarchive.desk.drafts import DraftTable, Shelf, read_set, save_rows
    from coproarchive.desk.incoming import take_incoming

    with _receiving(folder) as library:
        shelf = Shelf(library.store.root)
        _, staying = take_incoming(folder / "in" / "folder", shelf)
        if staying:  # the page says why, beside what was taken; who saves all looks at it first
            raise IngestError("; ".join(f"{path}: {why}" for path, why in staying.items()))
        for set_id in shelf.ids():
            table = DraftTable(library, shelf, set_id)
            rows = [row.id for row in read_set(library, shelf, set_id).rows]
            table.for_all("seminar", "Seminar 9: Rolling", rows)
            mistakes = save_rows(library, shelf, set_id).mistakes
            assert all("has" in m.message and "already" in m.message for m in mistakes), mistakes
            shelf.discard(set_id)  # of what was saved and not yet crossed out
        library.update_index()


def _search_in_vain_on_the_page(folder: Path) -> None:
    """Do what the page does when a search finds nothing: count it."""
    from coproarchive.search.language.query import Query

    library = Library(settings_of(folder))
    try:
        for text in ("xylophone", "quixotic zither"):
            query = Query.parse(text)
            if not library.search(query).total:
                library.unanswered.count(query)
    finally:
        library.close()


def _look_at_pictures(folder: Path) -> None:
    """Do what /picture does until every page of one item is drawn."""
    import time

    library = Library(settings_of(folder))
    try:
        item = library.public().items["windmills"]
        until = time.monotonic() + 20
        waiting = [1, 2]
        while waiting and time.monotonic() < until:
            waiting = [n for n in waiting if not library.picture(item.id, item.assets[0], n, 320)]
            time.sleep(0.01)
    finally:
        library.close()


def _sign_in(folder: Path) -> None:
    """Sign in and out, as /login and /logout do: nothing may be written."""
    import argon2

    from coproarchive.web.access import Access

    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    hashed = cheap.hash("a long invented password")
    access = Access(settings_of(folder).model_copy(update={"password_hash": hashed}))
    access.sign_in("a wrong invented password")
    access.sign_in("a long invented password")


WRITERS: tuple[Writer, ...] = (
    Writer("init", "nothing", ("init", "--title", "Talks on rolls"), again=frozenset({0, 10})),
    Writer(
        "seminar", "talks", ("seminar", "9-rolling", "--title", "Rolling", "--date", "2019"),
        again=frozenset({0, 50}),
    ),
    Writer(
        "add", "talks",
        ("add", "{in}/Loaves of tomorrow 2019-03-02.pptx", "--seminar", SEMINAR,
         "--speaker", "Nia Sponge", "--speaker", "bo-miller", "--topic", "sourdough"),
        again=frozenset({0, 50}),
    ),
    Writer("add, unread", "unread", ("add", "{in}/rye.pdf", "{in}/rye.md"),
           again=frozenset({0, 50})),
    Writer("add --recursive", "talks", ("add", "{in}/folder", "--recursive")),
    Writer("add --recursive --describe", "talks",
           ("add", "{in}/folder", "--recursive", "--describe", "--seminar-from", "folder")),
    Writer("add --incoming", "talks", call=_add_incoming),
    Writer("review", "described", ("review", "--confirm-all")),
    Writer("import wordpress", "talks",
           ("import", "wordpress", "{in}/blog.xml", "--media", "{in}/media")),
    Writer("import wordpress, again", "imported",
           ("import", "wordpress", "{in}/blog.xml", "--media", "{in}/media")),
    Writer("import review", "imported", ("import", "review", "--confirm-all")),
    Writer("index", "stale", ("index",)),
    Writer("index, the first", "unindexed", ("index",)),
    Writer("index --rebuild", "stale", ("index", "--rebuild")),
    Writer("upgrade", "old", ("upgrade",)),
    Writer("check", "unread", ("check",)),
    Writer("edit", "talks", ("edit", "windmills", "--set", "title=Windmills at dusk",
                             "--set", "people+=Zoe Crumb", "--new")),
    Writer("edit, many", "talks", ("edit", "--query", "bread", "--set", "topics+=milling")),
    Writer("edit --slide", "talks", ("edit", "windmills", "--slide", "1", "--set", "alt=Sails")),
    Writer("replace", "talks", ("replace", "windmills", "{in}/rye.pdf")),
    Writer("file add", "talks", ("file", "add", "windmills", "{in}/rye.md", "{in}/rye.pdf")),
    Writer("file remove", "edited", ("file", "remove", "windmills", "mill.pdf"),
           again=frozenset({0, 10})),
    Writer("file title", "talks", ("file", "title", "windmills", "mill.pdf", "The slides")),
    Writer("file back", "edited", ("file", "back", "a-post", "post.md")),
    Writer("file order", "edited", ("file", "order", "windmills", "rye.md")),
    Writer("visibility", "talks", ("visibility", "windmills", "hidden")),
    Writer("withdraw", "talks", ("withdraw", "windmills", "--reason", "Asked for.")),
    Writer("withdraw --back", "edited", ("withdraw", "a-post", "--back")),
    Writer("merge", "talks", ("merge", "person", "bo-miller", "ada-baker")),
    Writer("rename", "talks", ("rename", "topic", "milling", "mills")),
    Writer("split", "talks", ("split", "person", "ada-baker", "--into", "A. Baker", "--items",
                              f"{SEMINAR}/bread-for-all")),
    Writer("history", "stale", ("history",)),
    Writer("undo", "edited", ("undo", "{edit}")),
    Writer("undo --to", "edited", ("undo", "--to", "2020-01-01")),
    Writer("check --repair", "repairable", ("check", "--repair")),
    Writer("check --snooze", "edited", ("check", "--snooze", "file-discloses",
                                        f"{SEMINAR}/bread-for-all", "--reason", "Asked Ada.")),
    Writer("verify", "edited", ("verify",)),
    Writer("backup", "bagged", ("backup", "{in}/bags")),
    Writer("restore", "bagged", ("restore", "{in}/bags", "{in}/restored"),
           again=frozenset({0, 10})),
    Writer("purge", "edited", ("purge", "windmills", "--yes")),
    Writer("page: drafts", "talks", call=_save_drafts),
    Writer("program: add", "talks", call=_add_by_program, again=frozenset({0, 50})),
    Writer("page: search in vain", "talks", call=_search_in_vain_on_the_page),
    Writer("page: picture", "talks", call=_look_at_pictures),
    Writer("page: sign in", "talks", call=_sign_in),
)  # fmt: skip

ELSEWHERE: dict[str, str] = {
    "serve": "brings the index up to date as `index` does; then the page's process takes over",
    "password": "prints",
    "doctor": "writes nothing",
    "search": "writes nothing",
    "show": "writes nothing of what is known; of texts what `check` writes",
    "suggest": "writes nothing",
    "similar": "writes nothing",
    "reuse": "writes nothing",
    "cite": "writes nothing",
    "file versions": "writes nothing",
    "figures": "writes nothing",
}
"""Commands without a row, and why; a test runs those that say they write nothing."""


def commands() -> Iterator[str]:
    """Yield the words of every command, from the parser itself."""
    import typer

    from coproarchive.cli import app

    def below(command: object, words: tuple[str, ...]) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield " ".join(words)
        else:
            for name, child in inner.items():
                yield from below(child, (*words, name))

    yield from below(typer.main.get_command(app), ())


def commands_without_row() -> list[str]:
    """List commands that are neither drilled nor said to be elsewhere."""
    rows = [" ".join(writer.words) for writer in WRITERS]
    return [
        command
        for command in commands()
        if command not in ELSEWHERE
        and not any(row == command or row.startswith(f"{command} ") for row in rows)
    ]
