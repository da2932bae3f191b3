"""Files that are being added: they wait, described, until somebody saves or discards them."""

from coproarchive.desk.drafts.mistakes import GIVES_AWAY, Mistake, mistakes_of
from coproarchive.desk.drafts.reading import RELEASABLE, read_set
from coproarchive.desk.drafts.record import DraftRow, DraftSet, LeftOut, RowValues, SavedRow, Twin
from coproarchive.desk.drafts.saving import SaveReport, save_rows
from coproarchive.desk.drafts.shelf import SMALLEST, Shelf
from coproarchive.desk.drafts.table import DraftTable

__all__ = [
    "GIVES_AWAY", "RELEASABLE", "SMALLEST", "DraftRow", "DraftSet", "DraftTable", "LeftOut",
    "Mistake", "RowValues", "SaveReport", "SavedRow", "Shelf", "Twin", "mistakes_of", "read_set",
    "save_rows",
]  # fmt: skip
