"""What an index answers: some two hundred queries made of an archive's words, and a digest."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.search.language.query import Query
from drills.scenes import settings_of

Queries = list[tuple[str, dict[str, tuple[str, ...]]]]
"""The text of each, and what is chosen of facets."""
Answers = dict[str, str] | str
"""Question -> digest of its answer; in words, why there are none."""


def words_of(folder: Path) -> list[str]:
    """Return the words of a scene's records and texts, and of what is to be brought; sorted."""
    words: Counter[str] = Counter()
    for path in [*folder.rglob("*.yaml"), *folder.rglob("*.md"), *folder.rglob("*.xml")]:
        words.update(re.findall(r"[^\W\d_]{3,}", path.read_text(errors="ignore").lower()))
    library = Library(settings_of(folder))
    for item in library.catalogue().items.values():
        for asset in item.assets:
            extraction = library.reader.cached(asset.sha256, asset.media_type)
            for leaf in extraction.leaves if extraction else ():
                words.update(re.findall(r"[^\W\d_]{3,}", leaf.text.lower()))
    library.close()
    return sorted(words)


def make_queries(words: list[str], seed: int) -> Queries:
    """Make queries of each class: a word, several, a phrase, a beginning, without, misspelt."""
    chance = random.Random(seed)
    queries: Queries = [("", {}), ("zanzibar", {}), ("cy secret", {})]
    for _ in range(70):
        queries.append((chance.choice(words), {}))
    for _ in range(40):
        queries.append((" ".join(chance.sample(words, chance.choice((2, 3)))), {}))
    for _ in range(20):
        queries.append((f'"{" ".join(chance.sample(words, 2))}"', {}))
        queries.append((f"{chance.choice(words)[:3]}*", {}))
        queries.append((f"bread -{chance.choice(words)}", {}))
    for _ in range(20):
        word = list(chance.choice(words))
        word[chance.randrange(len(word))] = chance.choice("aeiou")
        queries.append(("".join(word), {}))
    for facet, value in (("speaker", "ada-baker"), ("topic", "sourdough"), ("kind", "post"),
                         ("seminar", "1-baking"), ("year", "2018")):  # fmt: skip
        queries += [("", {facet: (value,)}), ("bread", {facet: (value,)})]
    return queries


def answers(folder: Path, queries: Queries) -> Iterator[tuple[str, object]]:
    """Yield question and answer of everything that readers can ask of an index.

    Raises:
        CoproArchiveError: the archive or its index cannot be read.
    """
    library = Library(settings_of(folder))
    try:
        for text, facets in queries:
            query = Query.parse(text, facets=facets)
            yield f"search {text} {facets}", library.search(query).to_json()
        for text, _ in queries[3:73:7]:
            suggestions = library.suggest(text[:3])
            yield f"suggest {text[:3]}", [(s.text, s.kind, s.id) for s in suggestions]
        for item in library.public().items.values():
            similar = library.similar(item.id)
            yield f"similar {item.id}", [(s.item.id, s.score, list(s.shared)) for s in similar]
    finally:
        library.close()


def texts(folder: Path) -> Iterator[tuple[str, object]]:
    """Yield what is known of each public file's text, None where it has to be read."""
    library = Library(settings_of(folder))
    try:
        for item in library.public().items.values():
            for asset in item.assets:
                extraction = library.reader.cached(asset.sha256, asset.media_type)
                yield (
                    f"text {item.id}/{asset.path}",
                    extraction
                    and [(leaf.number, leaf.title, leaf.text) for leaf in extraction.leaves],
                )
    finally:
        library.close()


def digest_of(pairs: Iterator[tuple[str, object]]) -> dict[str, str]:
    """Return question -> digest of its answer."""
    return {
        question: hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()[:16]
        for question, answer in pairs
    }


def asked(folder: Path, queries: Queries) -> Answers:
    """Return question -> digest of its answer; in words, why there are none."""
    try:
        return digest_of(answers(folder, queries))
    except CoproArchiveError as error:
        return str(error)


def content_of(folder: Path) -> str:
    """Return a digest of all that answers are made of: the index's bytes but for the random names
    of segments and what follows from these, the texts known, the records and the files.

    Two hundred queries take longer than all else in a trial; of the same content they are asked
    once.
    """
    digest = hashlib.sha256(json.dumps(digest_of(texts(folder)), sort_keys=True).encode())
    for generation in sorted((folder / "index" / "generations").glob("*")):
        paths = sorted(p for p in generation.iterdir() if p.suffix in (".seg", ".bin", ".toc"))
        names = {p.stem.encode(): p for p in paths if p.suffix == ".seg"}
        # Their order by what is in them, as their names are random.
        order = sorted(names, key=lambda n: _without(_whole(names[n]), [n]))
        contents = [(_without(p.name.encode(), order), _without(_whole(p), order)) for p in paths]
        for name, content in sorted(contents):
            digest.update(name + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _whole(path: Path) -> bytes:
    """Return a file's bytes but for what differs between two runs.

    Of columns that is the checksum, which the segment's name is in; of a segment of Whoosh its
    directory, which has the time: its place is at the beginning of the file.
    """
    data = path.read_bytes()
    if path.suffix == ".seg":
        return data[12 : int.from_bytes(data[:8], "big")]
    return data[:-4] if path.name.startswith("columns-") else data


def _without(data: bytes, names: list[bytes]) -> bytes:
    for number, name in enumerate(names):
        data = data.replace(name, b"segment %d" % number)
        data = data.replace(name.removeprefix(b"MAIN_"), b"id %d" % number)
    return data
