"""Write what a release consists of, as CycloneDX JSON: python3 scripts/sbom.py FOLDER.

FOLDER is what scripts/try_wheel.py was given: its `venv` has the wheel and what it needs, and
nothing else. Each package stands in it with version, licence and what it depends on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from _environment import ROOT, ensure

INSTALLERS = ["pip", "setuptools", "wheel"]
"""What a virtual environment begins with, and the software never asks for."""
SCHEMA = "1.6"
"""Version of CycloneDX, see https://cyclonedx.org/specification/overview/."""


def main(folder: Path) -> int:
    """Write FOLDER/coproarchive-VERSION.cdx.json, valid by its schema."""
    python = str(ensure("release.txt"))
    (wheel,) = folder.glob("coproarchive-*.whl")
    version = wheel.name.split("-")[1]
    environment = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    remove = [str(environment), "-m", "pip", "uninstall", "--quiet", "--yes", *INSTALLERS]
    subprocess.run(remove, check=True, capture_output=True)
    path = folder / f"coproarchive-{version}.cdx.json"
    command = [python, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--validate"]
    command += ["--spec-version", SCHEMA, "--output-format", "JSON", "--output-file", str(path)]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
    subprocess.run([*command, str(environment)], check=True)
    missing = missing_from(json.loads(path.read_text(encoding="utf-8")), environment)
    if missing:
        sys.exit(f"{path.name} does not name what is installed: {', '.join(missing)}")
    print(f"{path}: valid, names every package that the wheel installs", flush=True)
    return 0


def missing_from(bill: dict[str, object], environment: Path) -> list[str]:
    """List what the environment says it has, with versions, and the bill does not."""
    listing = (
        "from importlib.metadata import distributions as d;"
        "print(*(f'{x.name}=={x.version}' for x in d()), sep='\\n')"
    )
    done = subprocess.run(
        [str(environment), "-I", "-c", listing], capture_output=True, text=True, check=True
    )
    components = bill["components"]
    assert isinstance(components, list)
    named = {f"{c['name']}=={c.get('version')}" for c in components}
    own = {line for line in done.stdout.split() if line.startswith("coproarchive==")}
    return sorted({*done.stdout.split()} - named - own)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
