"""Make the archive say what the plan says, through the store: new records, changed fields, files.

Each record is written whole or not at all; a run that was stopped goes on at the next.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError, FileSystemError, IngestError, naming
from coproarchive.ingest.wordpress.addresses import plain_address
from coproarchive.ingest.wordpress.content import Body
from coproarchive.ingest.wordpress.media import Media
from coproarchive.ingest.wordpress.merge import ImportState, digest, hashes, merge
from coproarchive.ingest.wordpress.plan import FileReference, Plan, PlannedItem, link_of
from coproarchive.ingest.wordpress.report import Report
from coproarchive.ingest.wordpress.source import BlogSource, Options, Post
from coproarchive.ingest.wordpress.survey import Survey, is_own, keyed
from coproarchive.model import Item, Link, Person, Seminar, Severity
from coproarchive.progress import Progress
from coproarchive.store import Store, hash_file, safe_name, unique_file_name

ITEM_FIELDS = (
    "kind", "title", "abstract", "people", "date", "topics", "visibility", "held_at", "source",
    "source_id", "prepared_by",
)  # fmt: skip
SEMINAR_FIELDS = (
    "title",
    "number",
    "date",
    "place",
    "description",
    "programme",
    "source",
    "prepared_by",
)
PERSON_FIELDS = ("affiliations", "bio")
POST_FILE = "post.md"
SAVE_EVERY = 200

Files = dict[str, tuple[str, Path]]
"""Address of a file -> its name in the item's folder, and where it is at hand."""


class Applier:
    """Carries out a plan.

    Args:
        store, catalogue: the archive, under the store's lock.
        state: what earlier imports wrote.
        media: finds files.
        report: receives a step for each record.
    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        state: ImportState,
        media: Media,
        report: Report,
        options: Options,
        survey: Survey,
    ):
        self.store, self.catalogue, self.state = store, catalogue, state
        self.media, self.report, self.options, self.survey = media, report, options, survey
        self.done = 0

    @property
    def dry(self) -> bool:
        """Whether nothing is written."""
        return self.options.dry_run

    def run(self, plan: Plan, source: BlogSource, progress: Progress) -> None:
        """Carry out the whole plan. What was done is remembered even if this is stopped."""
        posts = {planned.post: planned for planned in plan.items if planned.post}
        try:
            self._tables(plan)
            for seminar in plan.seminars:
                self._seminar(seminar)
            for planned in plan.items:
                if not planned.post:
                    self._step(planned, None, progress, len(plan.items))
            for key, post in keyed(source):
                if key in posts:
                    self._step(posts[key], post, progress, len(plan.items))
        finally:
            if not self.dry:
                self.state.save()

    def _step(
        self, planned: PlannedItem, post: Post | None, progress: Progress, total: int
    ) -> None:
        self.done += 1
        progress("importing", self.done, total, planned.item.title)
        try:
            self._item(planned, post)
        except (IngestError, ValidationError, FileSystemError, OSError) as refusal:
            error = FileSystemError(refusal) if isinstance(refusal, OSError) else refusal
            if isinstance(error, FileSystemError) and error.is_of_disk:
                raise error from refusal
            message = (
                error.message if isinstance(error, CoproArchiveError) else str(error).split("\n")[0]
            )
            self.report.problem("record-refused", planned.item.id, message, Severity.ERROR)
        if self.done % SAVE_EVERY == 0 and not self.dry:
            self.state.save()

    # ------------------------------------------------------------- tables

    def _tables(self, plan: Plan) -> None:
        new_topics = [t for i, t in plan.topics.items() if i not in self.catalogue.topics]
        for topic in new_topics:
            self.report.step("new", "topic", topic.id, topic.label)
        people: list[Person] = []
        for person in plan.people.values():
            current = self.catalogue.people.get(person.id)
            if current is None:
                self.report.step(
                    "new", "person", person.id, person.name, ", ".join(person.affiliations)
                )
                people.append(person)
            else:
                people += self._known_person(current, person)
        if not self.dry:
            self.store.save_topics(new_topics)
            self.store.save_people(people)
        # Only now: what was not written must not count as written and then removed by hand.
        for person in plan.people.values():
            self.state.remember(f"person:{person.id}", person.id, hashes(person, PERSON_FIELDS))

    def _known_person(self, current: Person, fresh: Person) -> list[Person]:
        merged = merge(current, fresh, self._base(f"person:{fresh.id}"), PERSON_FIELDS)
        action, why = _outcome(merged.update, merged.conflicts, merged.archivist_only)
        self.report.step(action, "person", current.id, current.name, why)
        self._conflicts(f"people.yaml: {current.id}", merged.conflicts)
        return [current.model_copy(update=merged.update)] if merged.update else []

    def _base(self, key: str) -> dict[str, str]:
        fields = self.state.record(key).get("fields", {})
        return fields if isinstance(fields, dict) else {}

    def _conflicts(self, where: str, fields: Iterable[str]) -> None:
        for name in fields:
            self.report.problem(
                "conflict",
                where,
                f"{name} was changed both here and at the source; what stands here was kept.",
                hint="Compare the two and correct the record where the source is right.",
            )

    # ------------------------------------------------------------- seminars

    def _seminar(self, fresh: Seminar) -> None:
        key = f"seminar:{fresh.id}"
        current = self.catalogue.seminars.get(fresh.id)
        base = self._base(key)
        if current is None and base:
            self.report.step(
                "skipped", "seminar", fresh.id, fresh.title, "it was removed from the archive"
            )
            return
        if current is None:
            self.report.step(
                "new", "seminar", fresh.id, fresh.title, f"{len(fresh.programme)} sessions"
            )
            if not self.dry:
                self.store.save_seminar(fresh)
            self.state.remember(key, fresh.id, hashes(fresh, SEMINAR_FIELDS))
            return
        merged = merge(current, fresh, base, SEMINAR_FIELDS)
        action, why = _outcome(merged.update, merged.conflicts, merged.archivist_only)
        self.report.step(action, "seminar", fresh.id, current.title, why)
        self._conflicts(f"{fresh.id}/seminar.yaml", merged.conflicts)
        if merged.update and not self.dry:
            self.store.save_seminar(current.model_copy(update=merged.update))
        self._remember(key, fresh.id, hashes(fresh, SEMINAR_FIELDS), base, merged.conflicts)

    def _remember(
        self, key: str, record: str, fresh: dict[str, str], base: dict[str, str],
        conflicts: list[str], **more: object,
    ) -> None:  # fmt: skip
        """Save what was written; a conflict keeps its old hash, so that it is reported again."""
        fields = {n: (base.get(n, "") if n in conflicts else h) for n, h in fresh.items()}
        self.state.remember(key, record, fields, **more)

    # ------------------------------------------------------------- items

    def _item(self, planned: PlannedItem, post: Post | None) -> None:
        fresh = planned.item
        key = fresh.source_id or fresh.id
        noun = self._noun(planned, post)
        current = self.catalogue.items.get(fresh.id)
        previous = self.state.record(key)
        if current is None and previous:
            self.report.step(
                "skipped", noun, fresh.id, fresh.title, "it was removed from the archive", key
            )
            return
        markdown, pictures = self._markdown(planned, post)
        files, held = self._files(planned, previous, current, pictures)
        if fresh.kind.value == "video" and not planned.files and fresh.source:
            held = (Link(label="The post that speaks of the film", url=fresh.source),)
            self.report.problem(
                "attachment-missing",
                fresh.id,
                "the source does not hold the film itself.",
                hint="Add the recording, or its address under held_at.",
            )
        fresh = fresh.model_copy(update={"held_at": held})
        for url in (fresh.source, *(w.url for w in planned.files)):
            if url:
                self.report.redirects[url] = fresh.id
        if current is None:
            self._new(fresh, key, noun, markdown, files)
        else:
            self._changed(current, fresh, key, noun, markdown, files)

    def _noun(self, planned: PlannedItem, post: Post | None) -> str:
        return post.type if post else planned.item.kind.value

    def _markdown(self, planned: PlannedItem, post: Post | None) -> tuple[str, dict[str, str]]:
        """Return a post's text, and the addresses of the site's pictures in it -> file names."""
        if post is None:
            return "", {}
        body: Body = self.survey.body(post, self.options)
        text = body.markdown()
        pictures: dict[str, str] = {}
        names: set[str] = {POST_FILE}
        site_pictures = {
            a.url: None
            for line in body.lines()
            for a in line.anchors
            if a.kind == "picture" and is_own(plain_address(a.url), self.survey.site)
        }
        for url in site_pictures:
            self.report.redirects.setdefault(url, planned.item.id)
            if self.media.find(url):
                pictures[url] = name_of(url, names)
                names.add(pictures[url])
        if len(pictures) < len(site_pictures):
            missing = len(site_pictures) - len(pictures)
            message = f"{missing} of its pictures are not at hand; they stay links."
            self.report.problem("attachment-missing", planned.item.id, message, Severity.NOTE,
                          "Import again with --media DIR, or with --download.")  # fmt: skip
        for url, name in pictures.items():
            text = text.replace(f"]({url})", f"]({name})")
        self._notes(planned, body)
        return f"# {_one_line(planned.item.title)}\n\n{text}", pictures

    def _notes(self, planned: PlannedItem, body: Body) -> None:
        for (code, what), times in sorted(body.notes.counts.items()):
            message = {"e-mail-removed": "an e-mail address was left out."}.get(
                code, f"{what} ({times} times)."
            )
            self.report.problem(code, planned.item.id, message, Severity.NOTE)

    def _files(
        self,
        planned: PlannedItem,
        previous: dict[str, Any],
        current: Item | None,
        pictures: dict[str, str],
    ) -> tuple[Files, tuple[Link, ...]]:
        """Return files at hand, address -> (name, path), and links to those that are not."""
        stored = previous.get("files", {})
        names = {asset.path for asset in current.assets} if current else set()
        files: Files = {}
        held: list[Link] = []
        names_in_use = {POST_FILE, *pictures.values()}
        for reference in planned.files:
            path = self.media.find(reference.url) if reference.from_site else None
            stored_name = stored.get(reference.url, {}).get("name")
            if path is not None:
                name = (
                    str(stored_name)
                    if stored_name in names
                    else name_of(reference.url, names_in_use)
                )
                names_in_use.add(name)
                files[reference.url] = (name, path)
                self.report.stored.add(reference.url)
            elif stored_name in names:
                self.report.stored.add(reference.url)
            else:
                held.append(link_of(reference))
                self._missing(planned, reference)
        for url, name in pictures.items():
            path = self.media.find(url)
            if path:
                files[url] = (name, path)
                self.report.stored.add(url)
        return files, tuple(held)

    def _missing(self, planned: PlannedItem, reference: FileReference) -> None:
        if not reference.from_site:
            return
        refused = self.media.refused.get(reference.url)
        if refused:
            self.report.problem(
                "attachment-refused", planned.item.id, f"{reference.url}: {refused}."
            )
            return
        self.report.problem(
            "attachment-missing",
            planned.item.id,
            f"{reference.url} is not at hand; the record says where it is held.",
            hint="Import again with --media DIR, or with --download.",
        )

    def _new(self, fresh: Item, key: str, noun: str, markdown: str, files: Files) -> None:
        why = f"{len(files)} files" if files else ""
        self.report.step("new", noun, fresh.id, fresh.title, why, fresh.source or key)
        if self.dry:
            return
        with self._written(markdown) as post:
            self.store.add_item(fresh, {**post, **dict(files.values())})
        self.state.remember(
            key, fresh.id, hashes(fresh, ITEM_FIELDS),
            post=digest(markdown) if markdown else None,
            files={u: {"name": n, "sha256": hash_file(p)[1]} for u, (n, p) in files.items()},
        )  # fmt: skip

    @contextlib.contextmanager
    def _written(self, markdown: str) -> Iterator[dict[str, Path]]:
        """Write a post's text, if it has one, where the store takes it from; then remove it."""
        folder = self.store.staging()
        try:
            path = folder / POST_FILE
            with naming(path):
                path.write_text(markdown, encoding="utf-8")
            yield {POST_FILE: path} if markdown else {}
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _changed(
        self, current: Item, fresh: Item, key: str, noun: str, markdown: str, files: Files
    ) -> None:
        previous = self.state.record(key)
        base = self._base(key)
        merged = merge(current, fresh, base, ITEM_FIELDS)
        changes = list(merged.update)
        conflicts = list(merged.conflicts)
        post_digest = self._post_text(current, markdown, previous, changes, conflicts)
        added = self._file_changes(current, files, previous, changes, conflicts)
        if merged.update and not self.dry:
            record = self.store.read_item(current.id)
            self.store.save_item(record.model_copy(update=merged.update))
        action, why = _outcome(changes, conflicts, merged.archivist_only)
        self.report.step(action, noun, current.id, current.title, why, fresh.source or key)
        self._conflicts(f"{current.id}/item.yaml", conflicts)
        self._remember(key, current.id, hashes(fresh, ITEM_FIELDS), base, merged.conflicts,
                       post=post_digest, files={**previous.get("files", {}), **added})  # fmt: skip

    def _post_text(
        self,
        current: Item,
        markdown: str,
        previous: dict[str, Any],
        changes: list[str],
        conflicts: list[str],
    ) -> object:
        """Bring post.md up to date; the digest to remember."""
        before = previous.get("post")
        if not markdown:
            return before
        fresh = digest(markdown)
        if not any(asset.path == POST_FILE for asset in current.assets):
            if before == fresh:
                return before  # the archivist took the text out
            changes.append(POST_FILE)
            if not self.dry:
                with self._written(markdown) as post:
                    self.store.add_files(current.id, post)
            return fresh
        path = self.store.asset_path(current.id, POST_FILE)
        have = digest(path.read_text("utf-8", "replace"))
        if have == fresh:
            listed = next(asset for asset in current.assets if asset.path == POST_FILE)
            if hash_file(path)[1] != listed.sha256 and not self.dry:
                # An import was killed between the file and its record.
                self.store.replace_file(current.id, POST_FILE, markdown.encode())
            return fresh
        if before == have:
            changes.append(POST_FILE)
            if not self.dry:
                self.store.replace_file(current.id, POST_FILE, markdown.encode())
            return fresh
        if before != fresh:
            conflicts.append(POST_FILE)
        return before

    def _file_changes(
        self,
        current: Item,
        files: Files,
        previous: dict[str, Any],
        changes: list[str],
        conflicts: list[str],
    ) -> dict[str, dict[str, str]]:
        """Add files that came to hand; replace those that changed at the source and only there."""
        have = {asset.path: asset.sha256 for asset in current.assets}
        new: dict[str, Path] = {}
        hashes_by_url: dict[str, dict[str, str]] = {}
        for url, (name, path) in files.items():
            sha256 = hash_file(path)[1]
            before = previous.get("files", {}).get(url, {}).get("sha256")
            hashes_by_url[url] = {"name": name, "sha256": sha256}
            if name not in have:
                new[name] = path
                changes.append(name)
            elif sha256 == have[name]:
                continue
            elif have[name] == before:
                changes.append(name)
                if not self.dry:
                    self.store.replace_file(current.id, name, path.read_bytes())
            elif sha256 != before:
                conflicts.append(name)
                hashes_by_url[url]["sha256"] = before or ""
        if new and not self.dry:
            self.store.add_files(current.id, new)
        return hashes_by_url


def name_of(url: str, names: set[str]) -> str:
    """Return a file's name as it may be called in the archive; numbered where it is taken."""
    name = safe_name(unquote(urlsplit(url).path).rpartition("/")[2]) or "file"
    name = name if not name.startswith(".") else f"file{name}"
    return unique_file_name(name, names)


def _one_line(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(text.split()))


def _outcome(
    changed: Iterable[str], conflicts: Iterable[str], archivist_only: Iterable[str]
) -> tuple[str, str]:
    """Return the action of a step, and which fields changed on which side."""
    fields = {
        "changed": list(changed),
        "changed on both sides": list(conflicts),
        "yours kept": list(archivist_only),
    }
    why = "; ".join(f"{side}: {', '.join(names)}" for side, names in fields.items() if names)
    if fields["changed on both sides"]:
        return "conflict", why
    return ("changed" if fields["changed"] else "same"), why
