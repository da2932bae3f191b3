"""One talk from all its forms: each slide of an item once, with where else it stands in its files.

A deck, its PDF and a recording's captions are files of one item. Here their leaves become aligned
leaves: a slide is shown from the first file that has it; its other forms go with it.

What is aligned is given without what is withheld, so that nothing of it can show in what is paired.
Alignments are kept by the hash of the very words that they were made of, and VERSION.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

from coproarchive.extract.blobs import Blobs
from coproarchive.leaf import Leaf
from coproarchive.model import Asset
from coproarchive.talks.alignment import VERSION, Pair, align, align_cues, texts_on
from coproarchive.vocabulary import AssetRole

ALIGNED_SHARE = 0.5
"""Share of the shorter file's leaves that have a pair, from which two files are one talk."""
_FORMS = frozenset({AssetRole.SLIDES, AssetRole.HANDOUT})
ALIGNMENT = f"alignment-{VERSION}"
"""Name under which alignments are kept beside texts: numbers of slides, no words."""

Row = TypeVar("Row")


class Place(NamedTuple):
    """A leaf in one of an item's files."""

    asset: Asset
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class AlignedLeaf:
    """A slide, page or section of an item, once.

    Attributes:
        place: in the first file that has it.
        twins: the same slide in other files.
        cues: captions of what was said while it was shown, in order.
    """

    place: Place
    twins: tuple[Place, ...] = ()
    cues: tuple[Place, ...] = ()

    @property
    def asset(self) -> Asset:
        """The file that it is shown from."""
        return self.place.asset

    @property
    def leaf(self) -> Leaf:
        """The leaf that it is shown from."""
        return self.place.leaf

    @property
    def places(self) -> tuple[Place, ...]:
        """Everywhere it stands."""
        return (self.place, *self.twins, *self.cues)


@dataclass(frozen=True)
class AlignedItem:
    """The leaves of an item, each slide once.

    Attributes:
        leaves: in the order of the files, and in that of the first file of each talk; cues that
            belong to no slide are leaves of their own.
        forms: files that are the same talk as another one.
        only_in: path of each of these files but captions -> numbers of the leaves that only it has.
    """

    leaves: tuple[AlignedLeaf, ...]
    forms: tuple[Asset, ...] = ()
    only_in: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def find(self, path: str, number: int) -> AlignedLeaf | None:
        """Return the leaf under which a page, slide, section or cue is shown; None for none."""
        return self._by_place.get((path, number))

    @cached_property
    def _by_place(self) -> dict[tuple[str, int], AlignedLeaf]:
        return {
            (place.asset.path, place.leaf.number): leaf
            for leaf in self.leaves
            for place in leaf.places
        }

    def sentences(self) -> list[str]:
        """Say what is in one of the forms only, a sentence a file."""
        sentences = []
        for path, numbers in self.only_in.items():
            kind = next((x.leaf.kind for x in self.leaves if x.asset.path == path), "page")
            if len(numbers) == 1:
                sentences.append(f"{kind.capitalize()} {numbers[0]} is only in {path}.")
            elif numbers:
                sentences.append(f"{kind.capitalize()}s {_listed(numbers)} are only in {path}.")
        return sentences


def _listed(numbers: Sequence[int]) -> str:
    """List numbers in words, three or more that follow one another as a range: 1–4, 7 and 9."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    pieces: list[str] = []
    for run in ranges:
        pieces += [f"{run[0]}–{run[-1]}"] if len(run) > 2 else map(str, run)
    return pieces[0] if len(pieces) == 1 else f"{', '.join(pieces[:-1])} and {pieces[-1]}"


@dataclass
class _FormGroup:
    """Files that are one talk, while their leaves are aligned.

    Attributes:
        slides: the places of each slide, in order.
        files: number of files.
    """

    slides: list[list[Place]]
    cues: dict[int, list[Place]] = field(default_factory=dict)
    files: int = 1

    def add(self, places: Sequence[Place], pairs: Iterable[Pair]) -> None:
        """Take in another file: a leaf with a pair at its slide, others after the one before."""
        slide_of = {pair.other: pair.one for pair in pairs}
        after: dict[int, list[list[Place]]] = {}
        before = -1
        for number, place in enumerate(places):
            if number in slide_of:
                before = slide_of[number]
                self.slides[before].append(place)
            else:
                after.setdefault(before, []).append([place])
        slides = after.get(-1, [])
        for number, slide in enumerate(self.slides):
            slides += [slide, *after.get(number, [])]
        self.slides = slides
        self.files += 1


def aligned(leaves: Iterable[tuple[Asset, Leaf]], language: str, blobs: Blobs) -> AlignedItem:
    """Align the leaves of an item.

    Args:
        leaves: of its files, in the order of the files, without what is withheld.
        language: of its texts, BCP 47.
        blobs: keeps alignments.
    """
    files: dict[str, list[Place]] = {}
    for asset, leaf in leaves:
        files.setdefault(asset.path, []).append(Place(asset, leaf))
    talks: list[_FormGroup] = []
    talk_of: dict[str, _FormGroup] = {}
    for path, places in files.items():
        if not _is_captions(places):
            talk = _talk_with(places, talks, blobs) if _has_slides(places) else None
            if talk is None:
                talk = _FormGroup([[place] for place in places])
                if _has_slides(places):
                    talks.append(talk)
            talk_of[path] = talk
    captions = {path: places for path, places in files.items() if _is_captions(places)}
    for path, places in captions.items():
        talk_of[path] = _talk_of_cues(places, talks, language, blobs) or _FormGroup(
            [[p] for p in places]
        )
    return _aligned_item(files, talk_of)


def _aligned_item(
    files: Mapping[str, list[Place]], talk_of: Mapping[str, _FormGroup]
) -> AlignedItem:
    """Return the item of talks, in the order of the files that they begin with."""
    leaves: list[AlignedLeaf] = []
    only_in: dict[str, tuple[int, ...]] = {}
    forms: list[Asset] = []
    seen: list[_FormGroup] = []
    for path, places in files.items():
        talk = talk_of[path]
        if talk.files > 1 or talk.cues:
            forms.append(places[0].asset)
        if talk.files > 1 and not _is_captions(places):
            only_in[path] = tuple(
                slide[0].leaf.number
                for slide in talk.slides
                if len(slide) == 1 and slide[0].asset.path == path
            )
        # Compared as objects: two talks may be equal.
        if not any(other is talk for other in seen):
            seen.append(talk)
            leaves += [
                AlignedLeaf(slide[0], tuple(slide[1:]), tuple(talk.cues.get(number, ())))
                for number, slide in enumerate(talk.slides)
            ]
    return AlignedItem(tuple(leaves), tuple(forms), only_in)


def _is_captions(places: Sequence[Place]) -> bool:
    return places[0].leaf.kind == "cue"


def _has_slides(places: Sequence[Place]) -> bool:
    """Test whether a file can be a form of a talk: slides, or a handout of pages."""
    asset, leaf = places[0]
    return leaf.kind in ("page", "slide") and asset.role in _FORMS


def _talk_with(
    places: Sequence[Place], talks: Sequence[_FormGroup], blobs: Blobs
) -> _FormGroup | None:
    """Return the talk that a file is another form of, taken in there; None for none."""
    leaves = [leaf for _, leaf in places]
    for talk in talks:
        slides = [slide[0].leaf for slide in talk.slides]
        pairs = _stored_rows(blobs, "slides", slides, leaves, lambda a, b: list(align(a, b)))
        if len(pairs) >= ALIGNED_SHARE * min(len(slides), len(leaves)):
            talk.add(places, [Pair(*pair) for pair in pairs])
            return talk
    return None


def _talk_of_cues(
    places: Sequence[Place], talks: Sequence[_FormGroup], language: str, blobs: Blobs
) -> _FormGroup | None:
    """Return the talk that captions were spoken with, taken in there; None for none."""
    cues = [leaf for _, leaf in places]
    for talk in talks:
        slides = [slide[0].leaf for slide in talk.slides]
        path = _stored_rows(
            blobs, f"cues {language}", slides, cues, lambda a, b: list(align_cues(a, b, language))
        )
        if path:
            for number, place in zip(path, places, strict=True):
                talk.cues.setdefault(number, []).append(place)
            return talk
    return None


def _stored_rows(
    blobs: Blobs,
    name: str,
    one: Sequence[Leaf],
    other: Sequence[Leaf],
    make: Callable[[Sequence[Leaf], Sequence[Leaf]], list[Row]],
) -> list[Row]:
    """Return the rows of an alignment, from what keeps them or made now.

    Args:
        blobs: keep it by the hash of what it is made of: words on the leaves, and nothing else.
        name: of the kind of alignment.
        one, other: leaves.
        make: makes it, rows that JSON has.
    """
    words = [
        [[leaf.number, leaf.label, *texts_on(leaf)] for leaf in leaves] for leaves in (one, other)
    ]
    key = hashlib.sha256(json.dumps([name, words]).encode()).hexdigest()
    if data := blobs.get(key, ALIGNMENT):
        rows: list[Row] = json.loads(data)
        return rows
    rows = make(one, other)
    blobs.put(key, ALIGNMENT, json.dumps(rows).encode())
    return rows
