"""From an engine's answer to what readers are told: facets with labels, notes in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Set

from coproarchive.catalogue import Catalogue
from coproarchive.search.engines.seam import Response
from coproarchive.search.hits.results import Facet
from coproarchive.search.index.execute import Outcome
from coproarchive.search.language import fields
from coproarchive.search.language.query import Query
from coproarchive.store import slugify
from coproarchive.store.sidecar import did_you_mean

MOST_LABELS = 200_000


class Labels:
    """Labels of facet values and what they are sorted by, made once for a catalogue.

    Args:
        catalogue: has the names.
    """

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue
        self._labels: dict[str, dict[str, str]] = {}
        self._orders: dict[str, dict[str, str]] = {}

    def of(self, facet: str, values: Set[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return value -> label, and value -> sort key, of these values at least."""
        labels = self._labels.setdefault(facet, {})
        orders = self._orders.setdefault(facet, {})
        if len(labels) > MOST_LABELS:
            # Addresses can name values that nothing has. Results keep the labels they were given.
            labels = self._labels[facet] = {}
            orders = self._orders[facet] = {}
        if not values <= orders.keys():
            for value in values - orders.keys():
                label = label_of(facet, value, self._catalogue)
                labels[value] = label
                # One text is compared quicker than three.
                orders[value] = f"{label.casefold()}\0{label}\0{value}"
        return labels, orders


def facets_of(
    response: Response, query: Query, catalogue: Catalogue, labels: Labels
) -> tuple[Facet, ...]:
    """Return facets in the archive's order, values most frequent first; years newest first."""
    facets = []
    for name in catalogue.series.facets:
        if name not in fields.FACETS:
            continue
        counts = response.facets.get(name, {})
        chosen = query.facets.get(name, ())
        counts = {**dict.fromkeys(chosen, 0), **counts} if chosen else counts
        labels_of_facet, orders = labels.of(name, counts.keys())
        ranked = sorted(counts, key=orders.__getitem__)
        if name == "year":
            ranked.sort(reverse=True)
        else:
            ranked.sort(key=counts.__getitem__, reverse=True)
        facets.append(Facet(name, fields.LABELS[name], ranked, labels_of_facet, counts, chosen))
    return tuple(facets)


def label_of(facet: str, value: str, catalogue: Catalogue) -> str:
    """Return what readers see for a facet's value."""
    match facet:
        case "seminar":
            return catalogue.seminar_title(value)
        case "speaker":
            return catalogue.person_name(value)
        case "topic":
            return catalogue.topic_label(value)
        case "kind":
            return value.capitalize()
    return value


def unknown_choices(query: Query, catalogue: Catalogue) -> list[str]:
    """Return a sentence for each chosen seminar, speaker or topic that is none, with near ids."""
    records: dict[str, Mapping[str, object]] = {
        "seminar": catalogue.seminars, "speaker": catalogue.people, "topic": catalogue.topics,
    }  # fmt: skip
    return [
        f'There is no {facet} "{value[:100]}".{did_you_mean(slugify(value), ids)}'
        for facet, ids in records.items()
        for value in query.facets.get(facet, ())
        if value not in ids
    ]


def notes_of(query: Query, outcome: Outcome, catalogue: Catalogue) -> tuple[str, ...]:
    """Return how the query was understood, in sentences."""
    notes = [*query.notes, *unknown_choices(query, catalogue)]
    for typed, searched in outcome.rewritten.corrections.items():
        notes.append(f'Nothing here has the word "{typed}". Showing results for "{searched}".')
    for typed, others in outcome.rewritten.synonyms.items():
        notes.append(f'For "{typed}", also searched for: {", ".join(others)}.')
    if outcome.rewritten.is_question:
        if outcome.response.total:
            notes.append("This is a long question. Showing first what has most of its words.")
    elif outcome.partial:
        notes.append("Nothing has all of these words. Showing what has some of them.")
    return tuple(notes)
