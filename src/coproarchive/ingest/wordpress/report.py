"""What an import did, or would do: data, a page of Markdown, and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from coproarchive.ingest.guesses import Guess
from coproarchive.model import Problem, Severity

CODES: dict[str, str] = {
    "source-unreadable": "a file of the export cannot be read",
    "not-an-export": "a file is no WordPress export with posts in it",
    "export-cut-off": "an export ends inside a post; what was read of the post is kept",
    "item-broken": "a post of the export is not well-formed; some of it may be missing",
    "item-too-large": "a post of the export is larger than is read; it was passed over",
    "doctype-ignored": "an export declares a document type; no entity of it is followed",
    "encoding-unknown": "an export names an encoding that is not known; it was read as UTF-8",
    "bytes-replaced": "an export has bytes that are no characters; they show as \ufffd",
    "controls-removed": "an export has control characters; they were removed",
    "parts-differ": "two parts of an export are of different sites",
    "id-twice": "two posts of the source have the same number; both are brought",
    "site-unnamed": "saved pages do not say which site they are of; their folder stands for it",
    "page-skipped": "a saved page holds no post of its own; it was passed over",
    "attachment-missing": "a file that a post links to is not at hand; its address is kept",
    "attachment-refused": "a file at hand was not taken: too large, or not what its name says",
    "link-dead": "a post links to a page or file of the blog that the source does not hold",
    "markup-removed": "forms, scripts or other parts that run were left out of a post",
    "shortcode-unknown": "a shortcode is not understood; it stands in the post as typed",
    "block-not-shown": "a block makes its content on the site; it is not in the post",
    "gallery-incomplete": "a gallery names pictures that the source does not hold",
    "e-mail-removed": "an e-mail address was left out of a post",
    "link-removed": "a link that does not lead to the web was left out of a post",
    "text-cut": "a post is longer than is read; the rest of its text was left out",
    "too-deep": "a post is nested deeper than is read; its words are kept, without their form",
    "programme-twice": "two posts tell the same programme; the later one counts",
    "gone-at-source": "a post that was brought before is not in the source now; it is kept",
    "conflict": "the source and the archivist both changed a field; the archivist's stays",
    "rule-unknown": "a rule in archive.yaml names a topic that is not there",
    "record-refused": "a record could not be made from a post",
}
"""Code -> what it says, for docs/reference."""


ACTIONS = ("new", "changed", "same", "conflict", "stored", "missing", "skipped")
"""Of records: new, changed, same, conflict. Of attachments: stored, missing. Of both: skipped."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was done with one record.

    Attributes:
        action: one of ACTIONS.
        noun: "seminar", "post", "page", "attachment", "presentation", "person", "topic", ...
        record: id in the archive, "" where there is none.
        title: as shown.
        why: what changed, or why nothing was done.
        source: address or number at the source.
    """

    action: str
    noun: str
    record: str
    title: str
    why: str = ""
    source: str = ""


@dataclass
class Report:
    """What became of a source.

    Attributes:
        counts: type -> how many the source holds.
        comments: how many comments it holds; none is brought.
        steps: one a record, and one for each post, page or attachment that was not brought.
        redirects: old address -> id of the item that answers for it.
        stored: addresses whose files the archive holds.
    """

    site: str = ""
    address: str = ""
    dry_run: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    comments: int = 0
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)

    def step(
        self, action: str, noun: str, record: str, title: str, why: str = "", source: str = ""
    ) -> None:
        """Record what was done with one record."""
        self.steps.append(Step(action, noun, record, title, why, source))

    def problem(
        self, code: str, where: str, message: str,
        severity: Severity = Severity.WARNING, hint: str = "",
    ) -> None:  # fmt: skip
        """Record something that the archivist should look at."""
        self.problems.append(Problem(code, severity, where, message, hint=hint))

    def of(self, action: str) -> list[Step]:
        """Return the steps of one kind."""
        return [step for step in self.steps if step.action == action]

    def summary(self) -> str:
        """Sum up the import in a line."""
        held = ", ".join(f"{n} {kind}{'s' if n != 1 else ''}" for kind, n in self.counts.items())
        done = Counter(step.action for step in self.steps)
        actions = ", ".join(f"{done[a]} {a}" for a in ACTIONS if done[a])
        return f"The source holds {held or 'nothing'}. Records: {actions or 'none'}."

    def to_json(self) -> dict[str, object]:
        """Return all of it, for a program."""
        return {
            "site": self.site,
            "address": self.address,
            "dry_run": self.dry_run,
            "counts": dict(self.counts),
            "comments_left_out": self.comments,
            "steps": [asdict(step) for step in self.steps],
            "problems": [asdict(problem) for problem in self.problems],
            "guesses": [asdict(guess) for guess in self.guesses],
            "redirects": self.redirects,
        }

    def to_markdown(self) -> str:
        """Write all of it, for a reader."""
        lines = [f"# Import of {_cell(self.site or self.address)}", "", self.summary(), ""]
        if self.dry_run:
            lines += ["This was a dry run: nothing was written.", ""]
        if self.comments:
            lines += [f"{self.comments} comments were left out.", ""]
        brought = [s for s in self.steps if s.action != "skipped"]
        skipped = self.of("skipped")
        rows = [(s.action, s.noun, s.record, s.title, s.why) for s in brought]
        lines += _table("Brought", ("what", "kind", "record", "title", "why"), rows)
        left = [(s.noun, s.title, s.why, s.source) for s in skipped]
        lines += _table("Not brought", ("kind", "title", "why", "source"), left)
        problems = [(p.code, p.path, f"{p.message} {p.hint}") for p in self.problems]
        lines += _table("Problems", ("code", "where", "what is wrong, and what to do"), problems)
        ordered = sorted(self.guesses, key=lambda g: g.confidence)
        lines += _table("Guesses to confirm, the least sure first",
                        ("kind", "understood", "sure", "rule", "read from", "record"),
                        ((g.kind, g.value, f"{g.confidence:.2f}", g.rule, g.line, g.record)
                         for g in ordered))  # fmt: skip
        return "\n".join(lines)


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(_cell(c) for c in row)} |" for row in rows]
    if not lines:
        return []
    rule = f"|{'---|' * len(head)}"
    return [f"## {title}", "", f"| {' | '.join(head)} |", rule, *lines, ""]


def _cell(text: str) -> str:
    escaped = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    for mark in "\\`*_[]<>|":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped[:300]
