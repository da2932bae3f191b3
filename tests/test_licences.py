"""What is installed for users may be used by anybody: no GPL, no AGPL, nothing undeclared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-2-Clause-Views", "BSD-3-Clause", "CC0-1.0", "ISC",
    "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
"""SPDX identifiers. MPL-2.0 asks for the source of changed files of the library alone."""
EXCEPTIONS = {
    "docutils": "Public domain and BSD-2-Clause. Its GPL is that of an Emacs mode in its source "
    "archive, which is not in the wheel.",
    "pebble": "LGPL: a library of its own, imported and not changed, which whoever installs it "
    "can exchange; it may be imported by software of any licence.",
    "pypdfium2": "BSD-3-Clause and Apache-2.0. The licences of what is compiled into it lie in its "
    "wheel: permissive, or GPL with an exception for such use (ICU's build scripts, libgcc).",
    "text-unidecode": "Artistic License or GPL, by choice: used under the Artistic License. "
    "Unidecode, which python-slugify can use in its place, is GPL alone and not installed.",
}
"""Distribution -> why it may be used though ALLOWED does not name its licence."""
SPDX = {
    "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0", "bsd license": "BSD-3-Clause", "bsd": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause", "two-clause bsd license": "BSD-2-Clause",
    "isc license (iscl)": "ISC", "isc license": "ISC", "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}  # fmt: skip
"""Names of licences in lower case, as classifiers and free texts give them."""


def locked() -> dict[str, bool]:
    """Distribution in requirements/run.txt -> whether it is for every system and Python."""
    lines = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8").splitlines()
    found = [re.match(r"([a-z0-9-]+)==\S+( ;)?", line) for line in lines]
    return {match[1]: match[2] is None for match in found if match}


def licences_of(about: Message) -> list[list[str]]:
    """Return alternatives, each a list of SPDX identifiers that hold together.

    Read from License-Expression (PEP 639), else classifiers, else the free text's first line.
    """
    if expression := about.get("License-Expression"):
        return [re.split(r"\s+AND\s+", choice.strip(" ()")) for choice in expression.split(" OR ")]
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    names = [c.rpartition(" :: ")[2] for c in classifiers]
    names = names or re.split(
        r",\s*", (about.get("License") or "none named").strip().splitlines()[0]
    )
    return [[SPDX.get(name.lower(), name) for name in names]]


def is_allowed(about: Message) -> bool:
    """Whether one alternative names allowed licences alone."""
    return any(set(choice) <= ALLOWED for choice in licences_of(about))


def about(**headers: str | list[str]) -> Message:
    """Metadata with these headers."""
    message = Message()
    for name, values in headers.items():
        for value in [values] if isinstance(values, str) else values:
            message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"License_Expression": "MIT"}, True),
        ({"License_Expression": "MIT AND PSF-2.0"}, True),
        ({"License_Expression": "GPL-3.0-or-later OR MIT"}, True),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, False),
        ({"License_Expression": "AGPL-3.0-only"}, False),
        ({"Classifier": ["License :: OSI Approved :: BSD License"]}, True),
        ({"Classifier": ["License :: OSI Approved :: MIT License",
                         "License :: OSI Approved :: GNU General Public License (GPL)"]}, False),
        ({"Classifier": ["License :: OSI Approved :: GNU Affero GPL v3"]}, False),
        ({"License": "Apache License 2.0"}, True),
        ({"License": "GPLv2\nand so on"}, False),
        ({"Classifier": ["Topic :: Text Processing"]}, False),
    ],
)  # fmt: skip
def test_a_licence_is_read_from_each_place_that_names_it(
    headers: dict[str, str | list[str]], allowed: bool
) -> None:
    """GPL beside another licence counts, unless it is a choice; none named is refused."""
    assert is_allowed(about(**headers)) is allowed


@pytest.mark.threat(18)
def test_every_locked_distribution_may_be_used() -> None:
    """Each is allowed by name, or an exception with its reason; no exception is out of use."""
    refused, missing = set(), []
    for name, everywhere in locked().items():
        try:
            if not is_allowed(metadata.metadata(name)):  # type: ignore[arg-type]
                refused.add(name)
        except metadata.PackageNotFoundError:
            missing += [name] if everywhere else []
    assert not missing, f"not installed, so not looked at: {missing}"
    unnamed = {name: licences_of(metadata.metadata(name)) for name in refused - set(EXCEPTIONS)}  # type: ignore[arg-type]
    assert unnamed == {}
    assert refused == set(EXCEPTIONS)


def third_party() -> dict[str, set[str]]:
    """Top-level module that is imported and is neither Python's nor ours -> files that do."""
    found: dict[str, set[str]] = {}
    for path in [*(ROOT / "src").rglob("*.py"), ROOT / "app.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top != "coproarchive":
                    found.setdefault(top, set()).add(path.name)
    return found


def test_what_is_imported_is_declared_or_locked() -> None:
    """No module is imported that is not locked, or that only another distribution brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [e for extra in project["optional-dependencies"].values() for e in extra]
    optional = {re.split(r"[<>=~\[ ]", e)[0].lower() for e in extras}
    providers = metadata.packages_distributions()
    unknown = {
        module: sorted(files)
        for module, files in third_party().items()
        if not {
            d.lower().replace("_", "-").replace(".", "-") for d in providers.get(module, [module])
        }
        & ({*locked()} | optional)
    }
    assert unknown == {}
