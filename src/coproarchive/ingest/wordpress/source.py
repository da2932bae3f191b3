"""What a WordPress site is made of, whichever way it was read: export file, REST or saved pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from coproarchive.model import Problem, Severity


@dataclass(frozen=True, slots=True)
class TaxonomyTerm:
    """A category or tag of a post.

    Attributes:
        domain: "category", "post_tag" or another taxonomy.
        slug: WordPress's nicename.
        name: as shown.
    """

    domain: str
    slug: str
    name: str


@dataclass(slots=True)
class Post:
    """A post, page, attachment or other record of a site.

    Attributes:
        id: WordPress's number, as text; "" where it is unknown.
        type: "post", "page", "attachment" or a plugin's own.
        status: "publish", "draft", "private", "trash", "inherit", ...
        link: its address.  slug: its name in the address.
        date: YYYY-MM-DD, "" where unknown.
        creator: login or display name of its account.
        content: HTML; see `raw`.
        raw: whether the content is as its author typed it (blocks, shortcodes, no paragraphs) and
            not as the site shows it.
        protected: whether a password guards it.
        attachment_url: address of the file, of attachments.
        alt: alternative text, of attachments that are pictures.
        files: name -> local path of files that came with it (saved pages).
        comments: how many comments came with it; their text is not kept.
    """

    id: str = ""
    type: str = "post"
    status: str = "publish"
    title: str = ""
    link: str = ""
    slug: str = ""
    date: str = ""
    creator: str = ""
    content: str = ""
    excerpt: str = ""
    raw: bool = True
    protected: bool = False
    parent: str = ""
    attachment_url: str = ""
    alt: str = ""
    comments: int = 0
    terms: tuple[TaxonomyTerm, ...] = ()
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """What a source says of itself, filled in while it is read.

    Attributes:
        name: the blog's title.
        address: its address, without a slash at the end; "" where the source does not tell it.
        identity: what it is known by without an address: the same at every import from one place,
            another for every other site.
        authors: login -> display name.
        problems: what was wrong with the source, each once however often it is read.
    """

    name: str = ""
    address: str = ""
    identity: str = "unknown-site"
    language: str = ""
    authors: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _reported: set[Problem] = field(default_factory=set, repr=False)

    @property
    def key(self) -> str:
        """Host and path of the address: what `source_id` begins with, alike for all sources."""
        bare = self.address.partition("://")[2] or self.address
        return bare.strip("/").removeprefix("www.").lower() or self.identity

    def problem(
        self,
        code: str,
        where: str,
        message: str,
        hint: str = "",
        severity: Severity = Severity.WARNING,
        place: str = "",
    ) -> None:
        """Report something wrong with the source."""
        problem = Problem(code, severity, where, message, place, hint)
        if problem not in self._reported:
            self._reported.add(problem)
            self.problems.append(problem)


class BlogSource(Protocol):
    """A way to read a site. `posts` may be asked for several times; it fills in `site`."""

    site: Site

    def posts(self) -> Iterator[Post]:
        """Yield everything in the source, in its order."""
        ...


@dataclass(frozen=True)
class Options:
    """What the archivist asks of an import.

    Attributes:
        media: folder with the blog's files.
        download: fetch files from their addresses.
        dry_run: change nothing.
        include: what else to bring: "private", "draft", "password", "trash", "e-mail"; items of
            the first four come in hidden.
        new_topics: tags that no rule names become topics.
        allow_private: fetch from loopback and private addresses too (tests, an intranet).
        max_file: bytes of one fetched file.
        pause: seconds between requests.
    """

    media: Path | None = None
    download: bool = False
    dry_run: bool = False
    include: frozenset[str] = frozenset()
    new_topics: bool = True
    allow_private: bool = False
    max_file: int = 200 * 1024 * 1024
    pause: float = 0.2


INCLUDES = ("private", "draft", "password", "trash", "e-mail")
