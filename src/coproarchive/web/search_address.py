"""The state of the search page is its address: what was asked, and how the answer is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlencode

from starlette.requests import Request

from coproarchive.search.language.fields import FACETS
from coproarchive.search.language.query import Query

View = Literal["talks", "slides"]
SLIDES_OF_A_HIT: dict[View, int] = {"talks": 3, "slides": 12}
"""How many slides of a talk are shown: one row, or as many as a grid of slides can bear."""


def params_of(request: Request) -> dict[str, list[str]]:
    """Return the URL parameters of a request, each with all its values."""
    return {name: request.query_params.getlist(name) for name in request.query_params}


@dataclass(frozen=True)
class SearchAddress:
    """An address of the search page.

    Attributes:
        query: what was asked.
        view: hits as talks with their best slides, or all slides in one grid.
        browse: facet of which every value is listed, "" for none.
        find: which of its values, by a piece of their label.
    """

    query: Query = field(default_factory=Query)
    view: View = "talks"
    browse: str = ""
    find: str = ""

    @classmethod
    def from_params(cls, params: Mapping[str, Iterable[str]]) -> SearchAddress:
        """Read URL parameters; what is unknown is left out."""

        def one(name: str) -> str:
            return next(iter(params.get(name, ())), "")

        view: View = "slides" if one("view") == "slides" else "talks"
        query = replace(Query.from_params(params), leaves=SLIDES_OF_A_HIT[view])
        browse = one("browse") if one("browse") in FACETS else ""
        return cls(query, view, browse, one("find")[:100] if browse else "")

    def to_params(self) -> dict[str, list[str]]:
        """Return the URL parameters that make this address again, defaults left out."""
        others = {"view": self.view, "browse": self.browse, "find": self.find}
        usual = {"view": "talks", "browse": "", "find": ""}
        return self.query.to_params() | {n: [v] for n, v in others.items() if v != usual[n]}

    @property
    def href(self) -> str:
        """The address relative to the page, which is `/` or `/search`."""
        return f"?{urlencode(self.to_params(), doseq=True)}"

    @property
    def is_home(self) -> bool:
        """Whether nothing was asked: the page says what the archive is."""
        return self == SearchAddress(query=replace(Query(), leaves=self.query.leaves))

    def ask(self, query: Query) -> SearchAddress:
        """Return the address of another query in the same layout, its facets closed."""
        return replace(self, query=query, browse="", find="")

    def hidden_fields(self, *without: str) -> list[tuple[str, str]]:
        """Return names and values that a form must send along, but for some names."""
        params = self.to_params()
        return [(n, v) for n, values in params.items() if n not in without for v in values]
