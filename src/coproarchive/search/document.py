"""What of an item is searched and shown: the one place that says so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from coproarchive.catalogue import Catalogue
from coproarchive.edtf import edtf_bounds
from coproarchive.extract.base import Extraction, complete, without_withheld
from coproarchive.model import (
    Asset,
    Item,
    Leaf,
    Problem,
    Severity,
    WordSource,
)
from coproarchive.search.discover import phrases
from coproarchive.search.engines.seam import Document
from coproarchive.search.hits.stored import About, IndexedLeaf, pack, texts_of
from coproarchive.search.language.analysis import words_of
from coproarchive.talks import sketch
from coproarchive.talks.descriptions import described, descriptions_of, with_descriptions
from coproarchive.talks.forms import AlignedItem, aligned
from coproarchive.talks.merging import merged

if TYPE_CHECKING:
    from coproarchive.extract.worker import Reader

HIT, PHRASES, SKETCHES, PROBLEMS = "hit", "phrases", "sketches", "problems"
"""Names of what is stored with a document: what hits are shown from (hits/stored.py), phrases for
suggestions (discover/phrases.py), sketches of slides (talks/sketch.py), problems met when its files
were read."""
_WITHOUT_NOTES = ("text/", "image/", "audio/", "video/")
"""How the media types of files begin that have no notes, comments or hidden slides."""


def document_of(
    item: Item, catalogue: Catalogue, reader: Reader, digest: str, problems: Sequence[Problem] = ()
) -> Document:
    """Make the search document of an item.

    Args:
        item: its record.
        catalogue: what readers may see.
        reader: has the texts of its files.
        digest: of the document.
        problems: met when its files were read.
    """
    own_aligned = aligned_files(item, catalogue, reader)
    item_aligned = with_descriptions(own_aligned, item)
    language = language_of(item, catalogue, (leaf.leaf for leaf in item_aligned.leaves))
    leaves = [IndexedLeaf(leaf.places, *merged(leaf)) for leaf in item_aligned.leaves]
    # Every field has one text a leaf, so that the same place is the same slide.
    texts = [texts_of(indexed.leaf) for indexed in leaves]
    headings, bodies = [t[0] for t in texts], [t[1] for t in texts]
    date = catalogue.item_date(item)
    leaf_languages = tuple(indexed.leaf.language or language for indexed in leaves)
    record, abstract = record_of(item.id, catalogue), item.abstract or ""
    names = tuple(searchable_names(item, catalogue))
    phrases_of_item = phrases.phrases_of(
        [(item.title, abstract), *zip(headings, bodies, strict=True)], language
    )
    stored = {
        HIT: pack(record, about(item, catalogue, language), item.title, abstract, names, leaves),
        PHRASES: phrases.pack(record, phrases_of_item),
        SKETCHES: sketch.pack(record, _sketches(own_aligned, (item.title, *names))),
    }
    if problems:
        stored[PROBLEMS] = json.dumps(list(map(asdict, problems)), ensure_ascii=False).encode()
    return Document(
        id=item.id,
        digest=digest,
        texts={
            "title": (item.title,),
            "heading": tuple(headings),
            "abstract": (abstract,) if abstract else (),
            "body": tuple(bodies),
            "notes": tuple(notes for _, _, notes in texts),
            "names": names,
        },
        language=language,
        leaf_languages=leaf_languages if {*leaf_languages} - {language} else (),
        facets={
            "seminar": (item.seminar,) if item.seminar else (),
            "speaker": tuple(dict.fromkeys(c.person for c in item.people)),
            "topic": item.topics,
            "kind": (item.kind.value,),
            "language": tuple(sorted({language, *leaf_languages})),
            "year": (date[:4],) if date else (),
        },
        date=edtf_bounds(date)[0] if date else "",
        title=item.title,
        stored=stored,
    )


def _sketches(own_aligned: AlignedItem, names: Iterable[str]) -> list[sketch.SketchedLeaf]:
    """Sketch what stands on slides, not what the record says of them: that differs by talk."""
    record_words = {word for text in names for word, _ in words_of(text)}
    leaves = [(leaf.asset.path, leaf.leaf) for leaf in own_aligned.leaves]
    return sketch.sketches_of(leaves, record_words)


def unpack_problems(data: bytes) -> list[Problem]:
    """Return the problems stored with a document."""
    return [Problem(**(p | {"severity": Severity(p["severity"])})) for p in json.loads(data)]


def shown_leaves(item: Item, catalogue: Catalogue, reader: Reader) -> Iterator[tuple[Asset, Leaf]]:
    """Yield each leaf of an item that readers may see, file by file, as its record describes it."""
    descriptions = descriptions_of(item)
    for asset, leaf in own_leaves(item, catalogue, reader):
        yield asset, described(leaf, descriptions.get((asset.path, leaf.number)))


def own_leaves(item: Item, catalogue: Catalogue, reader: Reader) -> Iterator[tuple[Asset, Leaf]]:
    """Yield every leaf of an item that readers may see, file by file, as the files have it.

    The one place where withheld words are left out, for search, pages and pictures alike.
    """
    withheld = catalogue.withheld(item)
    for asset, extraction in extractions(item, reader):
        for leaf in complete(extraction.leaves):
            leaf_shown = without_withheld(leaf, withheld)
            if leaf_shown is not None:
                yield asset, in_its_language(leaf_shown, item, catalogue)


def declared_language(item: Item, catalogue: Catalogue) -> str:
    """Return the language that an item's record declares, else the archive's only one; "" where
    the words of its files tell."""
    declared = catalogue.series.languages
    return item.language or (declared[0] if len(declared) == 1 else "")


def in_its_language(leaf: Leaf, item: Item, catalogue: Catalogue) -> Leaf:
    """Return the leaf with the language it counts as in, "" where that is its item's.

    What the item or the archive declares overrules what its words tell; of several languages that
    an archive declares, they tell which it is.
    """
    language = leaf.language
    if language and declared_language(item, catalogue):
        language = ""
    elif language and catalogue.series.languages:
        tags = (t for t in catalogue.series.languages if _is_same_language(t, language))
        language = next(tags, "")
    return leaf if language == leaf.language else replace(leaf, language=language)


def _is_same_language(tag: str, other: str) -> bool:
    """Test whether two BCP 47 tags name one language, whatever the region or script."""
    return tag.partition("-")[0].lower() == other.partition("-")[0].lower()


def language_of(item: Item, catalogue: Catalogue, leaves: Iterable[Leaf]) -> str:
    """Return an item's language: as declared, else that of most letters of its shown leaves."""
    declared = declared_language(item, catalogue)
    if declared:
        return declared
    letters: Counter[str] = Counter()
    for leaf in leaves:
        letters[leaf.language] += len(leaf.title) + sum(len(part.text) for part in leaf.parts)
    letters.pop("", None)
    return max(letters, key=letters.__getitem__, default=catalogue.language)


def item_language(item: Item, catalogue: Catalogue, reader: Reader) -> str:
    """Return the language of an item's words, as readers may see them; see language_of."""
    leaves = (leaf for _, leaf in shown_leaves(item, catalogue, reader))
    return language_of(item, catalogue, leaves)


def aligned_item(item: Item, catalogue: Catalogue, reader: Reader) -> AlignedItem:
    """Return the leaves of an item as readers may see them, each slide once for all its files."""
    return with_descriptions(aligned_files(item, catalogue, reader), item)


def aligned_files(item: Item, catalogue: Catalogue, reader: Reader) -> AlignedItem:
    """Return the leaves of an item without what its record says of single slides.

    Forms stay together whatever is said of one.
    """
    leaves = list(own_leaves(item, catalogue, reader))
    language = language_of(item, catalogue, (leaf for _, leaf in leaves))
    return aligned(leaves, language, reader.blobs)


def with_rule(
    digest: str, withheld: Iterable[WordSource], assets: Iterable[Asset] | None = None
) -> str:
    """Return a document's digest with what was withheld from the document at its end.

    Args:
        digest: of the document.
        withheld: sources of which it has no words.
        assets: the files from which it has words; they stand at the end, by their sha256.
    """
    ruled = f"{digest} {','.join(sorted(withheld))}"
    return ruled if assets is None else f"{ruled} {','.join(sorted(map(_file_key, assets)))}"


def _file_key(asset: Asset) -> str:
    return asset.sha256[:16]


def kept_out(item: Item, catalogue: Catalogue) -> frozenset[WordSource]:
    """Return the sources of which the item's document has no words: none are in texts and films."""
    if all(asset.media_type.startswith(_WITHOUT_NOTES) for asset in item.assets):
        return frozenset(WordSource)
    return catalogue.withheld(item)


def may_tell(item: Item, catalogue: Catalogue, digest: str) -> bool:
    """Test whether a document of this digest may have words in it that are withheld today.

    Words of notes, comments and hidden slides, or of a file that is not public now, was replaced or
    taken out. Such a document is left out of every answer until it is made anew: what is in an
    index never decides what readers may see.
    """
    withheld = catalogue.withheld(item) - {WordSource.METADATA}
    _, without, files = [*digest.split(" "), "", ""][:3]
    told_files = set(filter(None, files.split(",")))
    return not withheld.issubset(without.split(",")) or not told_files.issubset(
        map(_file_key, item.assets)
    )


def extractions(item: Item, reader: Reader) -> Iterator[tuple[Asset, Extraction]]:
    """Yield what was extracted from each of an item's files; files not yet read are left out."""
    for asset in item.assets:
        extraction = reader.cached(asset.sha256, asset.media_type)
        if extraction is not None:
            yield asset, extraction


def record_of(item_id: str, catalogue: Catalogue) -> str:
    """Return what changes when anything shown of an item changes, but the texts of its files."""
    digest, languages = catalogue.digests.get(item_id), " ".join(catalogue.series.languages)
    return with_rule(f"{digest} {languages}", catalogue.withheld(catalogue.items[item_id]))


def about(item: Item, catalogue: Catalogue, language: str) -> About:
    """Return what is shown of an item beside its texts, which are in a language."""
    return About(
        item.kind.value,
        item.seminar,
        tuple(dict.fromkeys(c.person for c in item.people)),
        catalogue.item_date(item),
        language,
    )


def searchable_names(item: Item, catalogue: Catalogue) -> list[str]:
    """Return the names of an item's people and topics in every form, and its seminar's title."""
    names = [
        n
        for c in item.people
        if c.person in catalogue.people
        for n in catalogue.people[c.person].names
    ]
    for topic_id in item.topics:
        if topic := catalogue.topics.get(topic_id):
            names += [topic.label, *topic.alternatives]
    seminar = catalogue.seminars.get(item.seminar or "")
    return [*names, seminar.title] if seminar else names
