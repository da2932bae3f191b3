"""A page that shows every part of the pages, with invented examples: /look/parts.

For those who change styles: in both themes, at any width, in print and with forced colours. What is
shown is made by the templates that readers' pages are made by. docs/develop/design.md explains it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from coproarchive.library import Library
from coproarchive.model import Contribution, Item, Kind
from coproarchive.search.hits.results import Snippet
from coproarchive.web import render
from coproarchive.web.leaves import Glimpse
from coproarchive.web.search_view import Choice, HitView, SlideView

PATH = "/look/parts"
TOKENS = ("paper", "card", "tint", "line", "bar", "quiet", "ink", "accent", "mark", "hit", "line-2")
"""Colours that the page shows as patches."""
TEXTS = ("xs", "s", "m", "l", "xl", "2xl", "3xl")
SPACES = (1, 2, 3, 4, 5, 6, 7)
PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 9'%3E"
    "%3Crect width='16' height='9' fill='%230a5961'/%3E%3C/svg%3E"
)
"""Stands for a slide."""


def _talks() -> list[Item]:
    """Return talks that nobody gave."""
    people = (Contribution(person="ada-example"), Contribution(person="bo-example"))
    return [
        Item(id="example/one", title="A talk with a first slide", people=people, date="2017-07-06"),
        Item(id="example/two", title="A post, which has none", kind=Kind.POST, date="2018"),
    ]


def _slide(number: int, title: str, marks: tuple[tuple[int, int], ...] = ()) -> SlideView:
    """Return a slide that answers."""
    name, words = f"Slide {number}", Snippet("Words around the match, cut …", ((17, 22),))
    return SlideView("#hits", PICTURE, name, Snippet(title, marks), words, "", "")


def _hit() -> HitView:
    """Return a talk that answers, with its best slides."""
    return HitView(
        href="#hits",
        title=Snippet("A talk that answers", ((2, 6),)),
        about="PowerPoint, 13 slides · 6 July 2017",
        seminar=("example", "A seminar"),
        speakers=[("ada-example", "Ada Example")],
        snippet=Snippet(""),
        slides=[_slide(4, "Words with marks", ((0, 5),)), _slide(5, "Words without")],
        more=3,
        more_href="#hits",
        missing=["absent"],
        matched=[("talk", "title, slide 4")],
        language="en",
    )


def parts_page(library: Library, _: Request) -> Response:
    """Serve /look/parts."""
    html = render.page(
        "parts.html",
        library.public(),
        PATH,
        "Parts",
        tokens=TOKENS,
        texts=TEXTS,
        spaces=SPACES,
        talks=_talks(),
        glimpses={"example/one": Glimpse(None, PICTURE, "PowerPoint, 13 slides")},
        hit=_hit(),
        choices=[
            Choice("A value", "#facets", True, 12, "#facets", "a"),
            Choice("Another one", "#facets", False, 3, "#facets", "b"),
        ],
        name=lambda person: person.replace("-", " ").title(),
        picture=PICTURE,
        live=False,
    )
    return HTMLResponse(html)
