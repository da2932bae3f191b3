"""Real and hostile files that no one here wrote; only where they are."""

from __future__ import annotations

import hashlib
import resource
from pathlib import Path

import pytest

from coproarchive.extract.base import Limits
from coproarchive.extract.table import CODES
from coproarchive.extract.worker import Job, Reader
from coproarchive.store import media_type_of

READ = {".pdf", ".pptx", ".ppsx", ".potx", ".pptm", ".docx", ".md", ".html"}
PARENT = 500 * 1024 * 1024


def jobs(folder: Path) -> list[Job]:
    files = [p for p in sorted(folder.rglob("*")) if p.suffix in READ and p.is_file()]
    return [
        Job(p, hashlib.sha256(p.read_bytes()).hexdigest(), media_type_of(p.name)) for p in files
    ]


@pytest.mark.shared
@pytest.mark.timeout(600)
def test_hostile_files_end_as_text_or_as_a_problem(shared: Path, tmp_path: Path) -> None:
    """None ends the run, none is passed over, and the parent stays small."""
    given = jobs(shared / "hostile" / "files")
    with Reader(tmp_path / "index" / "extracted", Limits(seconds=10)) as reader:
        read = list(reader.read_many(given))
    assert len(read) == len(given) > 500
    for job, extraction in read:
        codes = {n.code for n in extraction.notices}
        assert codes <= set(CODES), job.path
        assert codes or any(leaf.title or leaf.parts for leaf in extraction.leaves), job.path
        assert all(n.hint for n in extraction.notices if n.severity == "error"), job.path
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < PARENT


@pytest.mark.shared
@pytest.mark.timeout(300)
def test_real_talks_are_read(shared: Path, tmp_path: Path) -> None:
    """Every talk of the corpus, and next to every one of its pages and slides has words."""
    given = jobs(shared / "corpus" / "talks")
    with Reader(tmp_path / "index" / "extracted", Limits()) as reader:
        read = list(reader.read_many(given))
    assert [job.path.name for job, e in read if e.failed] == []
    leaves = [leaf for _, extraction in read for leaf in extraction.leaves]
    without = [leaf for leaf in leaves if not leaf.title and not leaf.parts]
    assert len(leaves) > 2_000
    assert len(without) < len(leaves) / 20
