"""Phrases on slides: which are extracted and stored, and that they are suggested."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.errors import EngineError
from coproarchive.library import Library
from coproarchive.model import Item, Visibility
from coproarchive.search.discover.phrases import (
    BETWEEN,
    MAX_PHRASES_OF_ITEM,
    key_of,
    keys_of,
    most_written,
    pack,
    phrases_in,
    phrases_of,
    unpack,
)
from coproarchive.search.discover.suggest import LIMIT, MAX_PHRASES_SHOWN
from coproarchive.search.engines.whoosh.engine import WhooshEngine
from making import make_deck


def keys(text: str, language: str = "en-GB") -> list[str]:
    """Keys of the phrases in a text."""
    return phrases_in(text, language)[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("community treatment order",
         ["community treatment", "community treatment order", "treatment order"]),
        ("the treatment of them", []),
        ("Freedom of Information", ["freedom of information"]),
        ("NHS England’s carers", ["nhs england", "nhs england carers", "england carers"]),
        ("co-production", ["co production"]),
        ("Co-production of mental health services everywhere",
         ["co production", "co production of mental", "co production of mental health",
          "co production of mental health services",
          "mental health", "mental health services", "mental health services everywhere",
          "health services", "health services everywhere", "services everywhere"]),
        ("in-depth interviews", ["in depth", "in depth interviews"]),
        ("day-to-day care", ["day to day", "day to day care"]),
        ("-".join(["care"] * 30), []),
        ("lived-experience service-users", ["lived experience", "lived experience service users",
                                            "service users"]),
        ("a b2 bread roses milk honey salt",
         ["bread roses", "bread roses milk", "bread roses milk honey", "roses milk",
          "roses milk honey", "roses milk honey salt", "milk honey", "milk honey salt",
          "honey salt"]),
        ("mental health. Social care", ["mental health", "social care"]),
        ("mental health\nsocial care", ["mental health", "social care"]),
        ("2014 act, section 136 power", []),
        ("covid19 vaccine", []),
        ("see http://mental-health.example/social-care or ann@social-care.example", []),
        ("www.social-care.example", []),
        ("x axis", []),
        ("", []),
    ],
)  # fmt: skip
def test_phrases_are_words_side_by_side(text: str, found: list[str]) -> None:
    """No stop word at an end, no number, no address, nothing across lines and full stops."""
    assert keys(text) == found


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("dans les droits de l’homme", "fr", ["droits de lhomme"]),
        ("la santé mentale", "fr", ["sante mentale"]),
        ("die soziale Arbeit", "de-AT", ["soziale arbeit"]),
        ("salud mental y los derechos", "es", ["salud mental"]),
        ("make good bread", "xx", ["make good", "make good bread", "good bread"]),
    ],
)
def test_other_languages_have_their_own_small_words(
    text: str, language: str, found: list[str]
) -> None:
    """Those of English are none in them, and the other way round."""
    assert keys(text, language) == found


def test_an_item_keeps_what_tells_most_of_it() -> None:
    """Bounded; headings first, then what stands on many slides; as it is mostly written."""
    names = [f"{a}{b}" for a in "abcdefghijklmnopqrst" for b in "abcdefghijklmnopqrst"]
    many = [("", f"{name}xq {name}xz") for name in names]
    leaves = [*many, ("Peer Support", ""), ("", "NHS trust"), ("", "nhs trust"), ("", "NHS trust")]
    found = phrases_of(leaves, "en")
    assert len(found) == MAX_PHRASES_OF_ITEM
    assert found[:2] == ["Peer Support", "NHS trust"]
    assert found[2:] == [own for _, own in many][: MAX_PHRASES_OF_ITEM - 2]


def test_how_a_phrase_is_mostly_written() -> None:
    """Capitals of headings count for nothing where it is written in another way too."""
    assert most_written({"NHS Trust": 1, "NHS trust": 2}) == "NHS trust"
    assert most_written({"PEER SUPPORT": 9, "Peer support": 1}) == "Peer support"
    assert most_written({"Peer Support": 1, "peer support": 1}) == "peer support"
    assert most_written({"NHS ICB": 1}) == "NHS ICB"


@pytest.mark.parametrize("phrases", ["Co-production|NHS trust", "Santé mentale|Ann's café"])
def test_keys_of_many_are_the_keys_of_each(phrases: str) -> None:
    """The quick way and the way of one."""
    assert keys_of(phrases) == [key_of(phrase) for phrase in phrases.split(BETWEEN)]


def test_what_is_found_does_not_depend_on_the_process() -> None:
    """Python's order of sets changes from process to process; the phrases kept do not."""
    code = (
        "from coproarchive.search.discover.phrases import phrases_of\n"
        "names = [f'{a}{b}' for a in 'abcdefghijklmnopqrst' for b in 'abcdefghijklmnopqrst']\n"
        "print(phrases_of([('', ' '.join(f'{n}x' for n in names))], 'en'))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


@pytest.mark.parametrize("phrases", [[], ["rye bread"], ["crème brûlée", "rye loaf"]])
def test_packed_phrases_come_back(phrases: list[str]) -> None:
    """With the digest of the record that they were made from."""
    assert unpack(pack("a1 leave-out en", phrases)) == ("a1 leave-out en", BETWEEN.join(phrases))


# ---------------------------------------------------------------- suggestions


Add = Callable[..., None]


@pytest.fixture
def add_talks(library: Library, tmp_path: Path) -> Add:
    """Adds so many talks that say something."""

    def add_them(name: str, text: str, many: int = 3) -> None:
        for number in range(many):
            path = tmp_path / f"{name}-{number}.md"
            path.write_text(f"# Part {number}\n\nToday, {text}.\n\n{number} {name}\n")
            record = Item(id=f"{name}-{number}", title=f"{name.title()} {number}")
            library.store.add_item(record, {"post.md": path})
        library.changed()

    return add_them


def phrases(library: Library, typed: str) -> list[tuple[str, int]]:
    """Phrases suggested, with their counts."""
    return [(s.text, s.count) for s in library.suggest(typed) if s.kind == "phrase"]


def test_what_slides_say_is_suggested(library: Library, add_talks: Add) -> None:
    """Once it is indexed; a longer phrase instead of its parts, and each where it is commoner."""
    add_talks("alpha", "the Community treatment order")
    assert phrases(library, "commun") == []
    library.update_index()
    assert phrases(library, "commun") == [("Community treatment order", 3)]
    assert phrases(library, "treatment ord") == [("Community treatment order", 3)]
    add_talks("beta", "a community treatment", many=1)
    library.update_index()
    assert phrases(library, "commun") == [
        ("Community treatment", 4), ("Community treatment order", 3),
    ]  # fmt: skip


def test_two_items_are_not_enough(library: Library, add_talks: Add) -> None:
    """What recurs in one talk, or in two, is not what people search an archive for."""
    add_talks("alpha", "community treatment, community treatment, community treatment", many=2)
    library.update_index()
    assert phrases(library, "commun") == []


def test_notes_and_hidden_slides_are_not_suggested(library: Library, tmp_path: Path) -> None:
    """Only what an audience was shown."""
    for number in range(3):
        deck = make_deck(tmp_path / f"{number}.pptx", extra_title=f"Deck of kind {number}")
        library.store.add_item(Item(id=f"deck-{number}", title=f"Deck {number}"), {"d.pptx": deck})
    library.update_index()
    assert phrases(library, "loaves") == []  # "Loaves a day"
    assert phrases(library, "deck") == [("Deck of kind", 3)]
    assert phrases(library, "rye") == []  # "the rye anecdote", in the notes
    assert phrases(library, "secret") == []  # "Secret recipe", on a slide that is hidden


@pytest.mark.parametrize("engine", ["whoosh", "memory"])
def test_what_is_hidden_or_changed_counts_for_nothing_at_once(
    archive: Path, open_library: Callable[..., Library], add_talks: Add, engine: str
) -> None:
    """Before the index is brought up to date, and after; shown again, it counts again."""
    add_talks("alpha", "the community treatment order")
    library = open_library(archive, engine=engine)
    if engine == "whoosh":
        library.update_index()
    assert phrases(library, "commun") == [("community treatment order", 3)]
    item = library.catalogue().item("alpha-1")
    library.store.save_item(item.model_copy(update={"visibility": Visibility.HIDDEN}))
    library.changed()
    assert phrases(library, "commun") == []
    if engine == "whoosh":
        library.update_index()
        assert phrases(library, "commun") == []
        stored = library.index_storage.open().snapshot().stored("phrases")
        assert "alpha-1" not in stored
        assert "alpha-2" in stored
    library.store.save_item(item)
    if engine == "whoosh":
        library.update_index()
        assert phrases(library, "commun") == [("community treatment order", 3)]
        # Its file taken out of the record: what the file says is no longer told.
        library.store.save_item(item.model_copy(update={"assets": ()}))
        library.changed()
        assert phrases(library, "commun") == []


def test_phrases_leave_room_for_others(library: Library, add_talks: Add) -> None:
    """Four of eight; all eight where there is nothing else."""
    names = ("able", "bold", "calm", "dear", "easy", "fair", "glad", "huge", "idle", "just")
    add_talks("alpha", ", ".join(f"millwork {name}-boy" for name in names))
    library.update_index()
    assert len(phrases(library, "millw")) == LIMIT
    for number in range(9):
        record = Item(id=f"more-{number}", title=f"Millwork: {number}")
        library.store.add_item(record, {})
    library.changed()
    kinds = [s.kind for s in library.suggest("millw")]
    assert (len(kinds), kinds.count("phrase")) == (LIMIT, MAX_PHRASES_SHOWN)


def test_an_update_that_fails_leaves_suggestions_as_they_were(
    library: Library, add_talks: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents were made, the engine did not write them: nothing of them is suggested."""
    add_talks("alpha", "the community treatment order")
    library.update_index()

    def fails(self: WhooshEngine, documents: object, delete: object = ()) -> None:
        list(documents)  # type: ignore[call-overload]  # as an engine does before it commits
        raise EngineError("the disk is full.")

    add_talks("beta", "the sectioned patients")
    with monkeypatch.context() as patched:
        patched.setattr(WhooshEngine, "write", fails)
        with pytest.raises(EngineError):
            library.update_index()
    assert phrases(library, "section") == []
    assert phrases(library, "commun") == [("community treatment order", 3)]
    library.update_index()
    assert phrases(library, "section") == [("sectioned patients", 3)]


def test_without_an_index_titles_are_there(archive: Path, library: Library) -> None:
    """All phrases of titles and descriptions."""
    for number in range(3):
        record = Item(id=f"more-{number}", title=f"On crusty loaves, {number}")
        library.store.add_item(record, {})
    library.changed()
    (library.settings.index / "CURRENT").unlink()
    assert phrases(library, "crus") == [("crusty loaves", 3)]
