"""Whatever stands in an export's fields, it ends as sound records or as problems."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blogs import post, write
from coproarchive.catalogue import Catalogue
from coproarchive.ingest.wordpress import import_site
from coproarchive.ingest.wordpress.wxr import WxrSource
from coproarchive.model import Series
from coproarchive.store import Store

ODD = [
    "", " ", "\u200b", "…", "日本語", "Ελλάδα", "<b></b>", "http://[bad", "x" * 3_000,
    "../..", "CON",
    "Seminar 0", "Seminar 6", "By Ada Baker", "A by Ada Baker", "Workshop 12: Slides", "&amp;",
    "\t\n", "Speaker biographies", "Ada Baker", "videos", "2018-02-31", "0000-00-00",
    "9999-12-31",
]  # fmt: skip
LINES = [
    "9.30 A", "10.00 Ada Baker: B", "25.00 C", "11.00", "99 February 2018", "31 June", "Venue: ...",
    "Venue:    ", "Date: 0 May 2018", "Ada Baker is a baker at the University of Bun.", "Abstracts",
    '<a href="http://[bad/x.pdf">x</a>', '<a href="https://x.org/%20.pdf">Ada Baker’s slides</a>',
    '<a href="https://x.org/a.pptx">download here</a>',
    "<a href='https://x.org/" + "a" * 3_000 + ".pdf'>y</a>",
    '<iframe src="https://youtu.be/abcdefghijk"></iframe>', '<img src="//[x">', "[gallery ids=9]",
    "<h2>Speaker biographies</h2>", "a@b.example", "watch the video", "By ", "– Ada Baker",
]  # fmt: skip
odd = st.sampled_from(ODD)
items = st.builds(
    post,
    st.integers(0, 3),
    odd,
    st.lists(st.sampled_from(LINES), max_size=12).map("\n\n".join),
    date=odd,
    terms=st.lists(odd, max_size=2),
    tags=st.lists(odd, max_size=2),
    creator=odd,
    parent=st.integers(0, 3),
    file=st.sampled_from(
        ["", "", "http://[bad/a.pdf", "https://x.org/%20", "https://x.org/a.pdf", "ftp://x/a"]
    ),
    alt=odd,
)


@settings(
    max_examples=15,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(items, min_size=1, max_size=6))
def test_odd_values_end_as_sound_records(posts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "archive", Series(title="Bread"))
        path = write(Path(folder) / "export.xml", *posts)
        first = import_site(store, WxrSource([path]))
        found = Catalogue.load(store)
        assert not found.problems
        assert sum(first.counts.values()) == len(posts)
        assert not [p for p in first.problems if p.code == "record-refused"]
        second = import_site(store, WxrSource([path]))
        assert not second.of("new") and not second.of("changed") and not second.of("conflict")
