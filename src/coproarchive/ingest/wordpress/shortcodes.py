"""From what an author typed to what the site would show: blocks, shortcodes, paragraphs, quotes.

WordPress does this in PHP (parse_blocks, do_shortcode, wpautop, wptexturize; wp-includes/
blocks.php, shortcodes.php, formatting.php). Here it is done far enough that the text, its
pictures, media and paragraphs come out alike; what is not known stays as text and is reported.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

_BLOCK = re.compile(r"<!--\s*(/?)wp:([a-z0-9/_-]+)(.*?)(/?)-->", re.DOTALL)
_SHORTCODE = re.compile(r"\[(/?)([a-z][a-z0-9_-]{1,30})((?:\s[^\[\]<>]{0,2000})?)\]")
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'\]]+))""")
_MEDIA_KEYS = ("src", "mp4", "m4v", "webm", "ogv", "mp3", "m4a", "ogg", "wav", "url")
_BLOCKS = (
    "table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|form|map|area|"
    "blockquote|address|style|p|h[1-6]|hr|fieldset|legend|section|article|aside|hgroup|header|"
    "footer|nav|figure|figcaption|details|menu|summary"
)
_OPENS = re.compile(rf"(<(?:{_BLOCKS})[\s/>])", re.IGNORECASE)
_CLOSES = re.compile(rf"(</(?:{_BLOCKS})>)", re.IGNORECASE)
_IS_BLOCK = re.compile(rf"^\s*</?(?:{_BLOCKS})[\s/>]", re.IGNORECASE)
_KEEPS = re.compile(r"<(/?)(pre|script|style|textarea)\b[^<>]{0,1000}>", re.IGNORECASE)
_BARE_ADDRESS = re.compile(r"(?m)^[ \t]*(https?://[^\s<>\"']+)[ \t]*$")

# What only says how things are laid out: the text inside stays, the marks go.
_LAYOUT = frozenset(
    """row column col columns one_half one_third two_third half third box section vc_row
    vc_column vc_column_text et_pb_section et_pb_row et_pb_column et_pb_text spoiler tabs tab
    toggle""".split()
)

Say = Callable[[str, str], None]
"""Receives a code and what was met; see `content.Notes`."""


def as_shown(content: str, pictures: dict[str, str], say: Say) -> str:
    """Render HTML as the site would show it.

    Args:
        content: as typed: blocks or classic.
        pictures: attachment id -> address, for galleries and media named by number.
        say: told of blocks and shortcodes that are not understood.
    """
    blocks = "<!-- wp:" in content
    content = _without_blocks(content, say) if blocks else content
    content = _without_shortcodes(content, pictures, say)
    content = _BARE_ADDRESS.sub(_embedded, content)
    return content if blocks else paragraphs(content)


def _without_blocks(content: str, say: Say) -> str:
    def one(match: re.Match[str]) -> str:
        closing, name, attributes, alone = match.groups()
        if closing:
            return "\n"
        if alone or name.startswith(("core-embed/", "embed")):
            try:
                values = json.loads(attributes.strip().removesuffix("/") or "{}")
            except ValueError:
                values = {}
            if alone and isinstance(values, dict) and isinstance(values.get("url"), str):
                return f"\n{html.escape(values['url'])}\n"
            if alone:
                say("block-not-shown", name)
        return "\n"

    end = content.rfind("-->") + 3  # what opens after the last end is no block
    return _BLOCK.sub(one, content[:end]) + content[end:] if end > 2 else content


def _without_shortcodes(content: str, pictures: dict[str, str], say: Say) -> str:
    """Render known shortcodes as HTML; unknown ones stay as they are and are reported."""
    out: list[str] = []
    position = 0
    open_caption: tuple[int, dict[str, str]] | None = None
    for match in _SHORTCODE.finditer(content):
        if match.start() < position:
            continue
        closing, name, rest = match.groups()
        out.append(content[position : match.start()])
        position = match.end()
        attributes = {k: a or b or c for k, a, b, c in _ATTRIBUTE.findall(html.unescape(rest))}
        if name in ("caption", "wp_caption"):
            if not closing:
                open_caption = (len(out), attributes)
            elif open_caption is not None:
                start, caption_attributes = open_caption
                body = "".join(out[start:])
                del out[start:]
                out.append(_captioned(body, caption_attributes))
                open_caption = None
        elif name == "gallery" and not closing:
            out.append(_gallery(attributes, pictures, say))
        elif name in ("audio", "video", "playlist", "embed", "youtube", "vimeo"):
            if not closing:
                out.append(_media(name, match, attributes, rest, content))
        elif name in _LAYOUT or name.startswith(("vc_", "et_pb_", "fusion_")):
            out.append("\n\n")
        else:
            if not closing and (rest.strip() or f"[/{name}]" in content):
                say("shortcode-unknown", match[0][:80])
            out.append(match[0])
    return "".join(out) + content[position:]


def _captioned(body: str, attributes: dict[str, str]) -> str:
    picture = re.search(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", body)
    text = attributes.get("caption") or (body[picture.end() :] if picture else "")
    picture_html = picture[0] if picture else body
    return f"\n\n<figure>{picture_html}<figcaption>{text.strip()}</figcaption></figure>\n\n"


def _gallery(attributes: dict[str, str], pictures: dict[str, str], say: Say) -> str:
    numbers = re.findall(r"\d+", attributes.get("ids", "") or attributes.get("include", ""))
    images = [f'<p><img src="{html.escape(pictures[n])}" /></p>' for n in numbers if n in pictures]
    if len(images) < len(numbers) or not numbers:
        say(
            "gallery-incomplete", f"[gallery {' '.join(f'{k}={v}' for k, v in attributes.items())}]"
        )
    return "\n\n" + "\n\n".join(images) + "\n\n"


def _media(
    name: str, match: re.Match[str], attributes: dict[str, str], rest: str, content: str
) -> str:
    """Write a line with the address, which becomes a link and, for films, a video."""
    address = next((attributes[k] for k in _MEDIA_KEYS if attributes.get(k)), "")
    if not address:
        bare = re.search(r"https?://[^\s\"'\]]+", html.unescape(rest))
        after = re.match(r"\s*(https?://[^\s<\[]+)\s*\[/", content[match.end() :][:2_100])
        if after:
            return "\n"  # the address between the marks stands on a line of its own
        address = bare[0] if bare else ""
        if not address and name in ("youtube", "vimeo") and (key := rest.strip(' ="')):
            hosts = {"youtube": "https://www.youtube.com/watch?v=", "vimeo": "https://vimeo.com/"}
            address = hosts[name] + key
    return f"\n\n{html.escape(address)}\n\n" if address else ""


def _embedded(match: re.Match[str]) -> str:
    address = html.escape(html.unescape(match[1]))
    return f'<p><a class="embed" href="{address}">{address}</a></p>'


def paragraphs(content: str) -> str:
    """Turn blank lines into paragraphs and line ends into breaks, as WordPress's wpautop does."""
    preformatted: list[str] = []

    def keep(text: str) -> str:
        preformatted.append(text)
        return f"\n\n<pre {len(preformatted) - 1}></pre>\n\n"

    content = content.replace("\r\n", "\n").replace("\r", "\n")
    content = _set_aside(content, keep)
    content = _CLOSES.sub(r"\1\n\n", _OPENS.sub(r"\n\n\1", content))
    pieces = []
    for piece in re.split(r"\n[ \t\xa0]*\n+", content):
        bare = piece.strip()
        if not bare:
            continue
        if _IS_BLOCK.match(bare) or bare.startswith("<!--"):
            inner = re.match(
                r"^(<(?:li|td|th|dd|dt|div|p|h[1-6]|figcaption|address|blockquote)[^>]*>)(.*)$",
                bare,
                re.S,
            )
            pieces.append(inner[1] + _breaks(inner[2]) if inner else bare)
        else:
            pieces.append(f"<p>{_breaks(bare)}</p>")
    content = "\n".join(pieces)
    return re.sub(r"<pre (\d+)></pre>", lambda m: preformatted[int(m[1])], content)


def _set_aside(content: str, keep: Callable[[str], str]) -> str:
    """Replace elements in which line ends count by placeholders."""
    out: list[str] = []
    position = 0
    opened: re.Match[str] | None = None
    for mark in _KEEPS.finditer(content):
        if opened is None:
            opened = None if mark[1] else mark
        elif mark[1] and mark[2].lower() == opened[2].lower():
            out += [content[position : opened.start()], keep(content[opened.start() : mark.end()])]
            position, opened = mark.end(), None
    return "".join(out) + content[position:]


def _breaks(text: str) -> str:
    return re.sub(r"(?<!<br>)(?<!<br/>)(?<!<br />)\s*\n", "<br />\n", text.strip())


_COCKNEY = re.compile(r"(?<![\w’'])'(?=(?:\d\ds?|tis|twas|em|til|cause|n)\b)")


def typeset(text: str) -> str:
    """Replace straight quotes, dots and dashes as WordPress does (wptexturize, its common part).

    Args:
        text: what stands between two tags: its ends count as spaces do.
    """
    if not re.search(r"""['"`-]|\.\.\.|\d *x *\d""", text):
        return text
    text = text.replace("...", "…").replace("---", "—")
    text = re.sub(r"(?:(?<=\s)|^)--(?=\s|$)", "—", text)
    text = re.sub(r"(?<!xn)--", "–", text)
    text = re.sub(r"(?:(?<=\s)|^)-(?=\s|$)", "–", text)
    text = re.sub(r"(?<=\d)x(?=\d)", "×", text)
    text = _COCKNEY.sub("’", text)
    text = re.sub(r"(^|[\s(\[{“—–>\"-])'", r"\1‘", text)
    text = text.replace("'", "’")
    text = re.sub(r'(^|[\s(\[{‘—–>-])"(?!\s)', r"\1“", text)
    return re.sub(r'"', "”", text)
