"""Decks that are written as text: by slide, with notes as notes, in every way that people write."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from coproarchive.extract.base import Extraction, Helpers, Limits
from coproarchive.extract.copying import make_copy
from coproarchive.extract.table import extract
from coproarchive.model import WITHHELD_BY_DEFAULT, Leaf, Source
from coproarchive.store import media_type_of
from text_decks import DECKS, REVEAL, Deck

NOTED = [deck for deck in DECKS if deck.notes]


def read(folder: Path, name: str, text: str) -> Extraction:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return extract(path, media_type_of(name), Limits())


def words_of(leaf: Leaf, source: Source) -> str:
    return "\n".join(part.text for part in leaf.parts if part.source is source)


@pytest.mark.parametrize("made", DECKS, ids=lambda deck: deck.name)
def test_a_deck_is_read_by_slide_with_its_notes(tmp_path: Path, made: Deck) -> None:
    """Titles, words in their order, notes as notes and nowhere else."""
    deck = read(tmp_path, made.name, made.text)
    assert [leaf.title for leaf in deck.leaves] == [title for title, _ in made.slides]
    assert {leaf.kind for leaf in deck.leaves} == {"slide"}
    for leaf, (_, words) in zip(deck.leaves, made.slides, strict=True):
        shown = [p.text for p in leaf.parts if p.source in (Source.TEXT, Source.TABLE)]
        assert words in "\n".join(shown), leaf
        assert words_of(leaf, Source.NOTES) == made.notes.get(leaf.number, "")
        assert "mention winter" not in "\n".join(shown) + leaf.title
    assert deck.metadata.title in ("Growing rye", "Soil")
    codes = {notice.code for notice in deck.notices}
    assert codes <= {"picture-without-alt"}


@pytest.mark.parametrize("made", NOTED, ids=lambda deck: deck.name)
def test_a_public_copy_of_a_deck_is_without_its_notes(tmp_path: Path, made: Deck) -> None:
    """The source without them, and with every other word; it is read as the same deck."""
    path = tmp_path / made.name
    path.write_text(made.text, encoding="utf-8")
    kind = media_type_of(made.name)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    withheld = frozenset(WITHHELD_BY_DEFAULT)
    copied = make_copy(path, kind, withheld, Limits(), Helpers(scratch=str(scratch)))
    assert not copied.why and "notes" in copied.removed
    copy = Path(copied.path).read_text(encoding="utf-8")
    for note in made.notes.values():
        assert note in made.text and note not in copy
    for hidden in ("a comment", "why not", "// why"):
        assert hidden not in copy
    (tmp_path / f"copy-{made.name}").write_text(copy, encoding="utf-8")
    again = extract(tmp_path / f"copy-{made.name}", kind, Limits())
    assert [leaf.title for leaf in again.leaves] == [title for title, _ in made.slides]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("post.md", "# On bread\n\nFold it.\n\n---\n\nMore.\n\n<!-- not yet -->\n"),
        ("note.md", "# On bread\n\nFold it.\n\nNote: by hand.\n\n---\n\nMore.\n\n---\n\nEnd.\n"),
        ("post.html", "<html><body><article><h1>On bread</h1><div class='slide'>x</div><p>"
                      "Fold it, and let it rest for an hour.</p></article></body></html>"),
        ("thesis.tex", "\\section{On bread}\nFold it.\n"),
        ("notes.org", "* On bread\nFold it.\n"),
        ("read.rst", "On bread\n========\n\nFold it.\n"),
        ("read.adoc", "= On bread\n\nFold it.\n"),
        ("post.qmd", "---\ntitle: On bread\n---\n\n# On bread\n\nFold it.\n"),
        ("b.ipynb", '{"cells": [{"cell_type": "markdown", "source": "# On bread\\n\\nFold it"}]}'),
    ],
)  # fmt: skip
def test_what_is_no_deck_is_read_by_its_headings(tmp_path: Path, name: str, text: str) -> None:
    """Sections, as a post has them."""
    read_text = read(tmp_path, name, text)
    assert {leaf.kind for leaf in read_text.leaves} == {"section"}
    assert read_text.leaves[0].title == "On bread" and "Fold it" in read_text.leaves[0].text


@pytest.mark.parametrize(
    ("name", "text", "title", "words"),
    [
        ("chat.txt", "<Ada Baker> works for me\n<Bo> see <http://example.org/rye>\n", "",
         "<Ada Baker> works for me\n<Bo> see <http://example.org/rye>"),
        ("agenda.txt", "Agenda\n\nIs rye in scope?   (20 mins)\n========\nTotal: 30 *mins*\n",
         "Agenda", "Is rye in scope? (20 mins)\n========\nTotal: 30 *mins*"),
    ],
)  # fmt: skip
def test_plain_text_has_no_markup(
    tmp_path: Path, name: str, text: str, title: str, words: str
) -> None:
    """Angle brackets, rules and stars are words of it."""
    leaf = read(tmp_path, name, text).leaves[0]
    assert (leaf.title, leaf.text) == (title, words)


def test_front_matter_in_toml_is_read(tmp_path: Path) -> None:
    """As YAML is: title, author, day, tags."""
    post = read(
        tmp_path, "post.md",
        '+++\ntitle = "Growing rye"\nauthor = "Ada Baker"\ndate = 2024-05-02\n'
        'tags = ["rye", "soil"]\n+++\n\n# First\n\nWords.\n',
    )  # fmt: skip
    about = post.metadata
    assert (about.title, about.authors) == ("Growing rye", ("Ada Baker",))
    assert (about.date, about.keywords) == ("2024-05-02", ("rye", "soil"))
    assert [leaf.title for leaf in post.leaves] == ["First"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "---\ntheme: seriph\nlayout: x\n---\n\n# One\n\n---\nhide: true\n---\n\n# Two\n"),
        ("a.html", f"{REVEAL}<section><h1>One</h1></section><section data-visibility='hidden'>"
                   "<h1>Two</h1></section></div></div>"),
        ("a.org", "#+REVEAL_THEME: x\n* One\n* COMMENT Two\n"),
        ("a.qmd", "---\nformat: revealjs\n---\n\n## One\n\n## Two {visibility='hidden'}\n"),
        ("a.ipynb", json.dumps({"cells": [
            {"cell_type": "markdown", "source": f"# {title}",
             "metadata": {"slideshow": {"slide_type": kind}}}
            for title, kind in (("One", "slide"), ("Two", "skip"))]})),
    ],
)  # fmt: skip
def test_slides_left_out_of_the_show_are_hidden(tmp_path: Path, name: str, text: str) -> None:
    """In the words of each framework; a public copy has none of them, or there is no copy."""
    deck = read(tmp_path, name, text)
    assert [(leaf.title, leaf.hidden) for leaf in deck.leaves] == [("One", False), ("Two", True)]
    helpers = Helpers(scratch=str(tmp_path))
    withheld = frozenset(WITHHELD_BY_DEFAULT)
    copied = make_copy(tmp_path / name, media_type_of(name), withheld, Limits(), helpers)
    assert copied.why or "Two" not in Path(copied.path).read_text(encoding="utf-8")


SECRET = "the words of another file"


@pytest.mark.threat(13)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tex", "\\begin{frame}{One}\\input{SECRET}\\verbatiminput{SECRET}\\end{frame}"),
        ("a.rst", "One\n===\n\n.. include:: SECRET\n\n.. literalinclude:: SECRET\n\n"
                  ".. csv-table::\n   :file: SECRET\n\n.. raw:: html\n   :file: SECRET\n"),
        ("a.org", "#+INCLUDE: \"SECRET\"\n* One\n"),
        ("a.adoc", "= One\n\ninclude::SECRET[]\n"),
        ("a.slide", "One\n\nAda Baker\n\n* Two\n\n.code SECRET\n.html SECRET\n"),
        ("a.md", "---\ntheme: seriph\nlayout: x\n---\n\n# One\n\n---\nsrc: SECRET\n---\n"),
        ("a.qmd", "---\nformat: revealjs\n---\n\n## One\n\n{{< include SECRET >}}\n"),
        ("a.html", f"{REVEAL}<section><h1>One</h1></section><section data-markdown='SECRET'>"
                   "</section></div></div>"),
    ],
)  # fmt: skip
def test_nothing_outside_the_file_is_read_and_that_is_said(
    tmp_path: Path, name: str, text: str
) -> None:
    """What a deck includes is named in a problem, and never opened."""
    (tmp_path / "secret.txt").write_text(SECRET, encoding="utf-8")
    for address in (str(tmp_path / "secret.txt"), "secret.txt"):
        deck = read(tmp_path, name, text.replace("SECRET", address))
        assert SECRET not in repr(deck.leaves)
        assert "words-elsewhere" in {notice.code for notice in deck.notices}
        assert deck.leaves[0].title == "One"


DEEP = 3_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tex", "\\begin{frame}" + "{" * DEEP + "x" + "}" * DEEP + "\\end{frame}"),
        ("b.tex", "\\begin{frame}" + "\\begin{itemize}\\item x" * DEEP),
        ("c.tex", "\\note{" * DEEP),
        ("a.org", "* x\n" + "[[" * DEEP + "*_/" * DEEP),
        ("a.rst", "\n".join(" " * n + "* x\n" for n in range(300))),
        ("b.rst", "*" * DEEP + "\n\n" + "`" * DEEP + "\n\n.. note::" * 200),
        ("a.adoc", "[NOTE.speaker]\n--\n" * DEEP),
        ("a.slide", "x\n\n* " + "*_`" * DEEP + "\n" + "[[" * DEEP),
        ("a.qmd", "---\nformat: revealjs\n---\n" + "::: notes\n" * DEEP),
        ("a.md", "---\nmarp: true\n---\n" + "<!-- " * DEEP + "`" * DEEP + "\n---\n" * DEEP),
        ("b.md", "class: x\n\n" + ".a[" * DEEP + "\n---\n???\n" * DEEP),
        ("a.html", f"{REVEAL}" + "<section>" * DEEP + "x"),
        ("b.html", f"{REVEAL}<section data-markdown data-separator='^(a+)+$'>" + "a" * DEEP + "!"),
        ("a.ipynb", '{"cells": ' + "[" * 100_000),
        ("b.ipynb", json.dumps({"cells": [1, None, {"cell_type": "code", "outputs": [3, {}]}]})),
        ("c.ipynb", '{"worksheets": [3, {"cells": 4}]}'),
    ],
)  # fmt: skip
def test_hostile_texts_take_no_time(tmp_path: Path, name: str, text: str) -> None:
    """Nesting without end, marks that nothing closes, patterns of a page's own."""
    started = time.monotonic()
    extraction = read(tmp_path, name, text)
    assert time.monotonic() - started < 8
    assert extraction.leaves or extraction.notices
    assert not any("damaged (" in notice.message for notice in extraction.notices)
