"""Real and hostile files that no one here wrote; only where they are."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from coproarchive.extract.base import Limits
from coproarchive.extract.worker import Job, Reader
from coproarchive.store import media_type_of

READ = {".pdf", ".pptx", ".ppsx", ".potx", ".pptm", ".docx", ".md", ".html"}
HOSTILE = Path(__file__).resolve().parents[2] / "benchmarks" / "hostile.py"


def jobs(folder: Path) -> list[Job]:
    files = [p for p in sorted(folder.rglob("*")) if p.suffix in READ and p.is_file()]
    return [
        Job(p, hashlib.sha256(p.read_bytes()).hexdigest(), media_type_of(p.name)) for p in files
    ]


@pytest.mark.threat(18)
@pytest.mark.shared
@pytest.mark.timeout(600)
def test_hostile_files_end_as_text_or_as_a_problem(shared: Path) -> None:
    """In a process of its own, whose memory can be told: every promise of the script holds."""
    command = [sys.executable, str(HOSTILE), str(shared / "hostile" / "files")]
    run = subprocess.run(
        [*command, "--seconds", "10", "--json"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    report = json.loads(run.stdout)
    assert report["files"] > 500
    assert report["broken"] == []


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
