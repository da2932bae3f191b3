"""A folder of pages saved from a browser or by a mirroring tool, one post a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html
from lxml import etree

from coproarchive.extract.html import decode, parse_html
from coproarchive.ingest.wordpress.source import Post, Site, TaxonomyTerm
from coproarchive.model import Severity
from coproarchive.store import walk

MAX_PAGE = 16 * 1024 * 1024
_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_CONTENT = ("entry-content", "post-content", "post-body", "wp-block-post-content", "entry")
_TITLES = ("entry-title", "post-title", "wp-block-post-title", "page-title")
_LISTS = frozenset(("archive", "blog", "search", "category", "tag", "author", "error404"))


class SavedSource:
    """Pages below a folder (.html, .htm); what holds no post of its own is reported."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.site = Site()

    def posts(self) -> Iterator[Post]:
        """Yield a post for each page that is one, in the order of the pages' paths."""
        for entry in walk(self.folder, max_depth=20):
            if entry.kind != "file" or not re.search(r"\.html?$", entry.path, re.IGNORECASE):
                continue
            if entry.size > MAX_PAGE:
                self._problem(entry.path, f"the page has more than {MAX_PAGE:,} bytes.")
                continue
            post = self._read(entry.path)
            if post:
                yield post

    def _problem(self, path: str, message: str) -> None:
        self.site.problem("page-skipped", path, message, severity=Severity.NOTE)

    def _read(self, path: str) -> Post | None:
        try:
            tree = parse_html(decode((self.folder / path).read_bytes()), path)
        except Exception as error:  # noqa: BLE001 - told as a problem of this page
            self._problem(path, f"the page cannot be read: {error}.")
            return None
        body = tree if tree.tag == "body" else next(tree.iter("body"), tree)
        marks = (body.get("class") or "").split()
        main = _by_class(tree, _CONTENT)
        main = main if main is not None else next(tree.iter("article", "main"), None)
        if main is None or (_LISTS & set(marks) and "single" not in marks and "page" not in marks):
            self._problem(path, "this is a list of posts, or no post of a blog.")
            return None
        link = _address(tree)
        if not self.site.address and link:
            parts = urlsplit(link)
            self.site.address = f"{parts.scheme}://{parts.netloc}"
        self.site.name = self.site.name or _meta(tree, "og:site_name")
        number = next((m for m in marks if re.fullmatch(r"(?:postid|page-id)-\d+", m)), "")
        return Post(
            id=number.rpartition("-")[2],
            type="page" if number.startswith("page-") or "page" in marks else "post",
            title=_title(tree),
            link=link,
            slug=urlsplit(link).path.strip("/").rpartition("/")[2] or Path(path).stem,
            date=_date(tree),
            creator=_author(tree),
            content=_inner(main),
            raw=False,
            terms=_terms(tree),
        )


def _by_class(tree: lxml.html.HtmlElement, names: tuple[str, ...]) -> lxml.html.HtmlElement | None:
    for name in names:
        for node in tree.iter():
            if isinstance(node.tag, str) and name in (node.get("class") or "").split():
                return node
    return None


def _meta(tree: lxml.html.HtmlElement, *names: str) -> str:
    for name in names:
        for node in tree.iter("meta"):
            if name in (node.get("property"), node.get("name")) and node.get("content"):
                return " ".join(str(node.get("content")).split())
    return ""


def _address(tree: lxml.html.HtmlElement) -> str:
    for node in tree.iter("link"):
        if "canonical" in (node.get("rel") or "").split() and node.get("href"):
            return str(node.get("href")).strip()
    return _meta(tree, "og:url")


def _title(tree: lxml.html.HtmlElement) -> str:
    heading = _by_class(tree, _TITLES)
    if heading is None:
        named = _meta(tree, "og:title")
        if named:
            return named
        heading = next(tree.iter("h1", "title"), None)
    return " ".join("".join(heading.itertext()).split()) if heading is not None else ""


def _date(tree: lxml.html.HtmlElement) -> str:
    times = [_meta(tree, "article:published_time")]
    times += [
        str(n.get("datetime") or "")
        for n in tree.iter("time")
        if "updated" not in (n.get("class") or "").split()
    ]
    return next((m[0] for s in times if (m := _DAY.match(s))), "")


def _author(tree: lxml.html.HtmlElement) -> str:
    for node in tree.iter("a", "span"):
        marks = {*(node.get("rel") or "").split(), *(node.get("class") or "").split()}
        if marks & {"author", "fn", "url"} and marks & {"author", "fn"}:
            words = " ".join("".join(node.itertext()).split())
            if words:
                return re.sub(r"(?i)^by\s+", "", words)
    return _meta(tree, "author")


def _terms(tree: lxml.html.HtmlElement) -> tuple[TaxonomyTerm, ...]:
    terms: dict[TaxonomyTerm, None] = {}
    for node in tree.iter("a"):
        rel = (node.get("rel") or "").split()
        name = " ".join("".join(node.itertext()).split())
        if "tag" in rel and name:
            path = urlsplit(node.get("href") or "").path
            domain = "category" if "category" in rel or "/category/" in path else "post_tag"
            terms[TaxonomyTerm(domain, path.strip("/").rpartition("/")[2], name)] = None
    return tuple(terms)


def _inner(node: lxml.html.HtmlElement) -> str:
    return str(etree.tostring(node, encoding="unicode", with_tail=False, method="html"))
