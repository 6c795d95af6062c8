"""Markdown for what a dump has in another form: rendered again, it shows the same."""

import pytest
from html_to_markdown import ConversionError

from commands.importing.markup import from_comment, from_html
from services.markdown import render, sanitised


@pytest.mark.parametrize(
    "html",
    [
        "<p>Plain text, 3 &lt; 4 &amp; so on.</p>",
        "<p>Use a <code>List&lt;String&gt;</code> or a List&lt;String&gt;: *not* _emphasised_, [not](a link).</p>",
        "<p><strong>bold</strong> and <em>emphasised</em>, even insi<em>de</em>.</p>",
        "<p># no heading</p>\n<p>- no list</p>\n<p>1. no list either</p>",
        "<h2>A heading</h2>\n<ul>\n<li>one\n<ul>\n<li>two</li>\n</ul>\n</li>\n</ul>",
        '<ol start="3">\n<li>three</li>\n<li>four</li>\n</ol>',
        "<pre><code>for each in rope:\n    `loop`(each)\n</code></pre>",
        "<blockquote>\n<p>quoted</p>\n</blockquote>",
        "<p>H<sub>2</sub>O, x<sup>2</sup>, <kbd>Ctrl</kbd></p>",
        '<p><a href="https://example.org/a_b_(c)">a link</a> <img src="https://example.org/a.png" alt="a picture"></p>',
        "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b | c</td>\n</tr>\n</tbody>\n</table>",
    ],
)
def test_html_comes_back_the_same(html: str) -> None:
    shown = sanitised(html)
    assert render(from_html(shown)).html.replace("\n", "") == shown.html.replace("\n", "")


def test_nothing_gives_nothing() -> None:
    assert from_html(sanitised("")) == ""


def test_what_is_too_deep_to_convert_keeps_its_text() -> None:
    assert from_html(sanitised("<div>" * 5_000 + "deep")) == "deep"


def test_what_cannot_be_converted_keeps_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise ConversionError("I would rather not")

    monkeypatch.setattr("commands.importing.markup.convert", refuse)
    assert from_html(sanitised("<p>a <b>b</b></p>")) == "a b"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("`code <b>` and *this*", "<p><code>code &lt;b&gt;</code> and <em>this</em></p>"),
        ("a List<String>", "<p>a List&lt;String&gt;</p>"),
        ("``a ` <b>`` <b>", "<p><code>a ` &lt;b&gt;</code> &lt;b&gt;</p>"),
        ("&lt; is an entity, AT&T and a & b are not", "<p>&amp;lt; is an entity, AT&amp;T and a &amp; b are not</p>"),
        ("1 < 2", "<p>1 &lt; 2</p>"),
        ("<!-- hidden -->", "<p>&lt;!-- hidden --&gt;</p>"),
        (r"\<b>", "<p>&lt;b&gt;</p>"),
    ],
)
def test_a_comment_shows_what_it_showed(text: str, html: str) -> None:
    assert render(from_comment(text)).html == html


def test_a_comment_without_markup_is_kept_as_it_is() -> None:
    text = "@ann 5 < 6, [see](http://example.org/?a=1&b=2) *this*: it's `fine` -- 100% & more."
    assert from_comment(text) == text
