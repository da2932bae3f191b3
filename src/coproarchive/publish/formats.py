"""The formats of references that programs read: one row each, for addresses, commands and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from coproarchive.publish.bibtex import to_bibtex
from coproarchive.publish.csl_json import to_csl_json
from coproarchive.publish.reference import Reference
from coproarchive.publish.ris import to_ris


@dataclass(frozen=True, slots=True)
class ReferenceFormat:
    """A format.

    Attributes:
        label: for readers.
        suffix: of file names and addresses, without the dot.
        media_type: of the file; registered or as it is in use.
        write: makes a file of references.
    """

    label: str
    suffix: str
    media_type: str
    write: Callable[[Iterable[Reference]], str]


FORMATS: dict[str, ReferenceFormat] = {
    "bibtex": ReferenceFormat("BibTeX", "bib", "application/x-bibtex", to_bibtex),
    "ris": ReferenceFormat("RIS", "ris", "application/x-research-info-systems", to_ris),
    "csl-json": ReferenceFormat(
        "CSL-JSON", "csl.json", "application/vnd.citationstyles.csl+json", to_csl_json
    ),
}
"""Name in commands -> the format."""
BY_SUFFIX = {row.suffix: row for row in FORMATS.values()}
