"""Content Security Policies of the plain pages: what a browser may load for them, and run."""

from __future__ import annotations

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No script at all; what looks at a page from within, as Lighthouse does, may ask us."""
SCRIPTED_POLICY = f"{PAGE_POLICY}; script-src 'self'; media-src 'self'"
"""Of pages with a script from a file of ours, and recordings; nothing inline runs."""
SCRIPTED = {"Content-Security-Policy": SCRIPTED_POLICY}
"""The header that such a page is answered with."""
