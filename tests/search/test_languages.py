"""Languages: of items and leaves, as their words tell or their records declare; their stems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.extract.language import language_of, with_languages
from coproarchive.library import Library
from coproarchive.model import Item, Kind, Leaf, Part, Series, Source
from coproarchive.search import document
from coproarchive.search.language.query import Query
from coproarchive.store import Store

SENTENCES = {
    "en": "Rye bread and neighbours: how we share the harvest in the north",
    "de": "Roggenbrot und Nachbarn: wie wir die Ernte mit allen teilen",
    "fr": "Le pain de seigle et les voisins qui partagent la récolte dans le nord",
    "es": "El pan de centeno y los vecinos que comparten la cosecha en el norte",
    "it": "Il pane di segale e i vicini che condividono il raccolto nel nord",
    "pt": "O pão de centeio e os vizinhos que partilham a colheita no norte do país",
    "nl": "Het roggebrood en de buren die de oogst delen in het noorden",
    "sv": "Rågbröd och grannar som delar skörden i norr och hur vi kan göra det",
    "da": "Rugbrød og naboer som deler høsten af landet og hvordan det bliver til",
    "no": "Rugbrød og naboer som deler høsten av landet og hvordan det blir til å være",
    "pl": "Chleb żytni i sąsiedzi: jak się dzielimy plonem na północy i co to jest dla nas",
    "cs": "Žitný chléb a sousedé: jak se dělíme o úrodu na severu a co je pro nás",
    "cy": "Bara rhyg a'r cymdogion: mae'r cynhaeaf ar gael i bawb ac yn cael ei rannu",
    "fi": "Ruisleipä ja naapurit: miten me jaamme sadon ja mitä se on, kun ei ole maata",
    "ru": "Ржаной хлеб и соседи: как мы делим урожай на севере и что это для нас",
    "uk": "Житній хліб і сусіди: як ми ділимо врожай на півночі та що це для нас",
    "el": "Το ψωμί σίκαλης και οι γείτονες που μοιράζονται τη σοδειά για το χώμα",
    "ja": "ライ麦パンと隣人についての講演", "zh": "黑麦面包与邻居的讲座",
    "ko": "호밀빵과 이웃에 대한 강연입니다", "he": "לחם שיפון והשכנים שחולקים את היבול",
    "ar": "خبز الجاودار والجيران الذين يتقاسمون المحصول",
}  # fmt: skip


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_tells_its_language(language: str) -> None:
    """By its small words or its script; kin are told apart by the words that only one has."""
    assert language_of(SENTENCES[language], 3) == language


@pytest.mark.parametrize(
    "text",
    ["", "Agenda", "Kubernetes Docker MySQL", "x = a + b; y i o", "1 2 3", "a i o a i o a"],
)
def test_what_is_not_clear_is_left_open(text: str) -> None:
    """Names, code, variables."""
    assert language_of(text, 3) == ""


def leaf(number: int, text: str, source: Source = Source.TEXT) -> Leaf:
    return Leaf(number, "slide", parts=(Part(source, text),))


def test_each_leaf_has_the_files_language_but_where_its_words_say_another() -> None:
    """A slide without words that tell is in the language of those around it."""
    english = (f"{SENTENCES['en']}. {SENTENCES['en']}.", "Agenda", "x = a + b")
    texts = [*english, SENTENCES["de"], f"{SENTENCES['en']}: „Roggenbrot und die Nachbarn“"]
    leaves = tuple(leaf(number, text) for number, text in enumerate(texts, start=1))
    told = [each.language for each in with_languages(Extraction(leaves)).leaves]
    assert told == ["en", "en", "en", "de", "en"]
    assert with_languages(Extraction((leaf(1, "Agenda"),))).leaves[0].language == ""


def catalogue_of(languages: tuple[str, ...], item: Item) -> Catalogue:
    return Catalogue(Series(title="T", languages=languages), items={item.id: item})


@pytest.mark.parametrize(
    ("declared", "of_item", "expected"),
    [
        ((), None, ("de", ["de", "de", "fr"])),  # the words tell
        (("cy",), None, ("cy", ["cy", "cy", "cy"])),  # the archive declares one
        (("en-GB", "de-AT"), None, ("de-AT", ["de-AT", "de-AT", "de-AT"])),  # it declares several
        (("en-GB", "fr-CA"), None, ("fr-CA", ["fr-CA", "fr-CA", "fr-CA"])),
        ((), "nl", ("nl", ["nl", "nl", "nl"])),  # the record declares
        (("cy",), "nl", ("nl", ["nl", "nl", "nl"])),
    ],
)
def test_what_is_declared_overrules_what_words_tell(
    declared: tuple[str, ...], of_item: str | None, expected: tuple[str, list[str]]
) -> None:
    """The record before the archive, the archive before the words."""
    item = Item(id="a", title="A", kind=Kind.PRESENTATION, language=of_item)
    catalogue = catalogue_of(declared, item)
    leaves = [
        document.in_its_language(Leaf(1, "slide", "x" * length, language=language), item, catalogue)
        for length, language in ((30, "de"), (30, "de"), (20, "fr"))
    ]
    language = document.language_of(item, catalogue, leaves)
    assert (language, [each.language or language for each in leaves]) == expected


@pytest.mark.parametrize("engine", ["whoosh", "memory"])
def test_a_mixed_archive_needs_no_setting(
    tmp_path: Path, open_library: Callable[..., Library], engine: str
) -> None:
    """A German word is found by its stem in a German slide of an English talk, and said so."""
    store = Store.create(tmp_path / "archive", Series(title="Bread"))
    english = " ".join([SENTENCES["en"]] * 3)
    german = "Die Bäcker und die Nachbarn mit den Häusern: wie wir alle auf dem Land wohnen"
    for name, text in (
        ("mixed", f"# One\n\n{english}\n\n# Zwei\n\n{german}\n"),
        ("deutsch", f"# Drei\n\n{german}. {SENTENCES['de']}.\n"),
        ("plain", f"# Four\n\n{english}\n"),
    ):
        source = tmp_path / f"{name}.md"
        source.write_text(text, encoding="utf-8")
        store.add_item(Item(id=name, title=name.title(), kind=Kind.POST), {"post.md": source})
    library = open_library(tmp_path / "archive", engine=engine)
    library.update_index()
    results = library.search(Query.parse("Haus"))
    assert {hit.id: hit.language for hit in results.hits} == {"mixed": "en", "deutsch": "de"}
    (mixed,) = [hit for hit in results.hits if hit.id == "mixed"]
    (found,) = mixed.leaves
    assert (found.language, found.snippet.marks != ()) == ("de", True)
    english_hits = library.search(Query.parse("neighbour")).hits
    assert {hit.id for hit in english_hits} == {"mixed", "plain"}
