"""A post's HTML becomes clean Markdown; nothing that runs survives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from coproarchive.ingest.wordpress.content import Body
from coproarchive.ingest.wordpress.understand.names import Gazetteer
from coproarchive.ingest.wordpress.understand.programme import find_programme
from coproarchive.ingest.wordpress.understand.talks import find_talks
from coproarchive.ingest.wordpress.understand.when import find_date
from coproarchive.ingest.wordpress.wxr import WxrSource


def markdown(content: str, **given: object) -> str:
    return Body(content, raw=True, base="https://bread.example.org/post/", **given).markdown()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("One\ntwo\n\nThree", "One\\\ntwo\n\nThree\n"),
        ("<h2>Head</h2>\nText", "## Head\n\nText\n"),
        ("<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>", "- a\n- b\n  1. c\n"),
        ("<blockquote><p>Said</p></blockquote>", "> Said\n"),
        ("a <strong>bold </strong>word", "a **bold** word\n"),
        ('<a href="/x">go</a>', "[go](https://bread.example.org/x)\n"),
        ('<img src="a.jpg" alt="A loaf">', "![A loaf](https://bread.example.org/post/a.jpg)\n"),
        ("<table><tr><th>A</th></tr><tr><td>1|2</td></tr></table>", "| A |\n| --- |\n| 1\\|2 |\n"),
        ("2 * 3 < 4 [x] # not a heading", "2 \\* 3 \\< 4 \\[x\\] # not a heading\n"),
        ("<hr><p>x</p>", "* * *\n\nx\n"),
        ("<!-- wp:paragraph --><p>Block</p><!-- /wp:paragraph -->", "Block\n"),
        ("It's \"so\"", "It’s “so”\n"),
    ],
)  # fmt: skip
def test_forms_of_text(content: str, expected: str) -> None:
    assert markdown(content) == expected


def test_a_caption_stays_with_its_picture() -> None:
    text = markdown(
        '[caption id="x" width="9"]<img src="/a.jpg" alt="Loaf" /> A fine loaf[/caption]'
    )
    assert text == "![Loaf](https://bread.example.org/a.jpg)\n\nA fine loaf\n"


def test_a_gallery_shows_the_pictures_that_are_known() -> None:
    body = Body('[gallery ids="1,2"]', raw=True, pictures={"1": "https://bread.example.org/1.jpg"})
    assert body.markdown() == "![](https://bread.example.org/1.jpg)\n"
    assert ("gallery-incomplete", "[gallery ids=1,2]") in body.notes.counts


def test_media_become_links() -> None:
    text = markdown(
        "[embed]https://youtu.be/abcdefghijk[/embed]\n\n[audio mp3=\"https://x.org/a.mp3\"][/audio]\n\n"
        '<iframe src="https://player.vimeo.com/video/12345"></iframe>'
    )  # fmt: skip
    assert "https://www.youtube.com/watch?v=abcdefghijk" in text
    assert "https://x.org/a.mp3" in text
    assert "https://vimeo.com/12345" in text


def test_what_is_not_known_stays_and_is_told() -> None:
    body = Body('[wpforms id="3"] and <form>Send</form>', raw=True)
    assert "\\[wpforms id=" in body.markdown()
    assert {code for code, _ in body.notes.counts} == {"shortcode-unknown", "markup-removed"}


def test_email_addresses_stay_out_unless_asked_for() -> None:
    assert "ada@" not in markdown('Ask ada@example.org or <a href="mailto:bo@example.org">Bo</a>')
    assert "ada@example.org" in markdown("Ask ada@example.org", keep_email=True)


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\nscript:alert(1)">x</a>',
    '<svg onload="alert(1)"><script>1</script></svg>',
    '<p onclick="alert(1)">x</p>',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<a href="data:text/html,<script>1</script>">x</a>',
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "[caption]<img src=x onerror=alert(1)>[/caption]",
]


def runs(text: str) -> bool:
    """Whether a reader that lets HTML through would see any, or a link that runs."""
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(text).lower()
    tokens = (
        "<script",
        '<img src="x',
        'onerror="',
        "onclick",
        "<svg",
        "<iframe",
        'href="java',
        'href="data',
    )
    return any(token in shown for token in tokens)


@pytest.mark.threat(14)
@pytest.mark.parametrize("content", HOSTILE)
def test_nothing_that_runs_survives(content: str) -> None:
    assert not runs(markdown(content))


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "`", "<", "[", "](", "\n\n", "    ", "<pre>", "text"]),
        max_size=8,
    )
)
def test_no_mixture_runs(pieces: list[str]) -> None:
    assert not runs(markdown("".join(pieces)))


@pytest.mark.shared
def test_hostile_posts_never_run(shared: Path) -> None:
    for path in sorted((shared / "hostile" / "files" / "wxr").glob("*.xml")):
        for post in WxrSource([path]).posts():
            assert not runs(markdown(post.content)), path


def test_deep_nesting_keeps_its_words() -> None:
    body = Body("<b>" * 5_000 + "deep" + "</b>" * 5_000, raw=True)
    assert "deep" in body.markdown() and body.lines()
    assert ("too-deep", "") in body.notes.counts


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "seed", ["<pre> </script>", "<!-- wp:x ", "[caption]", "(", "1 May ", "Dr Dr "]
)
def test_what_repeats_without_end_is_read_in_time(seed: str) -> None:
    body = Body(seed * (100_000 // len(seed)), raw=True)
    body.markdown()
    lines = body.lines()
    find_programme([*lines, *lines, *lines], Gazetteer())
    find_date("x", lines, "2018-01-01")
    find_talks("Slides", [], lines, Gazetteer(), {})
