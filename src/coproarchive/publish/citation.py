"""A citation in one line that needs no style: what pages show at once."""

from __future__ import annotations

from coproarchive.publish.reference import Reference, one_line


def plain_citation(reference: Reference) -> str:
    """Format as: Author (year). Title [presentation, slide 3]. Seminar, place. Archive. Address."""
    names = [name.straight for name in reference.authors]
    people = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + "".join(names[-1:])
    medium = "post" if reference.genre == "Blog post" else reference.genre.lower()
    place = f", {reference.locator}" if reference.locator else ""
    pieces = [
        f"{people} ({reference.issued[:4] or 'no date'})".strip(),
        f"{reference.title} [{medium}{place}]",
        ", ".join(filter(None, (reference.event_title, reference.event_place))),
        reference.archive,
        reference.address,
    ]
    return one_line(". ".join(piece.rstrip(".") for piece in pieces if piece))
