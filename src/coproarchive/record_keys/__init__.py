"""What each key of each record means, with an example in YAML and the standard term beside it.

Types, defaults, limits and allowed values come from coproarchive.model; this table adds the words:
for the reference and the schemas in docs/, and for the forms on which records are corrected.
tests/test_docs.py holds it to the model: no key more, no key less, and every example is accepted.
"""

from __future__ import annotations

from pydantic import BaseModel

from coproarchive.record_keys.archive import ARCHIVE_KEYS
from coproarchive.record_keys.items import ITEM_KEYS
from coproarchive.record_keys.key import Key

KEYS: dict[type[BaseModel], dict[str, Key]] = {**ARCHIVE_KEYS, **ITEM_KEYS}
"""Model -> name of its field -> the words about it."""
__all__ = ["KEYS", "Key"]
