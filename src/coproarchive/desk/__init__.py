"""What those do who keep an archive, each a call: correct, replace, hide, take back, undo, care.

Every act is one batch of the history, checked by the model, and searchable at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from coproarchive.desk.authorities import merge_entries, rename_entry
from coproarchive.desk.bags import BackupReport, back_up_archive
from coproarchive.desk.care_log import CareLog
from coproarchive.desk.edit import (
    ActReport,
    Authorities,
    edit_records,
    fingerprint,
    refuse_changed,
)
from coproarchive.desk.files import (
    CarrySlides,
    add_forms,
    order_files,
    remove_file,
    replace_file,
    retitle_file,
)
from coproarchive.desk.history import (
    ALL,
    Batch,
    HistoryFilter,
    batches_of,
    history_of,
    look_for_edits,
    who_and_what,
)
from coproarchive.desk.purge import PurgePlan, plan_purge, purge_item, remove_derived
from coproarchive.desk.records import record_named
from coproarchive.desk.references import Noun
from coproarchive.desk.repair import AnyRepair, RepairReport, do_repairs, plan_repairs
from coproarchive.desk.slides import (
    SlideName,
    carry_slides,
    describe_slide,
    drop_description,
)
from coproarchive.desk.snoozing import (
    SortedProblems,
    read_snoozes,
    snooze_problems,
    sort_problems,
    wake_problems,
)
from coproarchive.desk.split import split_entry
from coproarchive.desk.undo import UndoPlan, changes_of, plan_undo, undo_changes
from coproarchive.desk.values import FieldEdit, edited
from coproarchive.desk.verify import VerifyReport, repair_files, verify_files
from coproarchive.desk.versions import KeptFile, bring_back_file, kept_files
from coproarchive.desk.visibility import return_item, set_visibility, withdraw_item
from coproarchive.errors import ConflictError
from coproarchive.library import Library
from coproarchive.model import Problem, SlideDescription
from coproarchive.progress import Progress, silent
from coproarchive.search.language.query import Query
from coproarchive.store.changes import Activity, Change, Fields
from coproarchive.strict_yaml import Plain


class Desk:
    """The acts over one library.

    Args:
        library: whose archive is kept; its index follows each act.
        who: does them; the setting `who`, else the account, where it is "".
        is_indexing: whether an act waits until the index has followed. A server whose index follows
            by itself need not wait: what is hidden is hidden at once, either way.
    """

    def __init__(self, library: Library, who: str = "", *, is_indexing: bool = True):
        self._library = library
        self._store = library.store
        self._who = who
        self._is_indexing = is_indexing

    def _activity(self, name: str, why: str, undoes: Iterable[str] = ()) -> Activity:
        return Activity(name, why, self._who, tuple(undoes))

    def _followed(self, outcome: ActReport, *, is_dry: bool = False) -> ActReport:
        """Bring the index up to date with what was done; return the report."""
        if outcome.diffs and not is_dry and self._is_indexing:
            self._library.update_index()
        return outcome

    # ------------------------------------------------------------ records

    def edit(
        self,
        names: Sequence[str],
        edits: Sequence[FieldEdit],
        *,
        why: str = "",
        make_new: bool = False,
        dry_run: bool = False,
        seen: Mapping[str, Plain] | None = None,
        digest: str = "",
    ) -> ActReport:
        """Edit records; see edit_records."""
        activity = self._activity("edit", why)
        outcome = edit_records(self._store, names, edits, activity, make_new=make_new,
                               dry_run=dry_run, seen=seen, digest=digest)  # fmt: skip
        return self._followed(outcome, is_dry=dry_run)

    def fields(self, named: str, edits: Sequence[FieldEdit]) -> Fields:
        """Return values as a record of this name says them, by field."""
        record = record_named(self._store, named)
        authorities = Authorities.of(self._store)
        values = edited(record.noun, {}, edits, authorities.person, authorities.topic)
        return {edit.field: values.get(edit.field) for edit in edits}

    def matching(self, query: Query) -> list[str]:
        """Return the ids of all public items that a search finds, best first."""
        return self._library.matching(query)

    def merge(
        self, noun: Noun, old: str, new: str, *, why: str = "", dry_run: bool = False
    ) -> ActReport:
        """Make one person or topic of two; see merge_entries."""
        activity = self._activity(f"merge {noun}", why)
        outcome = merge_entries(self._store, noun, old, new, activity, dry_run=dry_run)
        return self._followed(outcome, is_dry=dry_run)

    def rename(
        self, noun: Noun, old: str, new: str, *, why: str = "", dry_run: bool = False
    ) -> ActReport:
        """Give a person or topic another id; see rename_entry."""
        activity = self._activity(f"rename {noun}", why)
        outcome = rename_entry(self._store, noun, old, new, activity, dry_run=dry_run)
        return self._followed(outcome, is_dry=dry_run)

    def split(
        self,
        noun: Noun,
        old: str,
        name: str,
        items: Sequence[str],
        *,
        why: str = "",
        dry_run: bool = False,
    ) -> ActReport:
        """Make two people or topics of one; see split_entry."""
        activity = self._activity(f"split {noun}", why)
        outcome = split_entry(self._store, noun, old, name, items, activity, dry_run=dry_run)
        return self._followed(outcome, is_dry=dry_run)

    @contextlib.contextmanager
    def unchanged(self, named: str, digest: str, *fields: str) -> Iterator[None]:
        """Hold the archive's lock for an act, unless fields were changed; see refuse_changed."""
        with self._store.lock():
            look_for_edits(self._store)
            refuse_changed(self._store, named, digest, fields)
            yield

    def as_previewed(self, previewed: str, act: Callable[[bool], ActReport]) -> ActReport:
        """Carry out an act of which somebody has seen what it would change, unless that is old.

        Args:
            previewed: fingerprint of the diffs that were seen.
            act: does it; is given whether it is a dry run.

        Raises:
            ConflictError: it would change something else now; nothing was written.
        """
        with self._store.lock():
            if fingerprint(act(True).diffs) != previewed:
                raise ConflictError("records were changed since you looked; nothing was written.",
                                    hint="Look at what would change now.")  # fmt: skip
            return act(False)

    # ------------------------------------------------------------- slides

    def describe_slide(
        self,
        slide: SlideName,
        edits: Sequence[FieldEdit],
        *,
        why: str = "",
        dry_run: bool = False,
        seen: Mapping[str, Plain] | None = None,
        takes: SlideDescription | None = None,
    ) -> ActReport:
        """Give a slide a title or a description; see describe_slide."""
        reader, activity = self._library.reader, self._activity("describe slide", why)
        outcome = describe_slide(self._store, reader, slide, edits, activity, dry_run=dry_run,
                                 seen=seen, takes=takes)  # fmt: skip
        return self._followed(outcome, is_dry=dry_run)

    def drop_description(
        self, item_id: str, description: SlideDescription, *, why: str = ""
    ) -> ActReport:
        """Take out a description whose slide is gone; see drop_description."""
        activity = self._activity("describe slide", why)
        return self._followed(drop_description(self._store, item_id, description, activity))

    # -------------------------------------------------------------- files

    def replace(self, item_id: str, path: Path, *, name: str = "", why: str = "") -> ActReport:
        """Put a new version of a file in the place of the old; see replace_file."""
        activity = self._activity("replace", why)
        return self._followed(
            replace_file(self._store, item_id, path, activity, name=name, carry=self._carry)
        )

    def add_forms(self, item_id: str, paths: Sequence[Path], *, why: str = "") -> ActReport:
        """Add files to an item; see add_forms."""
        return self._followed(
            add_forms(self._store, item_id, paths, self._activity("file add", why))
        )

    def remove_file(self, item_id: str, name: str, *, why: str = "") -> ActReport:
        """Take a file out of an item; see remove_file."""
        activity = self._activity("file remove", why)
        return self._followed(remove_file(self._store, item_id, name, activity))

    def retitle_file(self, item_id: str, name: str, title: str, *, why: str = "") -> ActReport:
        """Give a file a title; see retitle_file."""
        activity = self._activity("file title", why)
        return self._followed(retitle_file(self._store, item_id, name, title, activity))

    def order_files(self, item_id: str, names: Sequence[str], *, why: str = "") -> ActReport:
        """Put files first; see order_files."""
        activity = self._activity("file order", why)
        return self._followed(order_files(self._store, item_id, names, activity))

    def kept_files(self, item_id: str) -> list[KeptFile]:
        """Return files of an item that were replaced or taken out; see kept_files."""
        return kept_files(self._store, self._store.read_item(item_id))

    def bring_back_file(self, item_id: str, name: str, *, why: str = "") -> ActReport:
        """Give an item a file again; see bring_back_file."""
        activity = self._activity("file back", why)
        return self._followed(bring_back_file(self._store, item_id, name, activity, self._carry))

    @property
    def _carry(self) -> CarrySlides:
        return partial(carry_slides, self._store, self._library.reader)

    # --------------------------------------------------------- visibility

    def set_visibility(
        self,
        names: Sequence[str],
        visible: str,
        *,
        file: str = "",
        why: str = "",
        dry_run: bool = False,
    ) -> ActReport:
        """Set who may see items, or a file, and from when on; see set_visibility."""
        activity = self._activity("visibility", why)
        outcome = set_visibility(self._store, names, visible, activity, file=file, dry_run=dry_run)
        return self._followed(outcome, is_dry=dry_run)

    def withdraw(
        self, item_id: str, reason: str, *, replacement: str | None = None, why: str = ""
    ) -> ActReport:
        """Take an item back; see withdraw_item."""
        activity = self._activity("withdraw", why or reason)
        outcome = withdraw_item(self._store, item_id, reason, activity, replacement=replacement)
        return self._followed(outcome)

    def return_item(self, item_id: str, *, why: str = "") -> ActReport:
        """Give a withdrawn item back; see return_item."""
        return self._followed(return_item(self._store, item_id, self._activity("give back", why)))

    def plan_purge(self, item_id: str) -> PurgePlan:
        """Say what a purge would destroy; see plan_purge."""
        return plan_purge(self._store, item_id)

    def purge(self, item_id: str, *, why: str = "") -> PurgePlan:
        """Destroy an item; see purge_item. Nothing that was made of it is left in the index."""
        purged = purge_item(self._store, item_id, self._activity("purge", why))
        remove_derived(self._library)
        self._library.update_index(rebuild=True)
        return purged

    # ------------------------------------------------------------ history

    def history(
        self, named: str = "", limit: int | None = None, *, who: str = "", act: str = ""
    ) -> list[Change]:
        """Return changes, newest first; see history_of and HistoryFilter."""
        return history_of(self._store, HistoryFilter(named, who, act), limit)

    def batches(
        self, chosen: HistoryFilter = ALL, *, before: str = "", limit: int = 20
    ) -> list[Batch]:
        """Return what was done, newest first; see batches_of."""
        look_for_edits(self._store)
        return batches_of(self._store, chosen, before=before, limit=limit)

    def who_and_what(self) -> tuple[list[str], list[str]]:
        """Return who made changes, and what was done; see who_and_what."""
        return who_and_what(self._store)

    def changes(self, named: str) -> list[Change]:
        """Return a change, those of a batch, or of the "last" one. Raises NotFoundError."""
        log = self._store.recorder.log
        return changes_of(self._store, named) if named == "last" else log.find(named)

    def plan_undo(self, named: str = "", *, to: str | None = None) -> UndoPlan:
        """Say what `undo` would do, and what of it cannot be done; see plan_undo."""
        look_for_edits(self._store)
        return plan_undo(self._store, changes_of(self._store, named, to=to))

    def undo(
        self,
        named: str = "",
        *,
        to: str | None = None,
        why: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> ActReport:
        """Take back a change, a batch, or all since a moment; see changes_of, undo_changes."""
        if not dry_run:
            look_for_edits(self._store)
        changes = changes_of(self._store, named, to=to)
        batches = dict.fromkeys(c.batch for c in changes)
        undoes = [named] if to is None and named != "last" else list(batches)
        activity = self._activity("undo", why, undoes)
        outcome = undo_changes(self._store, changes, activity, force=force, dry_run=dry_run)
        return self._followed(outcome, is_dry=dry_run)

    # ----------------------------------------------------------- problems

    def plan_repairs(
        self, problems: Iterable[Problem], codes: Collection[str] = ()
    ) -> list[AnyRepair]:
        """Plan what can surely be put right; see plan_repairs."""
        return plan_repairs(self._store, self._library.catalogue(), problems, codes)

    def repair(
        self, plan: Sequence[AnyRepair], *, why: str = "", dry_run: bool = False
    ) -> RepairReport:
        """Put right what was planned; see do_repairs."""
        report = do_repairs(self._store, plan, self._activity("repair", why), dry_run=dry_run)
        if not dry_run:
            self._library.changed()
            if plan and self._is_indexing:
                self._library.update_index()
        return report

    def snooze(
        self, problems: Sequence[Problem], reason: str, *, until: str = "", why: str = ""
    ) -> ActReport:
        """Leave problems for now; see snooze_problems."""
        activity = self._activity("snooze", why or reason)
        return snooze_problems(self._store, problems, activity, reason=reason, until=until)

    def wake(self, problems: Sequence[Problem], *, why: str = "") -> ActReport:
        """Let problems wait again; see wake_problems."""
        return wake_problems(self._store, problems, self._activity("wake", why))

    def sort_problems(self, problems: Iterable[Problem]) -> SortedProblems:
        """Divide problems that wait from those that are left for now; see sort_problems."""
        return sort_problems(problems, read_snoozes(self._store))

    # --------------------------------------------------------------- care

    def verify(
        self,
        progress: Progress = silent,
        *,
        restart: bool = False,
        backups: Path | None = None,
        names: Sequence[str] = (),
    ) -> VerifyReport:
        """Compare every file with its checksum; put damaged ones back where backups are named."""
        state = self._library.settings.index / "verify.json"
        report = verify_files(self._store, state, progress, restart=restart)
        if backups is not None and (report.damage or names):
            repair_files(self._store, report, backups, names)
        self.care.note_verify(report)
        return report

    def back_up(self, folder: Path, progress: Progress = silent) -> BackupReport:
        """Make a bag of the archive; see back_up_archive."""
        report = back_up_archive(self._store, folder, progress)
        self.care.note_backup(report)
        return report

    @property
    def care(self) -> CareLog:
        """When files were verified last, and when a backup was made."""
        return CareLog(self._library.settings.index)
