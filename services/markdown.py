"""Markdown to HTML that is safe to insert in a page, and HTML to plain text."""

import html
import re
from dataclasses import dataclass

import comrak
import nh3

_EXTENSIONS = comrak.ExtensionOptions()
_EXTENSIONS.table = True
_EXTENSIONS.strikethrough = True
_EXTENSIONS.autolink = True
_PARSE = comrak.ParseOptions()
_RENDER = comrak.RenderOptions()
# Raw HTML passes through here because nh3 decides below what of it stays; comrak would drop all of it.
_RENDER.unsafe_ = True
_RENDER.github_pre_lang = True

# What a post may hold: text, its structure, links and pictures. No ids (they clash with the page's), no styles.
_TAGS = {
    *("p", "br", "hr", "div", "span", "blockquote", "pre", "details", "summary"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td", "a", "img"),
    *("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "small", "sub", "sup"),
    *("abbr", "code", "kbd", "q", "samp", "tt", "var"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "pre": {"lang"},
    "td": {"align"},
    "th": {"align"},
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto"},
    link_rel="ugc nofollow noopener noreferrer",
    clean_content_tags={"script", "style", "template", "title", "iframe", "noscript", "svg", "math"},
    strip_comments=True,
)
_STRIPPER = nh3.Cleaner(tags=set(), clean_content_tags={"script", "style"})
_BLOCK_END = re.compile(r"(?=</(?:p|h[1-6]|li|dt|dd|td|th|tr|pre|blockquote|div|summary)>|<br)")


@dataclass(frozen=True)
class Rendered:
    """A text as it is shown: safe HTML, and the plain text of it."""

    html: str
    text: str


def render(markdown: str) -> Rendered:
    """Render CommonMark with tables, strikethrough and bare links."""
    return sanitised(
        comrak.render_markdown(markdown, extension_options=_EXTENSIONS, parse_options=_PARSE, render_options=_RENDER)
    )


def sanitised(untrusted: str) -> Rendered:
    """Keep of `untrusted` HTML what is safe."""
    safe = _CLEANER.clean(untrusted).strip()
    return Rendered(html=safe, text=plain(safe))


def plain(safe: str) -> str:
    """The text of safe HTML, its white space folded; where a block ends, a space stands."""
    return " ".join(html.unescape(_STRIPPER.clean(_BLOCK_END.sub(" ", safe))).split())


def excerpt(text: str, length: int) -> str:
    """`text` cut after a whole word, so that with the ellipsis it has at most `length` characters."""
    if len(text) <= length:
        return text
    if length < 1:
        return ""
    cut = text[:length]  # one more than fits beside the ellipsis: tells whether the last word is whole
    words = cut[: length - 1] if " " not in cut else cut.rsplit(" ", 1)[0]
    return words.rstrip(" ,.;:") + "…"
