"""What the browser tests know of the page they visit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Served:
    """A running page and the folders it is served from."""

    address: str
    archive: Path
    index: Path
