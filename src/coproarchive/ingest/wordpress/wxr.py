"""WordPress's export file (WXR 1.0 to 1.2), read as a stream and in constant memory.

The file is cut at <item> with an eye on CDATA, and each item is parsed alone: one broken item costs
only itself, and no document type, entity or network is ever followed. Format: WordPress's
wp-admin/includes/export.php.
"""

from __future__ import annotations

import codecs
import gzip
import html
import re
import zlib
from collections.abc import Iterable, Iterator
from html.entities import name2codepoint
from pathlib import Path
from typing import BinaryIO, cast

from lxml import etree

from coproarchive.errors import FileSystemError
from coproarchive.ingest.wordpress.source import Post, Site, TaxonomyTerm
from coproarchive.model import Severity

MAX_ITEM = 16 * 1024 * 1024
"""Characters of one item; a longer one is passed over and reported."""
MAX_HEAD = 32 * 1024 * 1024
_CHUNK = 1 << 18

_NAMESPACES = {
    "excerpt": "http://wordpress.org/export/1.2/excerpt/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "wp": "http://wordpress.org/export/1.2/",
}
_TOKEN = re.compile(r"<!\[CDATA\[|\]\]>|<item[\s>]|</item\s*>|<!--|-->")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XMLNS = re.compile(r"""xmlns:([A-Za-z][\w.-]*)\s*=\s*["']([^"'<>&]{1,300})["']""")
_DATE = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_ENTITIES = "".join(  # single characters only: nothing can grow
    f'<!ENTITY {name} "&#{code};">' for name, code in name2codepoint.items() if code not in (38, 60)
)
_DOCTYPE = f"<!DOCTYPE r [{_ENTITIES}]>"
CDATA, COMMENT = "<![CDATA[", "<!--"


class WxrSource:
    """One export, in one or several files.

    Args:
        paths: .xml or .xml.gz files; parts of one export belong together.
    """

    def __init__(self, paths: Iterable[Path]):
        self.paths = tuple(paths)
        self.site = Site()

    def posts(self) -> Iterator[Post]:
        """Yield every item of every part; damage of one part does not stop the others.

        Raises:
            FileSystemError: a part cannot be read just now. It stops the import: what was read so
                far would be taken for all there is.
        """
        for path in self.paths:
            yield from _ExportFile(path, self.site).posts()


class _ExportFile:
    def __init__(self, path: Path, site: Site):
        self.path, self.site = path, site
        self.name = path.name
        self.header = _header("")
        self.number = 0

    def posts(self) -> Iterator[Post]:
        try:
            with self.path.open("rb") as raw:
                magic = raw.peek(2)[:2]
                packed = magic == b"\x1f\x8b"
                stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw) if packed else raw)
                yield from self._read(stream)
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno:  # of the disk: gzip's damage has none
                raise FileSystemError(error, self.path) from error
            self._problem("source-unreadable", f"this file cannot be read: {_reason(error)}.")

    def _read(self, stream: BinaryIO) -> Iterator[Post]:
        head_seen = False
        for kind, text in _pieces(self._text(stream)):
            if kind == "head":
                head_seen = True
                self._head(text)
            elif kind == "too-large":
                self.number += 1
                self._problem(
                    "item-too-large", f"item {self.number} is larger than {MAX_ITEM:,} characters."
                )
            else:
                self.number += 1
                if kind == "cut":
                    self._problem(
                        "export-cut-off",
                        f"the file ends inside item {self.number}.",
                        "Export the site again; what was read of the item is kept.",
                    )
                post = self._item(text, whole=kind == "item")
                if post is not None:
                    yield post
        if not head_seen or (not self.number and not self.site.address):
            self._problem(
                "not-an-export",
                "this is no WordPress export (WXR) with posts in it.",
                "In WordPress: Tools, Export, All content.",
            )

    def _text(self, stream: BinaryIO) -> Iterator[str]:
        """Clean characters in pieces; what had to be replaced is reported once."""
        first = stream.read(_CHUNK)
        encoding, first = self._encoding(first)
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        replaced = removed = 0
        data = first
        while data:
            text = decoder.decode(data)
            replaced += text.count("\ufffd")
            text, n = _ILLEGAL.subn("", text)
            removed += n
            yield text
            data = stream.read(_CHUNK)
        yield decoder.decode(b"", final=True)
        if replaced:
            self._problem(
                "bytes-replaced",
                f"{replaced} places are not {encoding} and are shown as \ufffd.",
                "Look for them in the imported posts.",
            )
        if removed:
            self._problem("controls-removed", f"{removed} control characters were removed.")

    def _encoding(self, first: bytes) -> tuple[str, bytes]:
        for mark, name in (
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ):
            if first.startswith(mark):
                return name, first[len(mark) :]
        if first[:4] == b"<\x00?\x00":
            return "utf-16-le", first
        declared = re.search(rb"""<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]{1,40})""", first)
        name = declared[1].decode("ascii").lower() if declared else "utf-8"
        try:
            encoding = codecs.lookup(name).name
        except LookupError:
            encoding = ""
        if encoding.startswith(("utf-16", "utf-32")):  # declared in bytes that are not so
            encoding = "utf-8"
        if (
            not encoding
            or encoding.startswith("utf-7")
            or encoding in ("rot13", "hex", "base64", "zlib")
        ):
            self._problem("encoding-unknown", f'the encoding "{name}" is read as utf-8.')
            encoding = "utf-8"
        return encoding, first

    def _head(self, text: str) -> None:
        """Read title, address and authors of the channel."""
        if "<!DOCTYPE" in text[:65_536] or "<!ENTITY" in text[:65_536]:
            self._problem(
                "doctype-ignored",
                "the file declares a document type; no entity of it is followed.",
                "An export by WordPress has none: ask where this file comes from.",
                Severity.ERROR,
            )
        rss = re.search(r"<rss\b[^>]{0,5000}>", text)
        self.header = _header(rss[0] if rss else "")
        start = text.find("<channel", rss.end() if rss else 0)
        body = text[start:] if start >= 0 else ""
        tree = _parse(f"{self.header}{body}</channel></r>", recover=True)
        if tree is None:
            return
        site = self.site
        channel = next((e for e in tree if _local(e) == "channel"), tree)
        channel_fields = {
            _local(e): (e.text or "").strip() for e in channel if _local(e) != "author"
        }
        address = (
            channel_fields.get("base_blog_url")
            or channel_fields.get("link")
            or channel_fields.get("base_site_url")
        )
        address = (address or "").strip().rstrip("/")
        if site.address and address and address != site.address:
            self._problem("parts-differ", f"this part is of another site: {address}.")
        site.name = site.name or html.unescape(channel_fields.get("title", ""))
        site.address = site.address or address
        site.language = site.language or channel_fields.get("language", "")
        for author in (e for e in channel.iter() if _local(e) in ("author", "wp_author")):
            author_fields = {_local(e): (e.text or "").strip() for e in author}
            if author_fields.get("author_login"):
                display_name = (
                    author_fields.get("author_display_name") or author_fields["author_login"]
                )
                site.authors[author_fields["author_login"]] = display_name

    def _item(self, text: str, *, whole: bool) -> Post | None:
        tail = "</r>"
        tree = _parse(f"{self.header}{text}{tail}") if whole else None
        if tree is None and whole and "&" in text:
            tree = _parse(f"{_DOCTYPE}{self.header}{text}{tail}", entities=True)
        if tree is None:
            tree = _parse(f"{self.header}{text}{tail}", recover=True)
            if whole:
                self._problem(
                    "item-broken",
                    f"item {self.number} is not well-formed XML; some of it may be missing.",
                    "Compare the imported post with the blog's.",
                    Severity.ERROR,
                )
        item = None if tree is None else next((e for e in tree if _local(e) == "item"), None)
        if item is None:
            return None
        post = _post(item)
        if tree is not None and not whole and not (post.id or post.title or post.content):
            return None
        return post

    def _problem(
        self, code: str, message: str, hint: str = "", severity: Severity = Severity.WARNING
    ) -> None:
        self.site.problem(code, self.name, message, hint, severity)


def _pieces(chunks: Iterator[str]) -> Iterator[tuple[str, str]]:  # noqa: PLR0912 - one machine of four states
    """Cut the text: ("head", ...), then ("item", ...) each, ("cut", ...) for one without its end.

    Markup inside CDATA and comments does not count. An item past MAX_ITEM yields ("too-large", "").
    """
    buffer, position, state, inside = "", 0, "head", ""
    start = 0
    for chunk in chunks:
        buffer += chunk
        safe = max(position, len(buffer) - 16)  # a token may be split between two chunks
        while True:
            match = _TOKEN.search(buffer, position)
            if match is None or match.start() >= safe:
                position = max(position, safe)
                break
            position, token = match.end(), match[0]
            if inside:
                inside = "" if token == inside else inside
            elif token == CDATA:
                inside = "]]>"
            elif token == COMMENT:
                inside = "-->"
            elif token.startswith("<item") and state != "item":
                if state == "head":
                    yield "head", buffer[: match.start()][:MAX_HEAD]
                state, start = "item", match.start()
            elif token.startswith("</item") and state == "item":
                yield "item", buffer[start:position]
                state, start = "between", position
        if state == "item" and position - start > MAX_ITEM:
            yield "too-large", ""
            state, inside = "skipping", ""
        if state in ("between", "skipping"):
            start = position
        if start:
            buffer, position, start = buffer[start:], position - start, 0
        if state == "head" and len(buffer) > MAX_HEAD:
            break
    yield from _rest(buffer, state, position, inside)


def _rest(buffer: str, state: str, position: int, inside: str) -> Iterator[tuple[str, str]]:
    """Yield what is left when the file ends; its last few characters were not scanned yet."""
    if state == "head":
        first = None if inside else re.search(r"<item[\s>]", buffer[position:])
        if "<rss" in buffer or "<channel" in buffer:
            yield "head", buffer[: position + first.start()] if first else buffer
        return
    if state != "item":
        return
    end = None if inside == "-->" else re.search(r"</item\s*>", buffer[max(0, position - 16) :])
    if end and (not inside or "]]>" in buffer[max(0, position - 3) :]):
        yield "item", buffer[: max(0, position - 16) + end.end()]
    else:
        yield "cut", buffer + ("]]>" if inside == "]]>" else "")


def _header(rss: str) -> str:
    names = dict(_XMLNS.findall(rss))
    for prefix, uri in _NAMESPACES.items():
        names.setdefault(prefix, uri)
    return "<r " + " ".join(f'xmlns:{p}="{u}"' for p, u in names.items()) + ">"


def _parse(text: str, *, recover: bool = False, entities: bool = False) -> etree._Element | None:
    """Return the root, or None where the text is not well-formed."""
    parser = etree.XMLParser(
        resolve_entities=entities,
        no_network=True,
        load_dtd=False,
        huge_tree=True,  # long texts are allowed: the size is bounded by MAX_ITEM
        recover=recover,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root: etree._Element | None = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def _post(item: etree._Element) -> Post:
    fields: dict[str, str] = {}
    terms: list[TaxonomyTerm] = []
    comments = 0
    alt = ""
    for element in item:
        name = _local(element)
        if name == "encoded":
            name = "excerpt" if "excerpt" in str(element.tag) else "content"
        if name == "category":
            slug = element.get("nicename") or ""
            label = " ".join(html.unescape(element.text or "").split()) or slug.strip()
            if label:
                terms.append(TaxonomyTerm(element.get("domain") or "category", slug, label))
        elif name == "comment":
            comments += 1
        elif name == "postmeta":
            pair = {_local(e): (e.text or "") for e in element}
            if pair.get("meta_key") == "_wp_attachment_image_alt":
                alt = pair.get("meta_value", "").strip()
        else:
            fields.setdefault(name, element.text or "")
    kind = fields.get("post_type", "").strip() or "post"
    day = _DATE.match(fields.get("post_date", "").strip())
    return Post(
        id=fields.get("post_id", "").strip()[:20],
        type=kind[:40],
        status=fields.get("status", "").strip() or "publish",
        title=html.unescape(fields.get("title", "")).strip(),
        link=fields.get("link", "").strip(),
        slug=fields.get("post_name", "").strip(),
        date=day[0] if day and day[1] != "0000" else "",
        creator=fields.get("creator", "").strip(),
        content=fields.get("content", ""),
        excerpt=fields.get("excerpt", "").strip(),
        raw=True,
        protected=bool(fields.get("post_password", "").strip()),
        parent=fields.get("post_parent", "").strip().removeprefix("0"),
        attachment_url=fields.get("attachment_url", "").strip(),
        alt=alt,
        comments=comments,
        terms=tuple(dict.fromkeys(terms)),
    )


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
