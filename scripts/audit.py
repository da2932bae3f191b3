"""Compare what users install with known vulnerabilities: python3 scripts/audit.py.

Asks PyPI's advisories, and those of osv.dev where PyPI says nothing, by pip-audit. A vulnerability
gives exit code 1. What could not be asked (no network, or a registry without advisories, of which
pip-audit itself makes a success) is said in capitals, and is no failure: it says nothing bad.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from _environment import ROOT, ensure

SOURCES = ("pypi", "osv")
SECONDS = 120
"""How long one source may take to answer for all packages."""


@dataclass
class Audit:
    """What the sources said.

    Attributes:
        vulnerable: a line for each vulnerability: package, version, ids, what mends it.
        audited, unasked: packages that a source knew, and that none did.
        reasons: why not, a sentence a source.
    """

    vulnerable: list[str] = field(default_factory=list)
    audited: set[str] = field(default_factory=set)
    unasked: set[str] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)

    def add(self, report: dict[str, Any]) -> None:
        """Add what pip-audit printed as JSON."""
        for package in report["dependencies"]:
            name = package["name"]
            if "skip_reason" in package:
                self.unasked |= {name} - self.audited
                continue
            self.audited.add(name)
            for vulnerability in package["vulns"]:
                ids = ", ".join([vulnerability["id"], *vulnerability.get("aliases", [])])
                mended = ", ".join(vulnerability.get("fix_versions", [])) or "no version"
                self.vulnerable.append(f"{name} {package['version']}: {ids}; mended in {mended}")
        self.unasked -= self.audited

    def summary(self) -> str:
        """Say in lines what is known and what is not."""
        lines = [f"VULNERABLE: {line}" for line in self.vulnerable]
        if self.unasked or not self.audited:
            count = f"{len(self.unasked)} packages" if self.unasked else "anything"
            lines.append(f"NOT AUDITED: {count} (no network, or no advisories at the registry)")
            lines += [f"  {reason}" for reason in self.reasons]
        lines.append(f"{len(self.audited)} packages audited, {len(self.vulnerable)} vulnerable")
        return "\n".join(lines)


def ask(python: str, source: str) -> dict[str, Any] | str:
    """Return what pip-audit reports of requirements/run.txt by a source, else why it cannot."""
    command = [python, "-m", "pip_audit", "--vulnerability-service", source, "--format", "json"]
    command += ["--requirement", str(ROOT / "requirements" / "run.txt"), "--require-hashes"]
    command += ["--disable-pip", "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        report: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return f"{source}: no answer in {SECONDS} seconds"
    except ValueError:
        return f"{source}: {(done.stderr.strip().splitlines() or ['no answer'])[-1][:120]}"
    return report


def main() -> int:
    """Return 1 where a vulnerability is known."""
    python = str(ensure("release.txt"))
    audit = Audit()
    for source in SOURCES:
        report = ask(python, source)
        if isinstance(report, str):
            audit.reasons.append(report)
        else:
            audit.add(report)
        if audit.audited and not audit.unasked:
            break
    print(audit.summary(), flush=True)
    return 1 if audit.vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
