"""A talk's pages: its overview, a page for each slide, posts as posts, the copy in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.util import Inches
from starlette.testclient import TestClient

from coproarchive.extract.base import Extraction
from coproarchive.extract.cache import packed
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Kind, Leaf, Link, Part, Source
from coproarchive.publish.addresses import leaf_path
from coproarchive.store import Store
from coproarchive.web.media import at_second, recordings
from coproarchive.web.words import leaf_words
from making import SEMINAR, make_pdf
from serving import client_of

BREAD = f"/item/{SEMINAR}/bread-for-all"


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with client_of(library) as opened:
        yield opened


def item_with(*names: str, kind: Kind = Kind.PRESENTATION) -> Item:
    """An item with files of these names."""
    kinds = {"pdf": "application/pdf", "vtt": "text/vtt", "srt": "application/x-subrip",
             "md": "text/markdown", "mp4": "video/mp4", "png": "image/png", "wav": "audio/wav",
             "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
             }  # fmt: skip
    assets = tuple(
        Asset(path=n, media_type=kinds[n.rpartition(".")[2]], size=1, sha256="0" * 64)
        for n in names
    )
    return Item(id="s/talk", title="A talk", kind=kind, assets=assets)


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("files", "file", "kind", "path"),
    [
        (("a.pptx",), "a.pptx", "slide", "/item/s/talk/slide/3"),
        (("a.pptx", "a.pdf"), "a.pdf", "page", "/item/s/talk/page/3"),
        (("a.pdf", "b c.pdf"), "b c.pdf", "page", "/item/s/talk/b%20c.pdf/page/3"),
        (("a.mp4", "a.vtt"), "a.vtt", "cue", "/item/s/talk/cue/3"),
        (("p.png", "p.md"), "p.md", "section", "/item/s/talk/section/3"),
    ],
)
def test_an_address_names_the_file_only_where_it_must(
    files: tuple[str, ...], file: str, kind: str, path: str
) -> None:
    """The first file that may have such leaves needs no name."""
    assert leaf_path(item_with(*files), file, kind, 3) == path


def test_both_files_of_a_kind_have_pages(
    archive: Path, tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """The second by its name; a page that the first lacks is not looked for in the second."""
    store = Store(archive)
    files = {name: make_pdf(tmp_path / name, pages) for name, pages in
             (("one.pdf", ["Oats"]), ("two b.pdf", ["Barley", "Malt"]))}  # fmt: skip
    store.add_item(Item(id="two", title="Two"), files)
    library = open_library(archive)
    library.update_index()
    with client_of(library) as client:
        assert "Oats" in client.get("/item/two/page/1").text
        second = client.get("/item/two/two%20b.pdf/page/2")
        assert "Malt" in second.text
        assert 'href="http://127.0.0.1:8501/item/two/two%20b.pdf/page/2"' in second.text
        assert client.get("/item/two/page/2").status_code == 404
        overview = client.get("/item/two").text
        assert 'id="page-1"' in overview
        assert 'id="two-b-pdf-page-2"' in overview
        step = r'data-key="{}" href="([^"]*)"><span[^>]*>(.*?)</span>.*?: ([^<]*)</span>'
        first, last = (client.get(f"/item/two/{place}").text for place in
                       ("page/1", "two%20b.pdf/page/1"))  # fmt: skip
        onward = ("/item/two/two%20b.pdf/page/1", "Next file ›", "Page 1 of two b.pdf")
        assert re.findall(step.format("ArrowRight"), first) == [onward]
        back = ("/item/two/page/1", "‹ File before", "Page 1 of one.pdf")
        assert re.findall(step.format("ArrowLeft"), last) == [back]


# ------------------------------------------------------------------ a slide


def test_a_slide_is_a_page_of_its_own(client: TestClient) -> None:
    """Picture, words, neighbours, its talk, its citation; whole without script."""
    answer = client.get(f"{BREAD}/slide/3")
    page = answer.text
    assert answer.status_code == 200
    for text in (
        f'<link rel="canonical" href="http://127.0.0.1:8501{BREAD}/slide/3">',
        'id="slide-3"', "Millstone", "Slide 3 of 4",
        f'rel="prev" data-key="ArrowLeft" href="{BREAD}/slide/2"',
        f'rel="next" data-key="ArrowRight" href="{BREAD}/slide/4"',
        f'href="{BREAD}"', 'href="/person/ada-baker"', f'href="/seminar/{SEMINAR}"',
        '<th scope="col">Flour</th>', "<td>Spelt</td>",
        f"[presentation, slide 3]. Seminar 1: Baking together, Crumbtown. Talks on bread. "
        f"http://127.0.0.1:8501{BREAD}/slide/3",
    ):  # fmt: skip
        assert text in page, text
    assert "Secret recipe" not in page
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_every_slide_leads_to_the_next_and_back(client: TestClient) -> None:
    """From the first to the last by links alone; the hidden one is not among them."""
    path, walked = f"{BREAD}/slide/1", []
    while path:
        page = client.get(path).text
        walked.append(path)
        onward = re.search(r'rel="next" data-key="ArrowRight" href="([^"]+)"', page)
        path = onward[1] if onward else ""
    assert walked == [f"{BREAD}/slide/{n}" for n in (1, 2, 3, 4)]


def test_words_are_marked_counted_and_walked(client: TestClient) -> None:
    """The hits of this talk with a link to each; the words go along from page to page."""
    page = client.get(f"{BREAD}/slide/2", params={"q": "bread OR millstone"}).text
    assert "2 places for “bread OR millstone”" in page
    assert f'href="{BREAD}/slide/1?q=bread+OR+millstone" data-key="p"' in page
    assert f'href="{BREAD}/slide/3?q=bread+OR+millstone" data-key="n"' in page
    assert "<mark>Millstone</mark>" in client.get(f"{BREAD}/slide/3?q=millstone").text
    nothing = client.get(f"{BREAD}/slide/2", params={"q": "xylophone"}).text
    assert "Nothing in this talk for “xylophone”" in nothing
    overview = client.get(BREAD, params={"q": "millstone"}).text
    assert "1 place for “millstone”" in overview
    assert "<mark>Millstone</mark>" in overview


@pytest.mark.threat(4)
@pytest.mark.parametrize(
    "path",
    [f"{BREAD}/slide/5", f"{BREAD}/slide/0", f"{BREAD}/slide/99", f"{BREAD}/page/1",
     f"{BREAD}/bread.pptx/slide/5", f"{BREAD}/other.pptx/slide/1", f"{BREAD}/slide/x",
     f"/item/{SEMINAR}/hidden-talk/section/1", f"/item/{SEMINAR}/hidden-talk/text",
     "/item/nothing/slide/1", "/item//slide/1", "/item/nothing/text",
     f"/item/{SEMINAR}/bread-for-all/slide/99999999999999999999"],
)  # fmt: skip
def test_no_page_of_what_readers_do_not_see(client: TestClient, path: str) -> None:
    """Hidden slides and items are not there, as what never was."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert "zanzibar" not in answer.text.casefold()
    assert "Secret recipe" not in answer.text


@pytest.mark.threat(10)
@pytest.mark.parametrize("path", ["/item/withdrawn/slide/1", "/item/withdrawn/text"])
def test_pages_of_what_was_taken_back_say_so(client: TestClient, path: str) -> None:
    """410 with the reason."""
    answer = client.get(path)
    assert answer.status_code == 410
    assert "The speaker asked for it." in answer.text


@pytest.mark.threat(10)
def test_withheld_words_are_on_no_page(archive: Path, open_library: Callable[..., Library]) -> None:
    """Notes that are not released: neither on the slide, nor in words, nor found."""
    store = Store(archive)
    item = store.read_item(f"{SEMINAR}/bread-for-all")
    store.save_item(item.model_copy(update={"release": ()}))
    library = open_library(archive)
    library.update_index()
    with client_of(library) as client:
        for path in (f"{BREAD}/slide/2", f"{BREAD}/text", BREAD, f"{BREAD}/slide/2?q=anecdote"):
            assert "rye anecdote" not in client.get(path).text
        assert "Nothing in this talk" in client.get(f"{BREAD}/slide/2?q=anecdote").text


def test_a_long_deck_stays_light(archive: Path, open_library: Callable[..., Library]) -> None:
    """A slide of 231 under 60 KiB with styles and scripts; under 40 by itself, even one that is
    full of words that are marked; its overview under 120."""
    path = Store(archive).root / "windmills" / "mill.pdf"
    library = open_library(archive)
    library.update_index()
    asset = library.catalogue().item("windmills").assets[0]
    words = tuple(Part(Source.TEXT, "Grist and grain and flour. " * 40) for _ in range(120))
    leaves = tuple(
        Leaf(n, "page", f"A page of the mill, number {n}", words if n == 121 else words[:1])
        for n in range(1, 232)
    )
    cache = library.reader._cache
    cache.put(asset.sha256, asset.media_type, packed(Extraction(leaves), library.reader.limits))
    library.update_index(rebuild=True)
    assert path.exists()
    with client_of(library) as client:
        names = ("site.css", "viewer.js", "cite.js")
        beside = sum(len(client.get(f"/look/{name}").content) for name in names)
        assert len(client.get("/item/windmills/page/120").content) + beside < 60 * 1024
        for address in ("page/121", "page/121?q=grist", "page/231?q=flour"):
            assert len(client.get(f"/item/windmills/{address}").content) < 40 * 1024, address
        cut = client.get("/item/windmills/page/121").text
        assert 'href="/item/windmills/text#page-121">All its words' in cut
        assert "All 231 places" in client.get("/item/windmills/page/121?q=grist").text
        assert len(client.get("/item/windmills").content) < 120 * 1024


# ------------------------------------------------------------------ one talk, several files


WORDS = (
    ("Ovens of the north", "Who built them and for whom they were built"),
    ("Beech and oak", "Wood dries for two winters before it is burnt"),
    ("Clay walls", "Straw holds the clay together while it dries"),
    ("Heat at dawn", "The baker sweeps the ashes out and waits a little"),
)


def test_a_slide_in_two_files_is_one(
    archive: Path, tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """Shown once on the overview and in words; each form has its page, the first is canonical."""
    deck = Presentation()
    for title, text in WORDS:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, text
    deck.save(str(tmp_path / "ovens.pptx"))
    pages = ["Only on paper: a list of kilns and their makers", *map("\n".join, WORDS)]
    files = {
        "ovens.pptx": tmp_path / "ovens.pptx",
        "ovens.pdf": make_pdf(tmp_path / "ovens.pdf", pages),
    }
    Store(archive).add_item(Item(id="ovens", title="Ovens"), files)
    library = open_library(archive)
    library.update_index()
    with client_of(library) as client:
        overview = client.get("/item/ovens").text
        slide = client.get("/item/ovens/slide/2").text
        twin = client.get("/item/ovens/page/3").text
        words = client.get("/item/ovens/text").text
        assert "1 place for “winters”" in client.get("/item/ovens/page/3?q=winters").text
    assert overview.count("data-leaf") == 5
    assert "Page 1 is only in ovens.pdf." in overview
    assert 'id="ovens-pdf-page-3"' in overview
    assert 'href="/item/ovens/page/3">PDF, page 3</a>' in slide
    assert 'href="/file/ovens/ovens.pdf#page=3"' in slide
    assert '<link rel="canonical" href="http://127.0.0.1:8501/item/ovens/slide/2">' in twin
    assert words.count("for two winters") == 1


# ------------------------------------------------------------------ structure


def test_bullets_keep_their_levels(tmp_path: Path, archive: Path,
                                   open_library: Callable[..., Library]) -> None:  # fmt: skip
    """Lists in lists, a broken line within its bullet, links where their words stand."""
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Ovens"
    body = slide.placeholders[1].text_frame
    body.text = "Wood"
    for text, level in (("Beech", 1), ("Oak\vold", 1), ("Gas", 0)):
        paragraph = body.add_paragraph()
        paragraph.text, paragraph.level = text, level
    body.add_paragraph().add_run().text = "More on "
    run = body.paragraphs[-1].add_run()
    run.text, run.hyperlink.address = "ovens", "https://example.org/ovens"
    box = slide.shapes.add_textbox(Inches(1), Inches(6), Inches(4), Inches(1)).text_frame
    box.text = "A box of its own"
    deck.save(str(tmp_path / "ovens.pptx"))
    Store(archive).add_item(Item(id="ovens", title="Ovens"), {"o.pptx": tmp_path / "ovens.pptx"})
    library = open_library(archive)
    library.update_index()
    with client_of(library) as client:
        page = client.get("/item/ovens/slide/1").text
    link = '<a href="https://example.org/ovens" rel="nofollow">ovens</a>'
    assert (
        "<ul><li>Wood<ul><li>Beech</li><li>Oak<br>old</li></ul></li><li>Gas</li>"
        f"<li>More on {link}</li></ul><p>A box of its own</p>"
    ) in page
    assert "<h3>Links</h3>" not in page


def test_bullets_of_a_pdf_are_lists() -> None:
    """By the signs at the beginning of lines, each new one a level deeper."""
    part = Part(Source.TEXT, "Threads\n• Not a success\n– e.g. numpy\n• Use processes\nThe end")
    html, _ = leaf_words(Leaf(1, "page", "", (part,)))
    assert html == (
        "<p>Threads</p><ul><li>Not a success<ul><li>e.g. numpy</li></ul></li>"
        "<li>Use processes</li></ul><p>The end</p>"
    )


@pytest.mark.threat(1)
def test_a_link_that_would_run_is_text() -> None:
    """Only addresses of the web and of mail are live, wherever a file says that it is a link."""
    parts = (
        Part(Source.TEXT, "Click here, or see https://example.org/a?b=1&c=2."),
        Part(Source.LINK, "javascript:alert(1)", anchor="here"),
        Part(Source.LINK, "https://example.org/a?b=1&c=2"),
        Part(Source.LINK, "https://example.org/<b>\"", anchor="not there"),
    )  # fmt: skip
    html, _ = leaf_words(Leaf(1, "slide", "", parts))
    assert 'href="javascript' not in html
    assert html.count('href="https://example.org/a?b=1&amp;c=2"') == 1
    assert 'href="https://example.org/&lt;b&gt;&#34;"' in html


@pytest.mark.threat(11)
def test_a_hostile_table_and_a_thousand_links_cost_what_they_are_long() -> None:
    """One row of very many columns does not make all others as wide; every link is there once."""
    table = Part(Source.TABLE, "\n".join(["|" * 1_000, *["a|b"] * 1_000]))
    html, _ = leaf_words(Leaf(1, "slide", "", (table,)))
    assert html.count("<tr>") == 1_001
    assert len(html) < 2_000_000
    lines = "\n".join(f"line{n} here" for n in range(300))
    links = [Part(Source.LINK, f"https://x.example/{n}.", anchor=f"line{n} ") for n in range(600)]
    html, _ = leaf_words(Leaf(1, "slide", "", (Part(Source.TEXT, lines), *links)))
    assert all(html.count(f'href="https://x.example/{n}."') == 1 for n in range(600))
    assert '<p><a href="https://x.example/299." rel="nofollow">line299 </a>here</p>' in html


# ------------------------------------------------------------------ the copy in words


def test_all_words_of_a_deck_by_headings(client: TestClient) -> None:
    """Headings, tables, what pictures show, released notes; said to be made by a machine."""
    page = client.get(f"{BREAD}/text").text
    headings = re.findall(r'<h2 id="(slide-\d)">', page)
    assert headings == ["slide-1", "slide-2", "slide-3", "slide-4"]
    for text in ("Made by machine", "Ask for a better one", "A brown crust seen closely",
                 "Speaker’s notes", "Remember the rye anecdote", '<th scope="col">'):  # fmt: skip
        assert text in page
    assert "<img" not in page
    assert "Secret recipe" not in page


# ------------------------------------------------------------------ posts


POST = """# Ovens of the north

See [the mill](https://example.org/mill) and [old](/2019/02/old).

- Wood
  - Beech
- Gas

## How to build one

```
heat = 3 < 5
```

| Stone | Hours |
| --- | --- |
| Tuff | 4 |

![A red oven](oven.png) ![Not held](https://elsewhere.example/x.png)

<script>alert(1)</script><b onclick="x()">bold</b><style>p{}</style>
<iframe src="https://www.youtube.com/embed/abc"></iframe>
<a href="javascript:alert(2)">bad</a>
"""


def test_a_post_is_one_flow_with_addresses(
    archive: Path, tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """Links live, lists, code, tables, held pictures; nothing that runs or is fetched elsewhere."""
    files = {"ovens.md": tmp_path / "ovens.md", "oven.png": tmp_path / "oven.png"}
    files["ovens.md"].write_text(POST)
    files["oven.png"].write_bytes(b"\x89PNG\r\n\x1a\n")
    Store(archive).add_item(Item(id="ovens", title="Ovens of the north", kind=Kind.POST), files)
    library = open_library(archive)
    library.update_index()
    with client_of(library) as client:
        page = client.get("/item/ovens").text
        section = client.get("/item/ovens/section/2").text
        found = client.get("/item/ovens?q=heat").text
    for text in (
        '<a href="https://example.org/mill" rel="nofollow noopener noreferrer">the mill</a>',
        "<ul>\n<li>Wood\n<ul>\n<li>Beech</li>", "<pre><code>heat = 3 &lt; 5\n</code></pre>",
        "<th>Stone</th>", "<td>Tuff</td>", '<img src="/file/ovens/oven.png" alt="A red oven">',
        "[Picture: Not held]", '<h2 id="section-2">How to build one',
        'href="https://www.youtube.com/embed/abc"', "<b>bold</b>",
    ):  # fmt: skip
        assert text in page, text
    for text in ("alert(", "onclick", "javascript:", "elsewhere.example", "<style", 'href="/2019'):
        assert text not in page.partition("<main")[2]
    assert "How to build one</h1>" in section
    assert "heat = 3 &lt; 5" in section
    assert "<mark>heat</mark> = 3 &lt; 5" in found


# ------------------------------------------------------------------ recordings


def test_recordings_are_played_at_their_second() -> None:
    """With the captions of their name as tracks; SubRip's by way of WebVTT."""
    (talk,) = recordings(item_with("t.mp4", "t.vtt", "t.de.srt"), 75.4, "en")
    assert talk.address == "/file/s/talk/t.mp4#t=75"
    assert talk.tracks == (
        ("/file/s/talk/t.vtt", "en", "Captions (en)"),
        ("/file/s/talk/t.de.srt.vtt", "de", "Captions (de)"),
    )


def test_sound_has_its_captions_too() -> None:
    """In a video element, as browsers show captions in no other; without any in one for sound."""
    (spoken,) = recordings(item_with("t.wav", "t.vtt"), None, "en")
    assert (spoken.element, spoken.media_type, len(spoken.tracks)) == ("video", "audio/wav", 1)
    (alone,) = recordings(item_with("t.wav"), None, "en")
    assert (alone.element, alone.tracks) == ("audio", ())


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("https://www.youtube.com/watch?v=x", "https://www.youtube.com/watch?v=x&t=75s"),
        ("https://youtu.be/x?t=3", "https://youtu.be/x?t=75s"),
        ("https://vimeo.com/123", "https://vimeo.com/123#t=75s"),
        ("https://tube.example/w/abc", "https://tube.example/w/abc?start=75"),
        ("https://example.org/talk.mp4", "https://example.org/talk.mp4#t=75"),
        ("https://example.org/talk", ""),
    ],
)
def test_a_second_of_a_recording_elsewhere(address: str, there: str) -> None:
    """As each site documents it; where it is not known, nothing is made up."""
    assert at_second(address, 75.9) == there


def test_a_cue_plays_the_recording(
    archive: Path, tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """A video with its captions, and the same elsewhere, at the second; SubRip read as WebVTT."""
    files = {"t.mp4": tmp_path / "t.mp4", "t.srt": tmp_path / "t.srt"}
    files["t.mp4"].write_bytes(b"not a film")
    files["t.srt"].write_text("1\n00:01:05,500 --> 00:01:07,000\nKneading takes time\n")
    item = Item(id="film", title="Film", kind=Kind.VIDEO,
                held_at=(Link(label="Tube", url="https://youtu.be/x"),))  # fmt: skip
    Store(archive).add_item(item, files)
    library = open_library(archive)
    library.update_index()
    with client_of(library) as client:
        page = client.get("/item/film/cue/1")
        captions = client.get("/file/film/t.srt.vtt")
    assert '<source src="/file/film/t.mp4#t=65" type="video/mp4">' in page.text
    assert '<track kind="captions" src="/file/film/t.srt.vtt" srclang="en-GB"' in page.text
    assert 'href="https://youtu.be/x?t=65s"' in page.text
    assert "media-src 'self'" in page.headers["content-security-policy"]
    assert captions.headers["content-type"] == "text/vtt; charset=utf-8"
    assert captions.text.startswith("WEBVTT\n\n1\n00:01:05.500 --> 00:01:07.000\n")


def test_what_a_talk_page_says_of_its_files(client: TestClient) -> None:
    """Plain labels; the programme's slot; a search field; a picture for who links to it."""
    page = client.get(BREAD).text
    assert ">PowerPoint<span" in page
    assert re.search(r">Text, \d+ Bytes<span", client.get("/item/a-post").text)
    assert "<time>10:00</time> to <time>11:00</time>" in page
    assert 'role="search" action="/search"' in page
    cover = f"http://127.0.0.1:8501/picture/{SEMINAR}/bread-for-all/bread.pptx/1-1000.webp"
    assert f'<meta property="og:image" content="{cover}">' in page
    assert page.count("data-leaf") == 4
    assert 'name="q"' in client.get("/people").text
