"""From an engine's answer to what readers are told: facets with labels, notes in sentences."""

from __future__ import annotations

from coproarchive.catalogue import Catalogue
from coproarchive.search import fields
from coproarchive.search.asking import Answer
from coproarchive.search.engines.base import Response
from coproarchive.search.query import Query
from coproarchive.search.results import Facet, FacetValue


def facets_of(response: Response, query: Query, catalogue: Catalogue) -> tuple[Facet, ...]:
    """Facets in the archive's order, their values most frequent first; years newest first."""
    found = []
    for name in catalogue.series.facets:
        if name not in fields.FACETS:
            continue
        counts = response.facets.get(name, {})
        chosen = query.facets.get(name, ())
        values = [
            FacetValue(value, label_of(name, value, catalogue), count, value in chosen)
            for value, count in {**dict.fromkeys(chosen, 0), **counts}.items()
        ]
        if name == "year":
            values.sort(key=lambda v: v.value, reverse=True)
        else:
            values.sort(key=lambda v: (-v.count, v.label.casefold(), v.value))
        found.append(Facet(name, fields.LABELS[name], tuple(values)))
    return tuple(found)


def label_of(facet: str, value: str, catalogue: Catalogue) -> str:
    """What readers see for a facet's value."""
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


def notes_of(query: Query, answer: Answer) -> tuple[str, ...]:
    """How the query was understood, in sentences."""
    notes = list(query.notes)
    for typed, searched in answer.compiled.corrections.items():
        notes.append(f'Nothing here has the word "{typed}". Showing results for "{searched}".')
    for typed, others in answer.compiled.synonyms.items():
        notes.append(f'For "{typed}", also searched for: {", ".join(others)}.')
    if answer.compiled.is_question:
        if answer.response.total:
            notes.append("This is a long question. Showing first what has most of its words.")
    elif answer.partial:
        notes.append("Nothing has all of these words. Showing what has some of them.")
    return tuple(notes)
