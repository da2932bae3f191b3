"""A WordPress blog becomes a described archive, repeatably.

    detect      which source: wxr (export files), rest (a site's address), saved (a folder of pages)
    survey      reads its Posts twice: who is named; then what each post says (understand/)
    seminars    which posts belong together; planner: the records that shall be, as a Plan
    apply       writes the plan, field by field against what was written before (merge)
    report      what was brought, what was not and why, and every guess with its line

Nothing of a post is lost to a wrong guess: its whole text becomes post.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from coproarchive.catalogue import Catalogue
from coproarchive.errors import ArchiveError
from coproarchive.ingest.guesses import Guess
from coproarchive.ingest.wordpress.addresses import plain_address
from coproarchive.ingest.wordpress.apply import Applier
from coproarchive.ingest.wordpress.media import Fetches, Media
from coproarchive.ingest.wordpress.merge import ImportState, sites
from coproarchive.ingest.wordpress.plan import Plan
from coproarchive.ingest.wordpress.planner import make_plan
from coproarchive.ingest.wordpress.report import Report
from coproarchive.ingest.wordpress.source import BlogSource, Options
from coproarchive.ingest.wordpress.survey import Survey, is_own, known_addresses, survey_site
from coproarchive.model import Severity
from coproarchive.progress import Progress, silent
from coproarchive.store import Store
from coproarchive.store.changes import Activity

__all__ = ["Options", "Report", "confirm", "import_site", "open_guesses", "sites"]


def import_site(
    store: Store,
    source: BlogSource,
    options: Options | None = None,
    *,
    fetcher: Fetches | None = None,
    progress: Progress = silent,
) -> Report:
    """Import a site, or with `Options.dry_run` say what an import would do.

    Args:
        fetcher: fetches files, where `Options.download` asks for it.

    Raises:
        LockedError: another process is writing to the archive.
        ArchiveError: a record cannot be read.
        FileSystemError: a file of the source or of the archive cannot be read or written just now.
        IngestError: the source cannot be read at all, or the folder of files is not there.
    """
    options = options or Options()
    fetches = fetcher if options.download else None
    with Media(options.media, fetches, options.max_file, store.staging) as media:
        names = [n for p in _whole(store).people.values() for n in p.names]
        survey = survey_site(source, options, names, progress)
        with store.activity(Activity("import wordpress"), is_dry=options.dry_run):
            catalogue = _whole(store)
            state = ImportState(store, source.site.key)
            ids = {key: record["id"] for key, record in state.records.items()}
            plan = make_plan(survey, catalogue, ids, options)
            report = _begun(survey, plan, options)
            Applier(store, catalogue, state, media, report, options, survey).run(
                plan, source, progress
            )
            _finish(survey, plan, state, report, catalogue)
            if not options.dry_run:
                state.save()
    return report


def _whole(store: Store) -> Catalogue:
    """Load every record.

    Raises:
        ArchiveError: one cannot be read. What it says is not known then, so an import would make
            its people anew, or write over what stands there.
    """
    catalogue = Catalogue.load(store)
    for problem in catalogue.problems:
        if problem.code == "record-broken":
            raise ArchiveError(
                f"{problem.message} Nothing is imported while a record cannot be read.",
                problem.path,
                "Correct it (coproarchive check lists all such records), then import again.",
            )
    return catalogue


def _begun(survey: Survey, plan: Plan, options: Options) -> Report:
    report = Report(
        site=survey.site.name or survey.site.key,
        address=survey.site.address,
        dry_run=options.dry_run,
        counts=survey.counts,
        comments=survey.comments,
    )
    report.problems += survey.site.problems
    report.guesses += plan.guesses
    for entry in survey.entries:
        if entry.skip:
            report.step("skipped", entry.type, "", entry.title, entry.skip, entry.where)
        if "~" in entry.key:
            message = f"the number {entry.id} is used twice; both posts are brought."
            report.problem("id-twice", entry.where, message)
    for entry in plan.loose:
        why = "a picture that no post shows"
        report.step("skipped", "attachment", "", entry.title, why, entry.where)
    for entry in plan.unused_programmes:
        message = "its programme is told again in another post, which counts; it stays in the post."
        report.problem("programme-twice", entry.where, message, Severity.NOTE)
    return report


def _finish(
    survey: Survey, plan: Plan, state: ImportState, report: Report, catalogue: Catalogue
) -> None:
    _attachments(survey, report)
    _dead_links(survey, report)
    topics = {*catalogue.topics, *plan.topics}
    for name, topic in plan.rules.topics.items():
        if topic not in topics:
            message = f'the rule for "{name}" names the topic "{topic}", which is not there.'
            report.problem("rule-unknown", "archive.yaml", message, Severity.ERROR)
    present = {p.item.source_id for p in plan.items}
    for key, record in state.records.items():
        if key.startswith(("seminar:", "person:")) or key in present:
            continue
        message = "this was brought before and is not in the source now; it was kept."
        report.problem("gone-at-source", record["id"], message, Severity.NOTE)
    confirmed = {_guess_key(g) for g in state.guesses if g.get("confirmed")}
    guesses = [asdict(guess) for guess in report.guesses]
    state.guesses = [{**g, "confirmed": _guess_key(g) in confirmed} for g in guesses]
    # What was confirmed is not asked again.
    report.guesses = [Guess(**g) for g in guesses if _guess_key(g) not in confirmed]


def _guess_key(guess: dict[str, object]) -> tuple[object, ...]:
    return guess["kind"], guess["value"], guess["record"]


def _attachments(survey: Survey, report: Report) -> None:
    """Report a step for each attachment: in the archive, or held at the blog only."""
    records = {plain_address(url): record for url, record in report.redirects.items()}
    stored = {plain_address(url) for url in report.stored}
    for entry in survey.attachments:
        bare = plain_address(entry.attachment_url) if entry.attachment_url else ""
        if entry.skip or bare not in records:
            continue
        action = "stored" if bare in stored else "missing"
        why = "a file of this item" if bare in stored else "named by this item, not at hand"
        report.step(action, "attachment", records[bare], entry.title, why, entry.where)


def _dead_links(survey: Survey, report: Report) -> None:
    """Report links of posts to pages and files of the site that the source does not hold."""
    addresses = known_addresses(survey.entries, survey.site)
    home = {survey.site.key, survey.site.key.partition("/")[0]}
    for entry in survey.entries:
        findings = survey.findings.get(entry.key)
        for bare in findings.links if findings else ():
            if bare not in addresses and bare not in home and is_own(bare, survey.site):
                message = f"it links to {bare}, which is not in the source."
                report.problem("link-dead", entry.where, message)


def confirm(store: Store, site: str, is_confirmed: Callable[[int], bool]) -> int:
    """Mark guesses of a site's last import as confirmed; how many were.

    Args:
        is_confirmed: by the guess's number, from 1, in the order of `open_guesses`.
    """
    with store.lock():
        state = ImportState(store, site)
        done = 0
        for number, guess in enumerate(_open(state), start=1):
            if is_confirmed(number):
                guess["confirmed"] = True
                done += 1
        state.save()
    return done


def open_guesses(store: Store, site: str) -> list[Guess]:
    """List guesses of a site's last import that nobody confirmed, the least sure first."""
    names = set(Guess.__dataclass_fields__)
    return [
        Guess(**{k: v for k, v in g.items() if k in names}) for g in _open(ImportState(store, site))
    ]


def _open(state: ImportState) -> list[dict[str, Any]]:
    waiting = [g for g in state.guesses if not g.get("confirmed")]
    return sorted(waiting, key=lambda g: float(g["confidence"]))
