"""A site read over its REST interface: WordPress's own (wp/v2) or WordPress.com's (v1.1).

References: developer.wordpress.org/rest-api/reference, developer.wordpress.com/docs/api/1.1.
Each page is kept on the disk until the import is done, so that a reading that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import html
import json
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit

from coproarchive.errors import IngestError
from coproarchive.ingest.wordpress.fetch import Fetcher
from coproarchive.ingest.wordpress.source import Post, Site, TaxonomyTerm
from coproarchive.store.files import write_durably

PER_PAGE = 50
MAX_PAGES = 20_000
KEPT_SECONDS = 24 * 3600.0
"""Pages of a stopped reading that are older are fetched again."""
WORDPRESS_COM = "https://public-api.wordpress.com/rest/v1.1"
_DAY = re.compile(r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_READABLE = re.compile(
    r"event|seminar|talk|lecture|workshop|news|stor|podcast|project|article|session|resource"
)


log = logging.getLogger(__name__)


class RestSource:
    """A site by its address.

    Args:
        address: of the site, or of anything below it up to wp-json.
        fetcher: fetches its pages.
        work: folder in which pages are kept until the import is done.
        wordpress_com: address of WordPress.com's interface.
    """

    def __init__(
        self, address: str, fetcher: Fetcher, work: Path, wordpress_com: str = WORDPRESS_COM
    ):
        self.address = re.sub(r"/(?:wp-json.*|wp-admin.*|index\.php.*)?$", "", address.strip())
        self.fetcher, self.wordpress_com = fetcher, wordpress_com
        self.site = Site(address=self.address)
        self.work = work / hashlib.sha256(self.address.encode()).hexdigest()[:16]
        self._root = ""

    def posts(self) -> Iterator[Post]:
        """Yield posts, pages and files, in the order of their numbers.

        Raises:
            IngestError: the site has no such interface, or stopped answering.
        """
        if self._discover():
            yield from self._wp_v2()
        else:
            yield from self._wordpress_com()

    # ------------------------------------------------------------- pages

    def _page(self, url: str, *, required: bool = True) -> tuple[Any, dict[str, str]] | None:
        """Return JSON and headers of an address, cached on disk; None where it has no JSON."""
        path = self.work / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.json"
        if path.is_file() and time.time() - path.stat().st_mtime < KEPT_SECONDS:
            checksum, _, payload = path.read_bytes().partition(b"\n")
            if checksum == _checksum(payload):
                cached = json.loads(payload)
                return cached["body"], cached["headers"]
            log.warning("%s: this page of a blog is damaged; it is fetched anew.", path)
        answer = self.fetcher.get(url)
        try:
            body = answer.json() if answer.status == 200 else None
        except (ValueError, RecursionError):
            body = None
        if body is None:
            if required:
                raise IngestError(f"the server answers {answer.status} and no data.", url)
            return None
        self.work.mkdir(parents=True, exist_ok=True)
        headers = {k: v for k, v in answer.headers.items() if k.startswith("x-wp-")}
        payload = json.dumps({"body": body, "headers": headers}).encode()
        write_durably(path, _checksum(payload) + b"\n" + payload)
        return body, headers

    # ------------------------------------------------------------- wp/v2

    def _discover(self) -> bool:
        """Return whether the site has WordPress's interface; then its name and root are set."""
        if self._root:
            return True
        if (urlsplit(self.address).hostname or "").endswith(".wordpress.com"):
            return False
        for root in (f"{self.address}/wp-json/", f"{self.address}/index.php?rest_route=/"):
            page = self._page(root, required=False)
            body = page[0] if page else None
            if isinstance(body, dict) and "wp/v2" in str(body.get("namespaces", "")):
                self.site.name = _words(body.get("name"))
                home = str(body.get("home") or body.get("url") or self.address)
                self.site.address = home.rstrip("/")
                self._root = root
                return True
        return False

    def _url(self, route: str, query: str = "") -> str:
        mark = "&" if "?" in self._root else "?"
        return f"{self._root}wp/v2/{route}" + (f"{mark}{query}" if query else "")

    def _wp_v2(self) -> Iterator[Post]:
        page = self._page(self._url("types"), required=False)
        types = page[0] if page and isinstance(page[0], dict) else {}
        bases = {"post": "posts", "page": "pages", "attachment": "media"}
        for name, kind in types.items():
            if name not in bases and _READABLE.search(name) and isinstance(kind, dict):
                bases[name] = str(kind.get("rest_base") or name)
        for name, base in bases.items():
            for value in self._all(base):
                yield _own_post(value, name)

    def _all(self, base: str) -> Iterator[dict[str, Any]]:
        number, pages = 1, 1
        while number <= min(pages, MAX_PAGES):
            embed = "" if base == "media" else "&_embed=author,wp:term"
            query = f"per_page={PER_PAGE}&page={number}&orderby=id&order=asc{embed}"
            page = self._page(self._url(quote(base), query), required=base in ("posts", "pages"))
            if page is None:
                message = f'the site does not show its "{base}"; they were not read.'
                self.site.problem("source-unreadable", self.address, message)
                return
            body, headers = page
            yield from (v for v in body if isinstance(v, dict)) if isinstance(body, list) else ()
            total = headers.get("x-wp-totalpages", "1")
            pages = int(total) if total.isdigit() else 1
            number += 1

    # ------------------------------------------------------------- WordPress.com

    def _wordpress_com(self) -> Iterator[Post]:
        parts = urlsplit(self.address)
        name = quote(f"{parts.netloc}{parts.path.rstrip('/').replace('/', '::')}", safe=":")
        base = f"{self.wordpress_com}/sites/{name}"
        page = self._page(base, required=False)
        if page is None or not isinstance(page[0], dict):
            raise IngestError(
                "this site shows no REST interface of WordPress.",
                self.address,
                "Export it instead (Tools, Export), and give the file.",
            )
        self.site.name = _words(page[0].get("name"))
        self.site.address = str(page[0].get("URL") or self.address).rstrip("/")
        files: dict[str, Post] = {}
        for kind in ("post", "page"):
            handle = ""
            for _ in range(MAX_PAGES):
                query = f"number={PER_PAGE}&type={kind}&status=publish&order=ASC&order_by=ID"
                query += f"&page_handle={quote(handle)}" if handle else ""
                body = cast(tuple[Any, Any], self._page(f"{base}/posts/?{query}"))[0]
                for value in body.get("posts", []):
                    yield _com_post(value)
                    for file in (value.get("attachments") or {}).values():
                        files.setdefault(str(file.get("ID")), _com_file(file))
                handle = str((body.get("meta") or {}).get("next_page") or "")
                if not handle:
                    break
        for number in sorted(files, key=lambda n: (len(n), n)):
            yield files[number]


def _own_post(value: dict[str, Any], kind: str) -> Post:
    content = value.get("content") or {}
    embedded = value.get("_embedded") or {}
    author = (embedded.get("author") or [{}])[0]
    terms = [
        TaxonomyTerm(
            str(t.get("taxonomy") or "category"), str(t.get("slug") or ""), _words(t.get("name"))
        )
        for group in embedded.get("wp:term") or []
        for t in group
        if isinstance(t, dict) and _words(t.get("name"))
    ]
    protected = bool(content.get("protected"))
    return Post(
        id=str(value.get("id") or ""),
        type=str(value.get("type") or kind),
        status=str(value.get("status") or "publish"),
        title=_words((value.get("title") or {}).get("rendered")),
        link=str(value.get("link") or ""),
        slug=str(value.get("slug") or ""),
        date=_day(value.get("date")),
        creator=_words(author.get("name")) if isinstance(author, dict) else "",
        content=str(content.get("rendered") or "") if kind != "attachment" else "",
        raw=False,
        protected=protected,
        parent=str(value.get("post") or "")
        if kind == "attachment"
        else str(value.get("parent") or ""),
        attachment_url=str(value.get("source_url") or "") if kind == "attachment" else "",
        alt=_words(value.get("alt_text")),
        terms=tuple(terms),
    )


def _com_post(value: dict[str, Any]) -> Post:
    terms = [
        TaxonomyTerm(domain, str(t.get("slug") or ""), _words(t.get("name")))
        for domain, key in (("category", "categories"), ("post_tag", "tags"))
        for t in (value.get(key) or {}).values()
    ]
    return Post(
        id=str(value.get("ID") or ""),
        type=str(value.get("type") or "post"),
        status=str(value.get("status") or "publish"),
        title=_words(value.get("title")),
        link=str(value.get("URL") or ""),
        slug=str(value.get("slug") or ""),
        date=_day(value.get("date")),
        creator=_words((value.get("author") or {}).get("name")),
        content=str(value.get("content") or ""),
        raw=False,
        protected=bool(value.get("password")),
        terms=tuple(terms),
    )


def _com_file(value: dict[str, Any]) -> Post:
    return Post(
        id=str(value.get("ID") or ""),
        type="attachment",
        status="inherit",
        title=_words(value.get("title")),
        date=_day(value.get("date")),
        raw=False,
        parent=str(value.get("post_ID") or "").removeprefix("0"),
        attachment_url=str(value.get("URL") or ""),
        alt=_words(value.get("alt")),
    )


def _words(value: object) -> str:
    return " ".join(html.unescape(value).split()) if isinstance(value, str) else ""


def _day(value: object) -> str:
    match = _DAY.match(value) if isinstance(value, str) else None
    return match[0] if match else ""


def _checksum(data: bytes) -> bytes:
    """Return SHA-256 as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest().encode()
