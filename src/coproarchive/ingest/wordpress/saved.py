"""A folder of pages saved from a browser or by a mirroring tool, one post a page.

Numbers of posts are unique in one site only, so which site the pages are of is found out first: by
addresses that WordPress writes into a page's head, or that the saving tool left in a comment. A
mirror whose addresses were all made relative tells nothing; it is known by the folder it lies in.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html
from lxml import etree

from coproarchive.extract.charset import decode
from coproarchive.extract.html import parse_html
from coproarchive.ingest.wordpress.source import Post, Site, TaxonomyTerm
from coproarchive.model import Severity
from coproarchive.store import slugify, walk

MAX_PAGE = 16 * 1024 * 1024
_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_CONTENT = ("entry-content", "post-content", "post-body", "wp-block-post-content", "entry")
_TITLES = ("entry-title", "post-title", "wp-block-post-title", "page-title")
_AFTER_ROOT = {
    "https://api.w.org/": r"/(?:index\.php/)?wp-json/?$|/(?:index\.php)?\?rest_route=",
    "edituri": r"/xmlrpc\.php",
    "shortlink": r"/\?(?:p|page_id)=\d+$",
}
"""Relation of a link -> what stands behind the site's address in it."""
_SAVED_FROM = re.compile(
    r"<!-- saved from url=\(\d+\)(https?://\S+) -->|<!-- Mirrored from (\S+) by HTTrack"
)
_LISTS = frozenset(("archive", "blog", "search", "category", "tag", "author", "error404"))


class SavedSource:
    """Pages below a folder (.html, .htm); what holds no post of its own is reported."""

    def __init__(self, folder: Path):
        self.folder = folder
        place = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogatepass")).hexdigest()
        self.site = Site(identity=f"saved-{slugify(folder.resolve().name, 'site')}-{place[:8]}")
        self._is_identified = self._has_root = False

    def posts(self) -> Iterator[Post]:
        """Yield a post for each page that is one, in the order of the pages' paths."""
        if not self._is_identified:
            self._is_identified = True
            self._identify()
        for path in self._pages():
            post = self._read(path)
            if post:
                yield post

    def _identify(self) -> None:
        """Find the site's address: where WordPress says it, else the host of a page's address."""
        host = ""
        for path in self._pages():
            with contextlib.suppress(Exception):  # what cannot be read is reported later
                text = decode((self.folder / path).read_bytes())
                tree = parse_html(text, path)
                self.site.address = _root(tree)
                host = host or _host(_address(tree)) or _host(_saved_from(text))
            if self.site.address:
                self._has_root = True
                return
        self.site.address = host
        if not host:
            self.site.problem(
                "site-unnamed",
                self.folder.name,
                "no page says which site it is of; they are known by the folder they lie in.",
                "Import them from this folder again: from another they would count as another "
                "site's.",
                severity=Severity.NOTE,
            )

    def _pages(self) -> Iterator[str]:
        """Yield the paths of pages, relative to the folder."""
        for entry in walk(self.folder, max_depth=20):
            if entry.kind != "file" or not re.search(r"\.html?$", entry.path, re.IGNORECASE):
                continue
            if entry.size > MAX_PAGE:
                self._problem(entry.path, f"the page has more than {MAX_PAGE:,} bytes.")
                continue
            yield entry.path

    def _problem(self, path: str, message: str) -> None:
        self.site.problem("page-skipped", path, message, severity=Severity.NOTE)

    def _read(self, path: str) -> Post | None:
        try:
            text = decode((self.folder / path).read_bytes())
            tree = parse_html(text, path)
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
        is_numbered = bool(_host(link)) or self._has_root
        link = link if _host(link) else _saved_from(text)
        self.site.name = self.site.name or _meta(tree, "og:site_name")
        number = next((m for m in marks if re.fullmatch(r"(?:postid|page-id)-\d+", m)), "")
        return Post(
            # Without a link of WordPress's own, two sites of one host could both have the number.
            id=number.rpartition("-")[2] if is_numbered or not link else "",
            type="page" if number.startswith("page-") or "page" in marks else "post",
            title=_title(tree),
            link=link,
            slug=urlsplit(link).path.strip("/").rpartition("/")[2] or _slug(path),
            date=_date(tree),
            creator=_author(tree),
            content=_inner(main),
            raw=False,
            terms=_terms(tree),
        )


def _slug(path: str) -> str:
    """Return a page's name by its path: mirrors save /talk/ as talk/index.html."""
    folder, stem = Path(path).parent.name, Path(path).stem
    return folder if stem.lower() == "index" and folder else stem


def _host(address: str) -> str:
    """Return scheme and host of a web address, "" where it is none."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.netloc:
            return f"{parts.scheme}://{parts.netloc}"
    return ""


def _root(tree: lxml.html.HtmlElement) -> str:
    """Return the site's address as WordPress gives it to programs, "" where it does not.

    In the head of a page are links to its REST interface, its XML-RPC (EditURI) and its short
    address, all of which begin with the site's (wp-includes/rest-api.php, general-template.php).
    """
    for node in tree.iter("link"):
        rel, address = str(node.get("rel") or "").lower(), str(node.get("href") or "")
        ending = _AFTER_ROOT.get(rel)
        if ending and _host(address) and (match := re.search(ending, address)):
            return address[: match.start()]
    return ""


def _saved_from(text: str) -> str:
    """Return the address that a browser or HTTrack noted in the page, "" where none did."""
    match = _SAVED_FROM.search(text[:20_000]) or _SAVED_FROM.search(text[-20_000:])
    address = (match[1] or f"https://{match[2]}") if match else ""
    return address if _host(address) else ""


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
