"""What mkdocs calls while it builds the documents: see `hooks` in mkdocs.yml."""

from __future__ import annotations


def on_post_page(output: str, **_: object) -> str:
    """Name the search dialogue for screen readers; the theme leaves it without a name."""
    return output.replace('role="dialog"', 'role="dialog" aria-label="Search"')
