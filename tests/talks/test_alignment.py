"""Pairs of files with slides inserted, removed, moved and reworded; captions; items."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from coproarchive.extract.blobs import Blobs
from coproarchive.model import Asset, AssetRole, Leaf, Part, Source
from coproarchive.talks.alignment import align, align_cues
from coproarchive.talks.forms import AlignedItem, aligned
from coproarchive.talks.merging import merged
from known_texts import KeptBlobs

SUBJECTS = ["starter", "rye", "oven", "crust", "salt", "water", "milling", "proofing", "steam",
            "scoring", "spelt", "barley"]  # fmt: skip
VERBS = ["feeds", "dries", "opens", "cools", "lifts", "holds", "grinds", "rests", "browns", "cuts",
         "rises", "sours"]  # fmt: skip


def slides(count: int, seed: int = 1) -> list[str]:
    """The texts of invented slides: a heading and three lines each."""
    rng = random.Random(seed)
    return [
        f"{rng.choice(SUBJECTS)} and {rng.choice(SUBJECTS)} {n}\n"
        + "\n".join(
            f"the {rng.choice(SUBJECTS)} {rng.choice(VERBS)} after {rng.randint(1, 90)} minutes "
            f"of {rng.choice(SUBJECTS)}"
            for _ in range(3)
        )
        for n in range(count)
    ]


def leaves(texts: Sequence[str], kind: str = "slide") -> list[Leaf]:
    """Leaves of texts: the first line is the heading."""
    made = []
    for number, text in enumerate(texts, start=1):
        title, _, body = text.partition("\n")
        parts = (Part(Source.TEXT, body),) if body else ()
        made.append(Leaf(number, kind, title, parts))  # type: ignore[arg-type]  # one of its kinds
    return made


def pages(texts: Sequence[str], footer: str = "Bread Days 2019") -> list[Leaf]:
    """The same as a PDF has them: no heading, lines broken, a footer and the page's number."""
    made = []
    for number, text in enumerate(texts, start=1):
        words = text.split()
        lines = [" ".join(words[n : n + 4]) for n in range(0, len(words), 4)]
        body = "\n".join([*lines, footer, str(number)] if words else [])
        made.append(Leaf(number, "page", parts=(Part(Source.TEXT, body),) if body else ()))
    return made


def numbers(one: Sequence[Leaf], other: Sequence[Leaf]) -> set[tuple[int, int]]:
    """Numbers of the leaves that are paired."""
    return {(one[p.one].number, other[p.other].number) for p in align(one, other)}


def test_the_same_slides_are_paired_one_by_one() -> None:
    texts = slides(20)
    assert numbers(leaves(texts), pages(texts)) == {(n, n) for n in range(1, 21)}


def test_inserted_and_removed_slides_have_no_pair() -> None:
    texts, more = slides(20), slides(3, seed=99)
    deck = leaves([*texts[:5], more[0], *texts[5:12], more[1], more[2], *texts[12:]])
    pdf = pages([*texts[:8], *texts[10:]])
    there = [*range(1, 6), *range(7, 14), *range(16, 24)]  # of the twenty, in the deck
    kept = [n for n in range(20) if n not in (8, 9)]
    assert numbers(deck, pdf) == {(there[n], place) for place, n in enumerate(kept, start=1)}


def test_moved_slides_are_paired_wherever_they_stand() -> None:
    texts = slides(16)
    order = [*range(4), *range(8, 16), *range(4, 8)]
    moved = pages([texts[n] for n in order])
    assert numbers(leaves(texts), moved) == {(n + 1, p) for p, n in enumerate(order, start=1)}


def test_reworded_slides_are_paired_in_their_order() -> None:
    """A third of the words of every other slide are others."""
    texts = slides(14)
    rng = random.Random(3)
    reworded = []
    for number, text in enumerate(texts):
        lines = [line.split(" ") for line in text.split("\n")]
        for line in lines if number % 2 else []:
            for place in rng.sample(range(len(line)), len(line) // 3):
                line[place] = f"new{rng.randint(0, 9999)}"
        reworded.append("\n".join(map(" ".join, lines)))
    assert numbers(leaves(texts), pages(reworded)) == {(n, n) for n in range(1, 15)}


def test_pictures_without_words_are_paired_between_their_neighbours() -> None:
    texts = slides(6)
    with_pictures = [*texts[:2], "", "", *texts[2:4], "", *texts[4:]]
    expected = {(n, n) for n in range(1, 10)}
    assert numbers(leaves(with_pictures), pages(with_pictures)) == expected
    # Where one of two is gone, nobody can tell which.
    fewer = pages([*texts[:2], "", *texts[2:4], "", *texts[4:]])
    paired = numbers(leaves(with_pictures), fewer)
    assert {one for one, _ in paired} == {1, 2, 5, 6, 7, 8, 9}


def test_slides_that_repeat_are_paired_in_order() -> None:
    """The same outline stands before each part."""
    outline = "Outline\nflour and water\nheat and time"
    texts = slides(6)
    whole = [outline, *texts[:2], outline, *texts[2:4], outline, *texts[4:]]
    assert numbers(leaves(whole), pages(whole)) == {(n, n) for n in range(1, 10)}
    assert len({p.other for p in align(leaves(whole), pages(whole))}) == 9


def test_notes_comments_and_descriptions_pair_nothing() -> None:
    """What may be withheld has no say in what is paired."""
    secret = (Part(Source.NOTES, "the unspeakable zanzibar loaf of uncle Cy and his cousins"),)
    one = [Leaf(1, "slide", parts=secret)]
    other = [Leaf(1, "page", parts=(Part(Source.TEXT, secret[0].text),))]
    assert align(one, other) == ()


def test_large_files_are_aligned_by_the_same_words_alone() -> None:
    texts = [f"slide {n} {n * 7919}" for n in range(2_500)]
    paired = numbers(leaves(texts), leaves([*texts[:1_000], *texts[1_010:]]))
    assert len(paired) == 2_490
    assert (1_011, 1_001) in paired


# ------------------------------------------------------------------- captions

TALK = [
    "Welcome\nbread for everybody in Crumbtown",
    "Sourdough starter\nwild yeast\nfeed it with rye flour every day",
    "Ovens\nbrick ovens keep heat\nsteam makes a crust",
    "Thanks",
    "Milling\nstones turn slowly\nspelt and barley",
]
SPOKEN = [
    "good morning and welcome to Crumbtown",
    "I am glad that so many came for bread today",
    "so a starter is wild yeast that lives in flour",
    "you feed it every day and mine is older than I am",
    "now for the oven a brick oven holds its heat",
    "and with steam you get the crust that everybody wants",
    "in the mill the stones turn slowly",
    "spelt is milled like barley",
]


def cues(texts: Sequence[str]) -> list[Leaf]:
    """Half a minute of captions each."""
    return [
        Leaf(n + 1, "cue", parts=(Part(Source.CAPTION, text),), start=30.0 * n)
        for n, text in enumerate(texts)
    ]  # fmt: skip


def test_captions_go_with_the_slides_that_they_speak_of() -> None:
    assert align_cues(leaves(TALK), cues(SPOKEN), "en") == (0, 0, 1, 1, 2, 2, 4, 4)


def test_captions_of_another_talk_go_with_none() -> None:
    other = ["taxes are due in spring", "call the office and ask for a form", "sign it in ink"]
    assert align_cues(leaves(TALK), cues(other), "en") == ()


# ----------------------------------------------------------------------- items


def asset(path: str, role: AssetRole = AssetRole.SLIDES) -> Asset:
    kind = {"pptx": "application/vnd.ms-powerpoint", "pdf": "application/pdf", "vtt": "text/vtt"}
    return Asset(path=path, role=role, media_type=kind[path.split(".")[1]], size=1, sha256="0" * 64)


def item_of(*files: tuple[Asset, Sequence[Leaf]], blobs: Blobs | None = None) -> AlignedItem:
    placed = [(a, leaf) for a, own in files for leaf in own]
    return aligned(placed, "en", blobs or KeptBlobs())


DECK, PDF, VTT = asset("talk.pptx"), asset("talk.pdf"), asset("talk.vtt", AssetRole.CAPTIONS)


def test_an_item_has_each_slide_once() -> None:
    """From the first file that has it, with the page of the PDF and what was said."""
    texts = [*TALK[:2], "Only here\nrolls and buns with seeds", *TALK[2:]]
    item = item_of((DECK, leaves(texts)), (PDF, pages(TALK)), (VTT, cues(SPOKEN)))
    assert [(x.asset.path, x.leaf.number) for x in item.leaves] == [
        ("talk.pptx", n) for n in range(1, 7)
    ]
    assert [a.path for a in item.forms] == ["talk.pptx", "talk.pdf", "talk.vtt"]
    assert [p.leaf.number for x in item.leaves for p in x.twins] == [1, 2, 3, 4, 5]
    assert [p.leaf.number for p in item.leaves[1].cues] == [3, 4]
    assert item.only_in == {"talk.pptx": (3,), "talk.pdf": ()}
    assert item.sentences() == ["Slide 3 is only in talk.pptx."]
    oven = item.find("talk.pdf", 3)
    assert oven is item.find("talk.pptx", 4) is item.find("talk.vtt", 5)
    assert item.find("talk.pdf", 99) is None


def test_a_slide_that_only_the_second_file_has_stands_after_the_one_before() -> None:
    texts = slides(5)
    item = item_of((DECK, leaves(texts[:2] + texts[3:])), (PDF, pages(texts)))
    order = [(x.asset.path, x.leaf.number) for x in item.leaves]
    assert order == [("talk.pptx", 1), ("talk.pptx", 2), ("talk.pdf", 3), ("talk.pptx", 3),
                     ("talk.pptx", 4)]  # fmt: skip
    assert item.sentences() == ["Page 3 is only in talk.pdf."]


def test_two_talks_of_one_item_stay_two() -> None:
    """Part one and part two, each with its PDF."""
    one, two = slides(8, seed=5), slides(8, seed=6)
    parts = [asset("one.pptx"), asset("one.pdf"), asset("two.pptx"), asset("two.pdf")]
    item = item_of((parts[0], leaves(one)), (parts[2], leaves(two)), (parts[3], pages(two)),
                   (parts[1], pages(one)))  # fmt: skip
    assert [x.asset.path for x in item.leaves] == ["one.pptx"] * 8 + ["two.pptx"] * 8
    assert [[p.asset.path for p in x.twins] for x in item.leaves] == [["one.pdf"]] * 8 + [
        ["two.pdf"]
    ] * 8


@pytest.mark.parametrize("role", [AssetRole.OTHER, AssetRole.POST])
def test_other_files_are_no_forms(role: AssetRole) -> None:
    other = asset("other.pdf", role)
    item = item_of((DECK, leaves(TALK)), (other, pages(TALK)))
    assert len(item.leaves) == 2 * len(TALK)
    assert item.forms == ()


def test_an_alignment_is_kept_by_the_words_that_it_is_made_of() -> None:
    """Another note changes nothing; another word on a slide is aligned anew."""
    blobs = KeptBlobs()
    item = item_of((DECK, leaves(TALK)), (PDF, pages(TALK)), blobs=blobs)
    assert blobs.puts == 1
    assert item_of((DECK, leaves(TALK)), (PDF, pages(TALK)), blobs=blobs).leaves == item.leaves
    with_note = leaves(TALK)
    with_note[0] = Leaf(1, "slide", "Welcome", (*with_note[0].parts, Part(Source.NOTES, "cough")))
    item_of((DECK, with_note), (PDF, pages(TALK)), blobs=blobs)
    assert blobs.puts == 1
    item_of((DECK, leaves(["Hello", *TALK[1:]])), (PDF, pages(TALK)), blobs=blobs)
    assert blobs.puts == 2


def test_words_of_both_forms_count_once_and_what_only_one_has_is_kept() -> None:
    deck = leaves(["Ovens\nbrick ovens keep heat\nsteam makes a crust", *TALK[3:]])
    pdf = pages(["Ovens\nbrick ovens keep heat\nsteam makes a crust", *TALK[3:]], footer="")
    extra = Part(Source.TEXT, "1\nbrick ovens\nkeep heat\nthermal mass of the hearth")
    pdf[0] = Leaf(1, "page", parts=(extra,))
    item = item_of((DECK, deck), (PDF, pdf))
    leaf, origins = merged(item.leaves[0])
    assert [p.text for p in leaf.parts] == [
        "brick ovens keep heat\nsteam makes a crust",
        "thermal mass of the hearth",
    ]
    assert origins == (0, 1)


def test_a_slide_without_heading_takes_that_of_its_other_form() -> None:
    item = item_of((PDF, pages(TALK, footer="")), (DECK, leaves(TALK)))
    leaf, _ = merged(item.leaves[2])
    assert leaf.title == "Ovens"
    assert len(leaf.parts) == 1
