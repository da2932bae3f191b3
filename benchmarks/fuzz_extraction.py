"""Damages real files at random and reads them: nothing may come back but text and named problems.

    python benchmarks/fuzz_extraction.py [FOLDER] --minutes 30 [--seed 1] [--keep FOLDER]

Without FOLDER, the decks of tests/text_decks.py are taken, one a way of writing decks as text. Each
round takes a file below FOLDER, damages its bytes or, in zip files, the bytes of one part, and
reads it in a confined worker. Broken promises are printed with the round's seed, by which the very
same file is made again (--minutes 0 --seed N), and the file is kept in --keep. Ends with exit code
1 where there were any.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import io
import json
import random
import re
import resource
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.cache import packed, unpacked
from coproarchive.extract.table import CODES, reader_name
from coproarchive.extract.worker import Reader
from coproarchive.store import media_type_of

MAX_SEED_FILE = 400_000
MAX_UNPACKED = 20_000_000
_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TOKENS = (
    b"endobj", b"stream", b"<< /Kids [1 0 R] >>", b"/Length -1", b"obj", b"<!DOCTYPE x [", b"&x;",
    b"\x00", b"\xff\xfe", b"0 R", b"]]>", b"</", b"99999999999", b"-->", b"R", b"<p:grpSp>", b"---",
    b"<!--", b"\n---\n", b"\n???\n", b"```\n", b"::: notes\n", b"\\begin{frame}", b"\\note{",
    b"\n* ", b"#+BEGIN_NOTES\n", b"\n.. note::\n\n  ", b"[NOTE.speaker]\n--\n",
    b"}", b"{", b"\xee\x80\x800\xee\x80\x81", b"<section>", b"<aside class=notes>",
    b'"cells": [', b"*_`", b"[[", b"$", b"\n: ", b"|===\n",
)  # fmt: skip


def damage(data: bytes, rng: random.Random) -> bytes:
    """One to eight changes: bytes turned, cut out, repeated, or words of the format put in."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        if not out:
            break
        at = rng.randrange(len(out))
        length = min(len(out) - at, rng.choice((1, 2, 8, 64, 1024)))
        match rng.randrange(7):
            case 0:
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                out[at : at + length] = rng.randbytes(length)
            case 2:
                del out[at : at + length]
            case 3:
                out[at:at] = out[at : at + length] * rng.choice((1, 3, 50))
            case 4:
                out[at:at] = rng.choice(_TOKENS) * rng.choice((1, 1, 200))
            case 5:
                del out[at:]
            case _:
                other = rng.randrange(len(out))
                out[at : at + length] = out[other : other + length]
    return bytes(out)


def damage_part(data: bytes, rng: random.Random) -> bytes:
    """A zip file in which one part is damaged, so that the damage gets past the zip's checksums."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        if sum(member.file_size for member in old.infolist()) > MAX_UNPACKED:
            raise ValueError("a bomb: its bytes are damaged, not its parts")
        names = old.namelist()
        texts = [n for n in names if n.endswith((".xml", ".rels"))]
        chosen = rng.choice(texts or names)
        for name in dict.fromkeys(names):
            part = old.read(name)
            new.writestr(name, damage(part, rng) if name == chosen else part)
    return made.getvalue()


def mutant(seeds: list[Path], number: int) -> tuple[Path, bytes]:
    """The file of a round: always the same for the same number and files."""
    rng = random.Random(number)
    seed = seeds[rng.randrange(len(seeds))]
    data = seed.read_bytes()
    if data.startswith(b"PK") and rng.random() < 0.8:
        try:
            return seed, damage_part(data, rng)
        except Exception:  # noqa: BLE001 - hostile zip files; their bytes are damaged instead
            pass
    return seed, damage(data, rng)


def broken_promises(extraction: object) -> list[str]:
    """What is wrong with an answer; nothing where it is what readers promise."""
    if not isinstance(extraction, Extraction):
        return [f"not an extraction: {type(extraction).__name__}"]
    wrong = []
    for notice in extraction.notices:
        if notice.code not in CODES or not notice.message or "itself failed" in notice.message:
            wrong.append(f"notice {notice}")
    numbers = [leaf.number for leaf in extraction.leaves]
    if numbers != sorted(set(numbers)) or (numbers and numbers[0] < 1):
        wrong.append(f"numbers {numbers[:20]}")
    for leaf in extraction.leaves:
        for text in (leaf.title, leaf.label, *(part.text for part in leaf.parts)):
            if _UNCLEAN.search(text):
                wrong.append(f"leaf {leaf.number}: unclean text {text[:80]!r}")
        if any(not part.text.strip() for part in leaf.parts):
            wrong.append(f"leaf {leaf.number}: an empty part")
    if not extraction.leaves and not extraction.notices:
        wrong.append("neither leaves nor notices")
    if unpacked(packed(extraction, Limits()))[0] != extraction:
        wrong.append("it is another after having been kept")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz-kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        return fuzz(options, options.folder or write_decks(Path(name)))


def write_decks(folder: Path) -> Path:
    """Write the decks of tests/text_decks.py."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
    from text_decks import DECKS

    for deck in DECKS:
        (folder / deck.name).write_text(deck.text, encoding="utf-8")
    return folder


def fuzz(options: argparse.Namespace, folder: Path) -> int:
    seeds = [
        p
        for p in sorted(folder.rglob("*"))
        if p.is_file()
        and p.stat().st_size < MAX_SEED_FILE
        and reader_name(media_type_of(p.name), Reader(Path("unused")).helpers)
    ]
    ended: collections.Counter[str] = collections.Counter()
    found = 0
    number, until = options.seed, time.monotonic() + 60 * options.minutes
    limits = Limits(seconds=10, workers=1)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "mutant"
        with Reader(Path(name) / "index" / "extracted", limits) as reader:
            while True:
                seed, data = mutant(seeds, number)
                path.write_bytes(data)
                digest = hashlib.sha256(data).hexdigest()
                try:
                    extraction = reader.read(path, digest, media_type_of(seed.name))
                    wrong = broken_promises(extraction)
                    codes = [n.code for n in extraction.notices if n.severity == "error"]
                    ended[codes[0] if codes else "read"] += 1
                    for notice in extraction.notices:
                        if notice.message.startswith("this file is damaged ("):
                            ended[notice.message] += 1
                except Exception:  # noqa: BLE001 - an escape is what is looked for
                    wrong = [traceback.format_exc()]
                if wrong:
                    found += 1
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{number}{seed.suffix}").write_bytes(data)
                    print(f"seed {number}, {seed}: {wrong[:3]}", flush=True)
                number += 1
                if time.monotonic() > until:
                    break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rounds = number - options.seed
    print(f"{rounds} rounds over {len(seeds)} files; {found} broken promises; parent {peak} MB")
    print(json.dumps(dict(ended.most_common()), indent=1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
