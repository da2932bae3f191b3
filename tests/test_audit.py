"""What is said of known vulnerabilities: found, none, or that nobody could be asked."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

import audit

SOUND = {"name": "bread", "version": "1.0", "vulns": []}
UNKNOWN = {"name": "rye", "skip_reason": "Dependency not found on PyPI"}
BAD = {
    "name": "oats", "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}],
}  # fmt: skip


def answers(monkeypatch: pytest.MonkeyPatch, **sources: object) -> None:
    """Let each source answer with these packages, or fail with these words."""

    def ask(python: str, source: str) -> dict[str, Any] | str:
        said = sources[source]
        return said if isinstance(said, str) else {"dependencies": said}

    monkeypatch.setattr(audit, "ensure", lambda lock: "python")
    monkeypatch.setattr(audit, "ask", ask)


@pytest.mark.threat(18)
def test_a_vulnerability_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Package, version, ids and what mends it are named; the second source is not needed."""
    answers(monkeypatch, pypi=[SOUND, BAD], osv="not asked")
    assert audit.main() == 1
    out = capsys.readouterr().out
    assert "VULNERABLE: oats 2.0: PYSEC-1, CVE-1; mended in 2.1" in out
    assert "NOT AUDITED" not in out


def test_all_audited_and_sound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Success, with the number of packages."""
    answers(monkeypatch, pypi=[SOUND], osv="not asked")
    assert audit.main() == 0
    assert capsys.readouterr().out == "1 packages audited, 0 vulnerable\n"


def test_what_one_source_does_not_know_another_may(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A package that PyPI passed over is asked of osv.dev, and fails if that knows something."""
    answers(monkeypatch, pypi=[SOUND, {**UNKNOWN, "name": "oats"}], osv=[SOUND, BAD])
    assert audit.main() == 1
    assert "NOT AUDITED" not in capsys.readouterr().out


def test_nobody_could_be_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A registry without advisories, of which pip-audit makes a success, and no network."""
    answers(monkeypatch, pypi=[UNKNOWN], osv="osv: no answer")
    assert audit.main() == 0
    out = capsys.readouterr().out
    assert "NOT AUDITED: 1 packages" in out
    assert "  osv: no answer" in out
    assert "0 packages audited" in out


@pytest.mark.parametrize("printed", ["", "Traceback ...", "[]x"])
def test_pip_audit_without_a_report_is_a_reason(
    monkeypatch: pytest.MonkeyPatch, printed: str
) -> None:
    """What it said last on stderr."""
    done = subprocess.CompletedProcess([], 1, printed, "first\nno route to host")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert audit.ask("python", "pypi") == "pypi: no route to host"
