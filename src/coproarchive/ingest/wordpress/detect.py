"""From what was typed to a way to read a site."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from coproarchive.errors import IngestError
from coproarchive.ingest.wordpress.addresses import well_formed
from coproarchive.ingest.wordpress.fetch import Fetcher
from coproarchive.ingest.wordpress.rest import RestSource
from coproarchive.ingest.wordpress.saved import SavedSource
from coproarchive.ingest.wordpress.source import BlogSource
from coproarchive.ingest.wordpress.wxr import WxrSource


def source_of(words: Sequence[str], fetcher: Fetcher, work: Path) -> BlogSource:
    """Export files, a folder of them or of saved pages, or the address of a site.

    Args:
        work: where an interrupted reading of a site keeps its pages.

    Raises:
        IngestError: there is no such file or folder, or the words are of two kinds.
    """
    addresses = [w for w in words if re.match(r"https?://", w, re.IGNORECASE)]
    if addresses:
        if len(words) > 1:
            raise IngestError("one site at a time: give one address and nothing else.")
        if not well_formed(addresses[0]):
            raise IngestError("this is no address of a site.", addresses[0])
        return RestSource(addresses[0], fetcher, work)
    paths = [Path(word) for word in words]
    for path in paths:
        if not path.exists():
            raise IngestError(
                "there is no such file or folder.", path, "A site's address starts with https://"
            )
    if len(paths) == 1 and paths[0].is_dir():
        exports = sorted(p for p in paths[0].iterdir() if re.search(r"\.xml(\.gz)?$", p.name, re.I))
        return WxrSource(exports) if exports else SavedSource(paths[0])
    if any(path.is_dir() for path in paths):
        raise IngestError("give export files, or one folder; not both.")
    return WxrSource(sorted(paths))


def forget_pages(work: Path) -> None:
    """Delete what an interrupted reading kept, once an import is done."""
    shutil.rmtree(work, ignore_errors=True)
