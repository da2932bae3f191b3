"""/desk/figures: what the archive holds, as charts with their tables; /desk/care: that it stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from starlette.responses import Response

from coproarchive.desk.care_log import CareLog
from coproarchive.operate.figures import Figures, YearGrowth, figures_of
from coproarchive.store.changes import BEGIN
from coproarchive.web.desk.frame import DeskRequest, DeskRoute
from coproarchive.web.over_time import HEIGHT, WIDTH
from coproarchive.web.render import kind_of_media_type

OLD_DAYS = 90
"""Days after which a verification or a backup is said to be long ago."""
MOST_CHANGES = 1_000
"""Changes since the last backup that are counted."""
_LEAVES = {"slide": "slides", "page": "pages", "section": "sections of posts",
           "cue": "captions"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a chart that is a table too: what, how much in words, and its length in percent."""

    label: str
    value: str
    percent: float
    detail: str = ""


def figures(r: DeskRequest) -> Response:
    """Show what the archive holds."""
    counted = figures_of(r.library)
    return r.page(
        "desk/figures.html",
        "Figures",
        counts=[(_one(name) if number == 1 else name, number)
                for name, number in counted.counts.items() if name != "bytes"],
        size=counted.counts["bytes"],
        leaves=[(_LEAVES[kind], number) for kind, number in counted.leaves.items() if number],
        unread=counted.unread,
        formats=_formats(counted),
        years=counted.years,
        points=_points(counted.years),
        width=WIDTH,
        height=HEIGHT,
        undated=counted.undated,
        coverage=[Bar(c.name, f"{c.filled:,} of {c.of:,}", c.percent, f"{c.percent:.0f}%")
                  for c in counted.coverage if c.of],
        unanswered=counted.unanswered,
        counts_searches=counted.counts_searches,
    )  # fmt: skip


def _one(name: str) -> str:
    """Return what is counted, where there is one of it."""
    return "person" if name == "people" else name.removesuffix("s")


def _formats(counted: Figures) -> list[Bar]:
    """Return the files by kind, as readers call it: several media types may be one."""
    files, sizes = Counter[str](), Counter[str]()
    for each in counted.formats:
        kind = kind_of_media_type(each.media_type)
        files[kind] += each.files
        sizes[kind] += each.size
    most = max(files.values(), default=1)
    return [Bar(kind, f"{number:,}", 100 * number / most, f"{sizes[kind] / 1e6:,.1f} MB")
            for kind, number in files.most_common()]  # fmt: skip


def _points(years: Sequence[YearGrowth]) -> list[tuple[float, float]]:
    """Return the line of items up to each year's end, in the chart's units."""
    step, top = WIDTH / max(len(years) - 1, 1), max((y.total for y in years), default=1)
    return [(round(n * step, 1), round(HEIGHT * (1 - y.total / top), 1))
            for n, y in enumerate(years)]  # fmt: skip


def care(r: DeskRequest) -> Response:
    """Show when files were last compared with their checksums, and backed up."""
    log = CareLog(r.library.settings.index)
    verified, backed_up = log.last_verify(), log.last_backup()
    changes, is_more = _changes_since(r, backed_up.when if backed_up else "")
    return r.page(
        "desk/care.html",
        "Care",
        verified=verified,
        verified_days=_days(verified.when) if verified else None,
        backed_up=backed_up,
        backed_up_days=_days(backed_up.when) if backed_up else None,
        changes=changes,
        is_more=is_more,
        old_days=OLD_DAYS,
        is_begun=(r.library.settings.index / "verify.json").exists(),
    )


def _days(when: str) -> int:
    return (datetime.now(UTC) - datetime.fromisoformat(when)).days


def _changes_since(r: DeskRequest, when: str) -> tuple[int, bool]:
    """Return how many changes the history tells of since a moment, and whether there are more."""
    since = (c for c in r.library.store.recorder.log.changes() if c.activity.name != BEGIN)
    count = 0
    for change in islice(since, MOST_CHANGES):
        if when and change.when <= when:
            return count, False
        count += 1
    return count, count == MOST_CHANGES


ROUTES = (
    DeskRoute("/desk/figures", show=figures, label="Figures"),
    DeskRoute("/desk/care", show=care, label="Care"),
)
