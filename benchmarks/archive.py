"""How long a folder of real files takes to become a searchable archive, beside simpler tools.

    python benchmarks/archive.py FOLDER [--leaves 1000,10000,100000] [--queries 20] [--json]

First the folder itself: added, indexed (reading and engine apart), with raw text of its PDFs by
pypdfium2, in one process, as the baseline of reading. Then archives of so many leaves, made of the
folder's own words: a fixed set of queries with five facets counted, beside SQLite FTS5 with the
same rows and counts. Machines are noisy: compare the ratios, which are of one run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

import speed
import speed_rivals
from coproarchive.ingest.add import ItemDraft
from coproarchive.ingest.folder_plan import add_folder
from coproarchive.library import Library
from coproarchive.model import Series
from coproarchive.search.document import shown_leaves
from coproarchive.settings import Settings
from coproarchive.store import Store
from extraction import raw_pages
from made_up import Archive


def folder_figures(folder: Path, work: Path) -> dict[str, Any]:
    """Add and index every file of the folder; leave its texts in work/texts.jsonl."""
    Store.create(work / "archive", Series(title="Measured", withhold=()))
    library = Library(Settings(archive=work / "archive", index=work / "index"))
    try:
        started = time.perf_counter()
        added = add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
        adding = time.perf_counter() - started
        # Adding has read the files; reading is measured as an index of an archive at hand does it.
        library.close()
        shutil.rmtree(work / "index", ignore_errors=True)
        library = Library(Settings(archive=work / "archive", index=work / "index"))
        report = library.update_index()
        again = library.update_index()
        pdfs = sorted((work / "archive").rglob("*.pdf"))
        started = time.perf_counter()
        pages = sum(raw_pages(path) for path in pdfs)
        raw = time.perf_counter() - started
        _texts(library, work / "texts.jsonl")
    finally:
        library.close()
    leaves_per_second = report.leaves / max(report.reading_seconds, 1e-9)
    return {
        "files": added.files,
        "stored": added.stored,
        "not_added": len(added.problems),
        "leaves": report.leaves,
        "adding_seconds": round(adding, 2),
        "index_seconds": round(report.seconds, 2),
        "reading_seconds": round(report.reading_seconds, 2),
        "engine_seconds": round(report.seconds - report.reading_seconds, 2),
        "leaves_per_second": round(report.leaves / report.seconds),
        "unchanged_seconds": round(again.seconds, 3),
        "index_mb": round(_size(work / "index") / 1e6, 1),
        "raw_pdf_pages_per_second": round(pages / raw) if pages else 0,
        "reading_to_raw_pdf": round(leaves_per_second / (pages / raw), 3) if pages else None,
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _texts(library: Library, path: Path) -> None:
    """One line of JSON a leaf."""
    catalogue = library.public()
    with path.open("w", encoding="utf-8") as file:
        for item in catalogue.items.values():
            for _, leaf in shown_leaves(item, catalogue, library.reader):
                file.write(json.dumps({"text": f"{leaf.title}. {leaf.text}"}) + "\n")


def size_figures(leaves: int, texts: Path, work: Path, each: int) -> dict[str, Any]:
    """Ours and FTS5 over an archive of so many leaves; each class of query, and all together."""
    archive = Archive(leaves, work / "texts", texts)
    queries = archive.queries(each)
    talks = list(archive.talks)
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        task = other.submit(speed.build, work / "index", leaves, work / "other", texts)
        seconds = task.result()
    mine = speed.ours(archive, work / "index", queries, seconds)
    rival = speed_rivals.Fts5(talks, work / "fts5")
    fts5 = speed.ask_all(queries, rival.search)
    rows = {}
    for kind, cells in mine["classes"].items():
        ours, theirs = cells["warm"], fts5[kind]["warm"]
        rows[kind] = {
            "p50_ms": ours["p50"],
            "p95_ms": ours["p95"],
            "p50_to_fts5": round(ours["p50"] / max(theirs["p50"], 1e-6), 2),
            "p95_to_fts5": round(ours["p95"] / max(theirs["p95"], 1e-6), 2),
        }
    ratios = [row["p50_to_fts5"] for row in rows.values()]
    return {
        "queries": rows,
        "p50_to_fts5": round(float(np.exp(np.mean(np.log(ratios)))), 2),
        "build_seconds": mine["build_seconds"],
        "build_to_fts5": round(mine["build_seconds"] / rival.build_seconds, 1),
    }


def show(results: dict[str, Any]) -> None:
    """Figures for reading."""
    print("The folder")
    for name, value in results["folder"].items():
        print(f"  {name.replace('_', ' '):28}{value}")
    for leaves, figures in results["sizes"].items():
        print(f"\n{int(leaves):,} leaves: building took {figures['build_seconds']} s, "
              f"{figures['build_to_fts5']} times FTS5; p50 {figures['p50_to_fts5']} times FTS5 "
              "(geometric mean)")  # fmt: skip
        for kind, row in figures["queries"].items():
            print(f"  {kind:10}p50 {row['p50_ms']:8.2f} ms ({row['p50_to_fts5']:5.2f} x FTS5)   "
                  f"p95 {row['p95_ms']:8.2f} ms ({row['p95_to_fts5']:5.2f} x)")  # fmt: skip


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--leaves", default="1000,10000,100000", help="sizes, commas between")
    parser.add_argument("--queries", type=int, default=20, metavar="N", help="of each class")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is not a folder")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        results: dict[str, Any] = {"folder": folder_figures(arguments.folder, work), "sizes": {}}
        texts = work / "sampled"
        texts.mkdir()
        (work / "texts.jsonl").rename(texts / "texts.jsonl")
        for leaves in (int(size) for size in arguments.leaves.split(",") if size):
            results["sizes"][str(leaves)] = size_figures(
                leaves, texts, work / str(leaves), arguments.queries
            )
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
