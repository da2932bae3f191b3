"""What was understood and nobody has confirmed: kept beside the archive's records, item by item."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from coproarchive.catalogue import Catalogue
from coproarchive.ingest.names import name_key
from coproarchive.model import Item
from coproarchive.store import Store

VERSION = 1
_PREFIX = "guesses-"


@dataclass(frozen=True, slots=True)
class Guess:
    """Something understood from prose, for the archivist to confirm.

    Attributes:
        kind: "title", "speaker", "author", "session", "date", ...
        value: what was understood.
        line: the words it was read from, at most 300 characters.
        rule: why it was understood so.
        confidence: 0..1, set by the rule; below 0.6 it deserves a look first.
        source: address or id of the post it stands in, or path of the file.
        record: the record it went into.
    """

    kind: str
    value: str
    line: str
    rule: str
    confidence: float
    source: str = ""
    record: str = ""


def remember_guesses(store: Store, item_id: str, guesses: Iterable[Guess]) -> None:
    """Mark what is about to be written into an item's record as guessed.

    Written before the record, so that no guess is ever taken for what somebody said: of an item
    that does not come to be, guesses are passed over.
    """
    marked = [{**asdict(guess), "record": item_id, "confirmed": False} for guess in guesses]
    store.write_state(_state_name(item_id), {"version": VERSION, "guesses": marked})


def unconfirmed_guesses(store: Store, catalogue: Catalogue) -> list[Guess]:
    """List guesses that stand in records as they were written, the least sure first.

    A guess that somebody confirmed, or corrected in the record, is none any more.
    """
    names = set(Guess.__dataclass_fields__)
    waiting = [
        Guess(**{key: value for key, value in marked.items() if key in names})
        for _, state in _states(store)
        for marked in state["guesses"]
        if not marked.get("confirmed")
    ]
    standing = (guess for guess in waiting if _stands(guess, catalogue))
    return sorted(standing, key=lambda guess: (guess.confidence, guess.record, guess.kind))


def confirm_guesses(
    store: Store, catalogue: Catalogue, is_confirmed: Callable[[int, Guess], bool]
) -> int:
    """Mark guesses as confirmed; return how many were.

    Args:
        store: of the archive.
        catalogue: the archive's records.
        is_confirmed: by the guess's number, from 1, in the order of `unconfirmed_guesses`.
    """
    with store.lock():
        listed = enumerate(unconfirmed_guesses(store, catalogue), start=1)
        right = {guess for number, guess in listed if is_confirmed(number, guess)}
        records = {guess.record for guess in right}
        keys = {(guess.record, guess.kind, guess.value) for guess in right}
        for name, state in _states(store):
            if not any(marked["record"] in records for marked in state["guesses"]):
                continue
            for marked in state["guesses"]:
                if (marked["record"], marked["kind"], marked["value"]) in keys:
                    marked["confirmed"] = True
            store.write_state(name, state)
    return len(right)


def _states(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is kept of each item; what another version wrote is passed over."""
    for name in store.state_names(_PREFIX):
        state = store.read_state(name)
        if isinstance(state, dict) and state.get("version") == VERSION:
            yield name, state


def _stands(guess: Guess, catalogue: Catalogue) -> bool:
    """Tell whether the record still says what was guessed."""
    item = catalogue.items.get(guess.record)
    return item is not None and guess.value in _values(guess, item, catalogue)


def _values(guess: Guess, item: Item, catalogue: Catalogue) -> set[str]:
    if guess.kind == "title":
        return {item.title}
    if guess.kind == "date":
        return {item.date or ""}
    if guess.kind == "seminar":
        return {item.seminar or ""}
    if guess.kind == "topic":
        return set(item.topics)
    people = (catalogue.people.get(contribution.person) for contribution in item.people)
    keys = {name_key(name) for person in people if person for name in person.names}
    return {guess.value} if name_key(guess.value) in keys else set()


def _state_name(item_id: str) -> str:
    """Name the state of an item; no two items share one, whatever their ids are made of."""
    readable = "".join(c if c.isalnum() else "-" for c in item_id)[:60]
    return f"{_PREFIX}{readable}-{hashlib.sha256(item_id.encode()).hexdigest()[:8]}"
