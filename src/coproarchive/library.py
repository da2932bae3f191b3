"""One archive and its index, opened once and kept fresh: what the pages and the commands share."""

from __future__ import annotations

import contextlib
import getpass
import operator
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError, IndexStateError, NotFoundError
from coproarchive.locking import sweep
from coproarchive.model import Asset, Item, Problem, WordSource
from coproarchive.progress import Progress, silent
from coproarchive.search.discover.export import MAX_ROWS, to_csv
from coproarchive.search.discover.similar import Similar
from coproarchive.search.discover.suggest import Suggester, Suggestion
from coproarchive.search.discover.unanswered import Unanswered
from coproarchive.search.engines import ENGINES
from coproarchive.search.engines.seam import IndexStorage
from coproarchive.search.hits.results import Results
from coproarchive.search.index.index import Index
from coproarchive.search.language.query import Query
from coproarchive.settings import Settings
from coproarchive.store import Store
from coproarchive.store.changes import Activity

if TYPE_CHECKING:  # readers of files are imported where a file is read: a search needs none
    from coproarchive.extract.worker import Reader
    from coproarchive.ingest.add import ItemDraft
    from coproarchive.pictures import Pictures
    from coproarchive.public_copies import Download, PublicCopies
    from coproarchive.search.index.update import UpdateReport
    from coproarchive.talk_library import TalkLibrary

Answer = TypeVar("Answer")

FRESH_SECONDS = 2.0
"""How long the archive is taken to be unchanged before it is looked at again."""
DAMAGED = "its bytes are not those that were archived."
"""Why readers do not get a file; `check` names it for those who keep the archive."""
QUICK_SECONDS = 0.05
"""Looking that takes longer is done aside, and less often."""


def _account() -> str:
    """Return the name of the account that this process runs as, "" where it has none."""
    with contextlib.suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""


class Library:
    """Opens the archive, the texts and the index when they are first asked for. Thread-safe.

    Args:
        settings: where they are, and the limits on reading.
    """

    def __init__(self, settings: Settings):
        self.settings = settings
        self._lock = threading.RLock()
        self._catalogue: Catalogue | None = None
        self._previous: Catalogue | None = None  # the last one read, for what did not change since
        self._stamp: str | None = None
        self._revision = ""
        self._look_again = self._look_cost = 0.0
        self._looking = False
        self._epoch = 0
        self._index: Index | None = None
        self._indexed: Catalogue | None = None  # by an engine that is not persistent
        self._suggester: tuple[tuple[object, ...], Suggester] | None = None
        self._suggesting = threading.Lock()
        self._checked: tuple[tuple[object, ...], bool] | None = None
        self._recovered: set[str] = set()  # sha256 of files

    @cached_property
    def store(self) -> Store:
        """The archive's folder. Raises NotFoundError."""
        store = Store(self.settings.archive, self.settings.index / "sidecars.json")
        store.recorder.who = self.settings.who or _account()
        return store

    @cached_property
    def office(self) -> str:
        """LibreOffice's `soffice`, "" for none."""
        from coproarchive.extract.office import find_office

        return find_office(self.settings.office)

    @cached_property
    def reader(self) -> Reader:
        """Texts of files, read in worker processes or known from before."""
        from coproarchive.extract.worker import Reader

        sweep(self.settings.index, ".*.tmp")
        sweep(self.settings.index / "scratch", "*")
        with contextlib.suppress(OSError):
            (self.settings.index / "scratch").rmdir()  # where nothing is left in it
        return Reader(
            self.settings.index / "extracted",
            self.settings.limits(),
            office=self.office,
            read_pictures=self.settings.ocr == "auto",
            shared=self.index_storage.texts(),
        )

    @cached_property
    def pictures(self) -> Pictures:
        """Pictures of pages and slides, drawn when they are first asked for."""
        from coproarchive.pictures import Pictures

        folder = self.settings.index / "pictures"
        return Pictures(folder, self.settings.limits(), self.office)

    @cached_property
    def talks(self) -> TalkLibrary:
        """An item's files aligned, and slides that stand in several talks."""
        from coproarchive.talk_library import TalkLibrary

        return TalkLibrary(self)

    @cached_property
    def public_copies(self) -> PublicCopies:
        """Copies of files that have words in them that are not public."""
        from coproarchive.public_copies import PublicCopies

        folder = self.settings.index / "copies"
        return PublicCopies(folder, self.settings.limits(), self.office)

    def catalogue(self, progress: Progress = silent, *, now: bool = False) -> Catalogue:
        """Return every record as the disk had it lately, or has it now. Raises ArchiveError."""
        with self._lock:
            if now or self._catalogue is None or self.store.revision() != self._revision:
                # Written through the store, so perhaps hidden or withdrawn: that holds at once.
                self._look(progress)
            elif time.monotonic() >= self._look_again:
                if self._look_cost < QUICK_SECONDS:
                    self._look(progress)
                elif not self._looking:
                    self._looking = True
                    threading.Thread(target=self._look_aside, daemon=True).start()
            assert self._catalogue is not None
            return self._catalogue

    def _look(self, progress: Progress = silent) -> None:
        """See whether a record changed on the disk, and if so read what changed."""
        started, epoch = time.monotonic(), self._epoch
        self._revision = self.store.revision()
        stamp = self.store.stamp()
        self._look_cost = time.monotonic() - started
        self._look_again = time.monotonic() + max(FRESH_SECONDS, 20 * self._look_cost)
        if self._catalogue is None or stamp != self._stamp:
            catalogue = Catalogue.load(self.store, progress, self._previous)
            self._previous = catalogue
            catalogue.for_public()  # now, so that no reader waits for it
            with self._lock:
                # What was read before changed() was called is not kept over what came after.
                if epoch == self._epoch or self._catalogue is None:
                    self._catalogue, self._stamp = catalogue, stamp

    def _look_aside(self) -> None:
        """Look while readers go on with what is known: a large archive takes seconds to look at."""
        try:
            self._look()
        except CoproArchiveError:
            with self._lock:
                self._catalogue = None  # the next question meets the error itself, and says it
        finally:
            self._looking = False

    def public(self) -> Catalogue:
        """Return the records that everybody may see. Raises ArchiveError."""
        with self._lock:
            return self.catalogue().for_public()

    def changed(self) -> None:
        """Read the records again at the next question."""
        with self._lock:
            self._epoch += 1
            self._stamp = None
            self._catalogue = None

    @cached_property
    def index_storage(self) -> IndexStorage:
        """Where the engine of the settings keeps the index."""
        return ENGINES[self.settings.engine](self.settings.index, self.settings.server_options)

    def index(self) -> Index:
        """Open the index's current generation, if it is not open. Raises IndexStateError."""
        with self._lock:
            if not self.index_storage.is_persistent:
                self._fill_index()
            if self._index is not None and not self._index.is_current:
                self._index.close()
                self._index = None
            if self._index is None:
                self._index = Index(self.index_storage)
            return self._index

    def _fill_index(self) -> None:
        """Index the catalogue anew if it changed: this process's index is filled by nobody else."""
        from coproarchive.search.index.update import update_index

        catalogue = self.catalogue()
        if self._indexed is not catalogue:
            update_index(self.index_storage, self.store, catalogue, self.reader, rebuild=True)
            self._indexed = catalogue

    def search(self, query: Query) -> Results:
        """Search what everybody may see. Raises ArchiveError, IndexStateError."""
        return self.ask(lambda index: index.search(query, self.public()))

    def ask(self, question: Callable[[Index], Answer]) -> Answer:
        """Ask the index; a second time where another process swapped in a newer one just now.

        Raises:
            IndexStateError: there is none.
        """
        try:
            return question(self.index())
        except IndexStateError:
            return question(self.index())

    def suggest(self, typed: str) -> list[Suggestion]:
        """Suggest completions of a query; see Suggester.suggest. Raises ArchiveError.

        Without an index, phrases are those of titles and descriptions.
        """
        catalogue = self.public()
        index: Index | None = None
        version: object = None
        with contextlib.suppress(IndexStateError):
            index = self.index()
            version = index.version()
        made_from = (catalogue, index, version)
        suggester = self._suggester
        if suggester is None or not all(map(operator.is_, suggester[0], made_from)):
            # Of the same catalogue, so all that it tells is public: good while a newer one is made.
            is_told = suggester is not None and suggester[0][0] is catalogue
            if self._suggesting.acquire(blocking=not is_told):
                try:
                    suggester = self._made_suggester(catalogue, index, version)
                finally:
                    self._suggesting.release()
        assert suggester is not None
        return suggester[1].suggest(typed)

    def _made_suggester(
        self, catalogue: Catalogue, index: Index | None, version: object
    ) -> tuple[tuple[object, ...], Suggester]:
        """Make a Suggester, if who held the lock before has not; return what it is made from."""
        made_from = (catalogue, index, version)
        suggester = self._suggester
        if suggester is None or not all(map(operator.is_, suggester[0], made_from)):
            phrases = index.phrases(catalogue) if index and version else {}
            suggester = self._suggester = made_from, Suggester(catalogue, phrases)
        return suggester

    def similar(self, item_id: str, leaf: int | None = None) -> tuple[Similar, ...]:
        """Return public items like this one, or like one slide of it. Raises NotFoundError."""
        catalogue = self.public()
        item = catalogue.item(item_id)
        self.recover_texts(item)
        alike = self.ask(lambda index: index.similar(item, catalogue, self.reader, leaf))
        recovered = [self.recover_texts(similar.item) for similar in alike]
        if any(recovered):
            alike = self.ask(lambda index: index.similar(item, catalogue, self.reader, leaf))
        return alike

    def can_picture(self, asset: Asset) -> bool:
        """Test whether pictures of a file's pages or slides are there, or may come."""
        return self.pictures.can_draw(asset.sha256, asset.media_type)

    def picture_size(self, item_id: str, asset: Asset, number: int) -> tuple[int, int]:
        """Return width and height of a large picture; a card's until it is drawn."""
        from coproarchive.pictures import WIDTHS, size_of

        path = self.picture(item_id, asset, number, WIDTHS[1])
        return size_of(path) if path else (WIDTHS[1], WIDTHS[1] * 9 // 16)

    def picture(self, item_id: str, asset: Asset, number: int, width: int) -> Path | None:
        """Return the picture of a page or slide; None until it is drawn, or where it cannot be."""
        from coproarchive.extract.worker import Job

        extraction = self.reader.cached(asset.sha256, asset.media_type)
        last = extraction.leaves[-1].number if extraction else number
        with contextlib.suppress(NotFoundError):
            path = self.store.asset_path(item_id, asset.path)
            return self.pictures.get(Job(path, asset.sha256, asset.media_type), number, width, last)
        return None

    def recover_texts(self, item: Item) -> bool:
        """Read the files of an item that the index has, where damage lost what was read before.

        Each is tried once: a file that cannot be read just now keeps no page waiting twice.

        Returns:
            Whether a file was read.
        """
        lost = [a for a in item.assets if self.reader.cached(a.sha256, a.media_type) is None]
        lost = [a for a in lost if a.sha256 not in self._recovered]
        try:
            if not lost or item.id not in self.ask(Index.digests):
                return False
        except IndexStateError:
            return False
        for asset in lost:
            self._recovered.add(asset.sha256)
            with contextlib.suppress(NotFoundError):
                path = self.store.asset_path(item.id, asset.path)
                self.reader.read(path, asset.sha256, asset.media_type)
        return True

    def download(self, item: Item, asset: Asset, *, make: bool = False) -> Download | None:
        """Return what readers get of a public item's file: itself, a copy, or why nothing.

        Args:
            make: whether a copy is made now that is not there yet.

        Returns:
            None where it is not known yet, or could not be made soon enough.

        Raises:
            NotFoundError: the file is not there.
        """
        from coproarchive.public_copies import Download

        path = self.store.asset_path(item.id, asset.path)
        copies, withheld = self.public_copies, self.public().withheld(item)
        ask = copies.get if make else copies.lookup
        try:
            # What is larger waits for `check`: nobody waits for gigabytes to be read twice.
            is_compared = make and asset.size <= self.settings.limits().file_size
            if is_compared and copies.hash_of(path) != asset.sha256:
                return Download(None, path.name, asset.media_type, why=DAMAGED)
            return ask(path, asset.media_type, withheld)
        except OSError as error:
            raise NotFoundError(f"this cannot be read: {error.strerror}.", path) from None

    def lacks_copies(self) -> bool:
        """Tell whether files have no public copy yet that need one; none is opened."""
        return any(True for _ in self._lacking())

    def make_copies(self, progress: Progress = silent) -> int:
        """Make the public copies that are missing, so that no reader waits; return their number.

        LibreOffice takes seconds for each file of an old format, so this is for a process that
        nobody waits for. Copies of what was hidden, withdrawn or replaced are removed.
        """
        self.remove_other_copies()
        lacking = list(self._lacking())

        def files() -> Iterator[tuple[Path, str, frozenset[WordSource]]]:
            for number, (item, asset) in enumerate(lacking, start=1):
                progress("making public copies", number, len(lacking), asset.path)
                with contextlib.suppress(NotFoundError):
                    path = self.store.asset_path(item.id, asset.path)
                    yield path, asset.sha256, self.public().withheld(item)

        if lacking:
            self.public_copies.make_all(files())
        return len(lacking)

    def remove_other_copies(self) -> None:
        """Remove public copies of what is public no longer, or is made by other rules."""
        public = self.public()
        self.public_copies.remove_others(
            (asset.sha256, public.withheld(item))
            for item in public.items.values()
            for asset in item.assets
        )

    def _lacking(self) -> Iterator[tuple[Item, Asset]]:
        """Yield public files of which a copy is still to be made."""
        catalogue = self.public()
        for item in catalogue.items.values():
            withheld = catalogue.withheld(item)
            for asset in item.assets:
                if self.public_copies.lacks(asset.sha256, asset.media_type, withheld):
                    yield item, asset

    def is_outdated(self) -> bool:
        """Return whether records changed since the index was updated. Raises IndexStateError."""
        from coproarchive.search.index.update import document_digests

        catalogue = self.public()
        checked = (self.ask(Index.version), catalogue)
        if self._checked is None or not all(map(operator.is_, self._checked[0], checked)):
            outdated = document_digests(catalogue, self.reader) != self.ask(Index.digests)
            self._checked = checked, outdated
        return self._checked[1]

    def with_new_records(self, draft: ItemDraft) -> ItemDraft:
        """Make records of a seminar and topics that are new; return the draft with their ids.

        Raises:
            IngestError: a value of the draft is not what its field takes; nothing is written.
        """
        from coproarchive.ingest.add import check_draft
        from coproarchive.ingest.authority import check_names, seminar_id, topic_id

        check_draft(self.store, self.catalogue(), replace(draft, seminar=None, topics=None))
        check_names(draft.seminar, draft.topics or ())
        # Of two who name the same new one, the second finds the first's.
        with self.store.activity(Activity("add")):
            store, catalogue = self.store, self.catalogue()
            named = draft.seminar
            seminar = seminar_id(store, catalogue, named, draft.date) if named else None
            topics = draft.topics
            if topics is not None:
                topics = tuple(dict.fromkeys(topic_id(store, catalogue, t) for t in topics))
        self.changed()
        return replace(draft, seminar=seminar, topics=topics)

    def matching(self, query: Query) -> list[str]:
        """Return the ids of public items that have all that a query asks for, best first."""
        return [item_id for item_id, _, is_full in self.ranking(query) if is_full]

    def ranking(self, query: Query, limit: int = MAX_ROWS) -> list[tuple[str, float, bool | None]]:
        """Return id, score and completeness of a query's first hits; see Index.ranking."""
        catalogue = self.public()
        ranking = self.ask(lambda index: index.ranking(query, catalogue, limit))
        return [row for row in ranking if row[0] in catalogue.items]

    def csv(self, query: Query, base: str = "") -> str:
        """Export all hits of a query as CSV; see export.to_csv."""
        return to_csv(self.ranking(query), self.public(), base)

    @cached_property
    def unanswered(self) -> Unanswered:
        """Searches that found nothing, as far as they are counted."""
        counted = self.settings.count_empty == "on"
        return Unanswered(self.index_storage.tally() if counted else None)

    def update_index(self, *, rebuild: bool = False, progress: Progress = silent) -> UpdateReport:
        """Make the index say what the archive says; see update.update_index.

        The report's seconds are all that passed, the reading of the records among them.
        """
        started = time.monotonic()
        store = self.store  # raises, where there is no archive, before anything is begun
        self.changed()
        self.reader.prepare()  # before anything that takes a while is imported or read

        from coproarchive.search.index.update import update_index

        catalogue = self.catalogue(progress)
        with self._lock:
            storage = self.index_storage  # made once, whichever thread is first
            if rebuild and self._index is not None:
                self._index.close()
                self._index = None
        report = update_index(
            storage, store, catalogue, self.reader, rebuild=rebuild, progress=progress
        )
        self._indexed = catalogue
        return replace(report, seconds=time.monotonic() - started)

    def check(self, progress: Progress = silent) -> list[Problem]:
        """Return every problem of the archive; see check.check.

        Which files readers cannot download shows when their copies are made, so they are made.
        """
        from coproarchive.check import check

        def why_not_offered(item: Item, asset: Asset) -> str:
            try:
                download = self.download(item, asset)
            except NotFoundError:
                return ""  # another problem
            return download.why if download else ""

        catalogue = self.catalogue(progress, now=True)
        self.make_copies(progress)
        is_public = self.settings.is_public
        return check(
            self.store, catalogue, self.reader, progress, why_not_offered, is_public=is_public
        )

    def close(self) -> None:
        """Stop the reading processes and close the index."""
        if "reader" in self.__dict__:
            self.reader.close()
        if "pictures" in self.__dict__:
            self.pictures.close()
        if "public_copies" in self.__dict__:
            self.public_copies.close()
        with self._lock:
            if self._index is not None:
                self._index.close()
                self._index = None
