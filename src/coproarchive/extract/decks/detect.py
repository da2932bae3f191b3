"""Markdown and HTML are read here: as the deck that they are written for, else as a post."""

from __future__ import annotations

from pathlib import Path

from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.charset import decode
from coproarchive.extract.decks.html_deck import deck_in, read_html_deck
from coproarchive.extract.decks.markdown_deck import flavour_of, read_markdown_deck
from coproarchive.extract.decks.pandoc_deck import is_pandoc_deck, read_pandoc_deck
from coproarchive.extract.decks.slides import metadata_of
from coproarchive.extract.front_matter import split_front_matter
from coproarchive.extract.html import (
    page_metadata,
    parse_html,
    read_page,
    read_post,
)


def read_markdown(path: Path, limits: Limits) -> Extraction:
    """Read Markdown: a deck by its slides, a post by its headings.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    front, body, mistakes = split_front_matter(decode(path.read_bytes()))
    flavour = flavour_of(front, body)
    if flavour is not None:
        return read_markdown_deck(front, body, flavour, limits, mistakes)
    if is_pandoc_deck(front, body):
        return read_pandoc_deck(front, body, limits, mistakes)
    return read_post(body, path.name, limits, metadata_of(front), mistakes)


def read_html(path: Path, limits: Limits) -> Extraction:
    """Read HTML: a deck by its slides, a page by the headings of its main text.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    markup = decode(path.read_bytes())
    tree = parse_html(markup, path.name)
    page = deck_in(tree)
    if page is not None:
        return read_html_deck(page, limits, page_metadata(tree))
    return read_page(markup, path.name, limits, tree)
