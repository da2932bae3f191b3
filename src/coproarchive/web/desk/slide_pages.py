"""The form on which a slide gets a title, and words for who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from urllib.parse import quote

from starlette.responses import Response

from coproarchive.desk.edit import FieldConflictError
from coproarchive.desk.slides import SLIDE_FIELDS, SlideName
from coproarchive.desk.values import FieldEdit
from coproarchive.errors import NotFoundError
from coproarchive.model import Asset, Item, Leaf, SlideDescription
from coproarchive.pictures import WIDTHS
from coproarchive.publish.addresses import leaf_path
from coproarchive.record_keys import KEYS
from coproarchive.search.document import extractions
from coproarchive.talks.descriptions import descriptions_of, unplaced
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError
from coproarchive.web.leaves import PICTURED, name_of, picture_path

MOST_WORDS = 3_000
LIMITS = {"title": 1_000, "alt": 5_000}
"""Characters of a field."""


@dataclass(frozen=True)
class SlideForm:
    """The form of one slide or page.

    Attributes:
        r: the request.
        kind: slide or page.
    """

    r: DeskRequest
    kind: str

    @cached_property
    def number(self) -> int:
        """Its place in the file."""
        return int(self.r.path["number"])

    @cached_property
    def item(self) -> Item:
        """The item; below its id the address may have a file's name. Raises NotFoundError."""
        return self._place[0]

    @cached_property
    def _place(self) -> tuple[Item, str]:
        named = self.r.path["item_id"]
        if named in self.r.catalogue.items:
            return self.r.catalogue.items[named], ""
        item_id, _, file = named.rpartition("/")
        if item_id in self.r.catalogue.items:
            return self.r.catalogue.items[item_id], file
        return self.r.catalogue.item(named), ""

    @cached_property
    def leaves(self) -> list[tuple[Asset, Leaf]]:
        """The slides and pages of the item's files, hidden ones too, as the files have them."""
        self.r.library.recover_texts(self.item)
        read = extractions(self.item, self.r.library.reader)
        return list(
            chain.from_iterable(
                ((asset, leaf) for leaf in extraction.leaves if leaf.kind in PICTURED)
                for asset, extraction in read
            )
        )

    @cached_property
    def position(self) -> int:
        """Place of the slide among the leaves. Raises NotFoundError."""
        file = self._place[1] or next((a.path for a, x in self.leaves if x.kind == self.kind), "")
        for position, (asset, leaf) in enumerate(self.leaves):
            if (asset.path, leaf.kind, leaf.number) == (file, self.kind, self.number):
                return position
        raise NotFoundError(
            f'"{self.item.title}" has no {self.kind} {self.number}.',
            hint="A file that was added just now may not have been read yet: wait a moment.",
        )

    @property
    def asset(self) -> Asset:
        """The file that the slide is in."""
        return self.leaves[self.position][0]

    @property
    def leaf(self) -> Leaf:
        """The slide as its file has it."""
        return self.leaves[self.position][1]

    @cached_property
    def description(self) -> SlideDescription | None:
        """What the record says of it."""
        return descriptions_of(self.item).get((self.asset.path, self.number))

    def now(self, field: str) -> str:
        """Return what the record says in a field, "" for nothing."""
        return (getattr(self.description, field) if self.description else None) or ""

    def beside(self, step: int) -> str:
        """Return the address of the form so many slides on, "" past either end."""
        position = self.position + step
        return self._address(position) if 0 <= position < len(self.leaves) else ""

    def undescribed(self) -> str:
        """Return the address of the next slide without words for who cannot see it, "" for none."""
        described = {key for key, d in descriptions_of(self.item).items() if d.alt}
        after = range(self.position + 1, len(self.leaves))
        places = ((n, *self.leaves[n]) for n in chain(after, range(self.position)))
        return next(
            (self._address(n) for n, asset, leaf in places
             if (asset.path, leaf.number) not in described), ""
        )  # fmt: skip

    @property
    def address(self) -> str:
        """Address of this form."""
        return self._address(self.position)

    def _address(self, position: int) -> str:
        asset, leaf = self.leaves[position]
        return f"/desk/edit{leaf_path(self.item, asset.path, leaf.kind, leaf.number)}"

    @property
    def public_path(self) -> str:
        """Path of the slide's page for readers, "" where they do not see it."""
        item = self.r.library.public().items.get(self.item.id)
        if item is None or self.leaf.hidden or self.asset.path not in {a.path for a in item.assets}:
            return ""
        return leaf_path(item, self.asset.path, self.kind, self.number)

    def lost(self) -> list[tuple[str, SlideDescription]]:
        """Return descriptions whose slide is not there any more, each with a key."""
        return [(_key(d), d) for d in unplaced(self.item)]

    def lost_named(self, key: str) -> SlideDescription:
        """Return a description whose slide is gone. Raises NotFoundError."""
        for other, description in self.lost():
            if other == key:
                return description
        raise NotFoundError("these words are not waiting for a slide any more.")

    def show(self) -> Response:
        """Return the page."""
        error = self.r.error
        conflicts = error.conflicts if isinstance(error, FieldConflictError) else ()
        name = name_of(self.leaf)
        path = self.public_path
        return self.r.page(
            "desk/slide.html",
            f"{name} of {self.item.title}",
            form=self,
            name=name,
            item=self.item,
            keys=KEYS[SlideDescription],
            limits=LIMITS,
            seen={f: self.now(f) if conflicts else self.r.typed(f"seen.{f}", self.now(f))
                  for f in SLIDE_FIELDS},
            conflicts=conflicts,
            picture=self._picture() if path else "",
            public_path=path,
            words=self.leaf.text[:MOST_WORDS],
        )  # fmt: skip

    def _picture(self) -> str:
        return picture_path(self.item, self.asset.path, self.number, WIDTHS[1])

    def save(self) -> Response:
        """Save what the form asks for."""
        slide = SlideName(self.item.id, self.number, self.asset.path)
        act = self.r.typed("act")
        if act in ("place", "drop"):
            lost = self.lost_named(self.r.typed("lost"))
            if act == "drop":
                report = self.r.desk.drop_description(self.item.id, lost)
                return self.r.done("These words are taken out.", self.address, report.change)
            edits = [FieldEdit(f, "=", getattr(lost, f)) for f in SLIDE_FIELDS if getattr(lost, f)]
            report = self.r.desk.describe_slide(slide, edits, takes=lost)
            return self.r.done("These words are this slide's now.", self.address, report.change)
        typed = {field: self.r.typed(field).strip() for field in SLIDE_FIELDS}
        self._refuse_long(typed)
        edits = [FieldEdit(field, "=", text) for field, text in typed.items()]
        seen = {field: self.r.typed(f"seen.{field}") for field in SLIDE_FIELDS}
        report = self.r.desk.describe_slide(slide, edits, why=self.r.typed("why"), seen=seen)
        message = f"Saved. {self.r.soon()}" if report.change else "Nothing was to be changed."
        to = (self.undescribed() if act == "next" else "") or self.address
        path = self.public_path
        link = (path, "Its page") if path else ("", "")
        return self.r.done(message, to, report.change, link)

    def _refuse_long(self, typed: dict[str, str]) -> None:
        mistakes = {
            field: f"This has {len(text):,} characters; at most {LIMITS[field]:,} are taken."
            for field, text in typed.items()
            if len(text) > LIMITS[field]
        }
        if "\n" in typed["title"]:
            mistakes["title"] = "A title is one line."
        if mistakes:
            raise InvalidFormError(mistakes)


def _key(description: SlideDescription) -> str:
    return quote(f"{description.file}|{description.number}|{description.sha256 or ''}")


ROUTES = tuple(
    DeskRoute(
        f"/desk/edit/item/{{item_id:path}}/{kind}/{{number:int}}",
        show=lambda r, kind=kind: SlideForm(r, kind).show(),  # type: ignore[misc]  # bound now
        act=lambda r, kind=kind: SlideForm(r, kind).save(),  # type: ignore[misc]  # bound now
    )
    for kind in PICTURED
)
