"""Markdown: rendered, made safe, and cut to an excerpt."""

import pytest
from clients import Client
from selectolax.lexbor import LexborHTMLParser

from services.markdown import excerpt, plain, render, sanitised


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("plain *words*", "<p>plain <em>words</em></p>"),
        ("# A heading", "<h1>A heading</h1>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>'),
        ("~~gone~~", "<p><del>gone</del></p>"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"),
        ("```python\nprint(1)\n```", '<pre lang="python"><code>print(1)\n</code></pre>'),
        (
            '[home](https://example.org "A page")',
            '<p><a href="https://example.org" title="A page" rel="ugc nofollow noopener noreferrer">home</a></p>',
        ),
        (
            "https://example.org/a",
            '<p><a href="https://example.org/a" rel="ugc nofollow noopener noreferrer">https://example.org/a</a></p>',
        ),
        ("![a cat](cat.png)", '<p><img src="cat.png" alt="a cat"></p>'),
        ("<kbd>Ctrl</kbd> <b>now</b>", "<p><kbd>Ctrl</kbd> <b>now</b></p>"),
        ("", ""),
    ],
)
def test_commonmark_becomes_html(markdown: str, html: str) -> None:
    assert render(markdown).html == html


def test_a_table_keeps_its_columns_and_their_alignment() -> None:
    cells = LexborHTMLParser(render("| a | b |\n|--|:-:|\n| 1 | 2 |").html).css("td")
    assert [(cell.text(), cell.attributes.get("align")) for cell in cells] == [("1", None), ("2", "center")]


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<svg/onload=alert(1)>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        "<iframe src=javascript:alert(1)></iframe>",
        '<a href="javascript:alert(1)">x</a>',
        "[a](javascript:prompt(document.cookie))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](java\tscript:alert(1))",
        "[a](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A&#x61&#x6C&#x65&#x72&#x74&#x28&#x31&#x29)",
        "![a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
        "[a](vbscript:msgbox(1))",
        "<form action=javascript:alert(1)><button>x</button></form>",
        '<p style="background:url(javascript:alert(1))" id=viewer class=admin>x</p>',
        "<base href=//evil.example>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<object data=//evil.example></object><embed src=//evil.example>",
        "<details open ontoggle=alert(1)>x</details>",
        "<!--><img src=x onerror=alert(1)>-->",
        '```x" onmouseover="alert(1)\ncode\n```',
        '[x](https://example.org "" onmouseover=alert(1) "")',
        "<a target=_blank href=https://example.org>x</a>",
    ],
)
def test_nothing_that_runs_or_escapes_survives(payload: str) -> None:
    for node in LexborHTMLParser(f"<div>{render(payload).html}</div>").css("div *"):
        assert node.tag not in {"script", "style", "svg", "math", "iframe", "object", "embed", "form", "base", "meta"}
        for name, value in node.attributes.items():
            assert name in {"href", "src", "alt", "title", "rel", "lang", "start", "width", "height", "align"}
            if name in ("href", "src"):
                assert value is not None
                scheme, colon, _ = value.partition(":")
                assert not colon or scheme in ("http", "https", "mailto") or "/" in scheme, value


def test_what_scripts_styles_and_drawings_hold_is_no_text_of_the_post() -> None:
    for tag in ("script", "style", "template", "title", "iframe", "noscript", "svg", "math"):
        rendered = sanitised(f"before<{tag}>inside</{tag}> after")
        assert (rendered.html, rendered.text) == ("before after", "before after"), tag


def test_the_plain_text_has_words_without_marks_and_a_space_where_blocks_end() -> None:
    text = render(
        "# One\n\ntwo **three**\n\n- four\n- five<br>six\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`<x> & y`"
    ).text
    assert text == "One two three four five six a b 1 2 <x> & y"


def test_plain_text_of_safe_html_folds_white_space() -> None:
    assert plain("<p>a\n\n  b</p><p>c&nbsp;d</p>") == "a b c d"


@pytest.mark.parametrize(
    ("length", "cut"),
    [
        (100, "one two, three"),
        (14, "one two, three"),
        (13, "one two…"),
        (9, "one two…"),
        (7, "one…"),
        (4, "one…"),
        (3, "on…"),
        (1, "…"),
        (0, ""),
        (-5, ""),
    ],
)
def test_an_excerpt_ends_after_a_whole_word_and_fits(length: int, cut: str) -> None:
    assert excerpt("one two, three", length) == cut
    assert len(cut) <= max(length, 0)


def test_an_excerpt_of_one_long_word_is_cut_inside_it() -> None:
    assert excerpt("indivisible", 5) == "indi…"


async def test_a_post_is_shown_as_written_as_html_and_as_text(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    body = "Some **bold** words\n\n<script>alert(1)</script>and <b>more</b>"
    asked = await ann.do("ask_question", title="How is this rendered?", body=body)
    shown = (await visitor.run("post", id=asked["thread"]["question"]["id"], length=16))["node"]
    assert shown["body"] == body
    assert shown["bodyHtml"] == "<p>Some <strong>bold</strong> words</p>\nand <b>more</b>"
    assert shown["bodyText"] == "Some bold words…"
    whole = (await visitor.run("post", id=asked["thread"]["question"]["id"]))["node"]
    assert whole["bodyText"] == "Some bold words and more"
