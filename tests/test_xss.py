"""What attackers write stays text: every payload is posted, its HTML is parsed, and loaded in a real browser.

A few payloads stand here. XSS_CORPUS names a file of many more, a JSON object with a `payload` in each line.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from clients import Client
from playwright.async_api import async_playwright
from selectolax.lexbor import LexborHTMLParser
from test_graphiql import _BROWSERS, _QUIETLY

from services.markdown import _ATTRIBUTES, _TAGS, sanitised

FEW = (
    "<script>ran()</script>",
    "<img src=x onerror=ran()>",
    "<svg/onload=ran()>",
    "<svg><style><img src=x onerror=ran()></style></svg>",
    "[click](javascript:ran())",
    "[click](&#106;avascript:ran())",
    "[click](java\tscript:ran())",
    "<a href=' javascript:ran()'>click</a>",
    '![x](x"onerror="ran())',
    "<javascript:ran()>",
    "<iframe srcdoc='<script>parent.ran()</script>'></iframe>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=ran()&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=ran()>'></noscript>",
    "<form id=f><input name=action></form><button form=f formaction=javascript:ran()>go</button>",
    "<a href='data:text/html,<script>ran()</script>'>click</a>",
    "<div style='background:url(javascript:ran())' id=body class=x>x</div>",
    "<details open ontoggle=ran()>x</details>",
    "<body onload=ran()><base href='//evil.example/'><meta http-equiv=refresh content='0;url=javascript:ran()'>",
    "```<img src=x onerror=ran()>\n<img src=x onerror=ran()>\n```",
    "{{constructor.constructor('ran()')()}}",
)
#: A URL with a scheme (https://url.spec.whatwg.org/#scheme-start-state) that is none of those that posts may hold.
_UNSAFE_URL = re.compile(r"(?!(https?|mailto):)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
#: In the browser: whoever calls these is told of.
_WATCH = """for (const name of ['alert', 'confirm', 'prompt', 'print', 'eval', 'open', 'fetch'])
    window[name] = () => window.ran(name);"""
_READ = """query ($after: String) { threads(first: 50, after: $after, orderBy: NEWEST) {
  pageInfo { hasNextPage endCursor }
  nodes { title tags { name } question { bodyHtml revisions(first: 1) { nodes { bodyHtml } } displayName } } } }"""


def payloads() -> list[str]:
    """What attackers write, each once."""
    found = list(FEW)
    if corpus := os.environ.get("XSS_CORPUS"):
        lines = Path(corpus).read_text(encoding="utf-8").splitlines()
        found += [json.loads(line)["payload"] for line in lines]
    return list(dict.fromkeys(found))


def dangers(html: str) -> Iterator[str]:
    """What in a piece of HTML is not among what posts may hold, as a browser's parser sees it."""
    for node in LexborHTMLParser(f"<!doctype html><body>{html}</body>").body.traverse():  # type: ignore[union-attr]
        if node.tag in ("body", "-text"):
            continue
        if node.tag not in _TAGS | {"tbody"}:
            yield f"<{node.tag}>"
        for name, value in node.attributes.items():
            if name not in _ATTRIBUTES.get(node.tag or "", set()) | {"title", "lang", "rel"}:
                yield f"<{node.tag} {name}>"
            url = re.sub(r"^[\x00-\x20]+|[\t\n\r]", "", value or "")  # as browsers do before they look
            if name in ("href", "src") and _UNSAFE_URL.match(url):
                yield f"{name}={value}"


def test_a_danger_is_seen_by_this_test() -> None:
    for html in (
        "<script>x</script>",
        "<p onclick=x>",
        "<a href='javascript:x'>",
        "<a href='java\tscript:x'>",
        "<p id=x>",
    ):
        assert list(dangers(html)), html
    assert not list(dangers('<p>x <a href="https://a.example/?b=c:d" rel="ugc">y</a></p>'))


@pytest.fixture
async def posted(visitor: Client, setting: Any) -> list[str]:
    """All HTML that the graph gives, after every payload was posted as all that one can write."""
    setting(hold=[], response_cache=False)
    ann = await visitor.sign_up("ann")
    refused = 0
    for number, payload in enumerate(payloads()):
        given: dict[str, Any] = {"title": f"{payload} {number}"[:150], "body": f"{payload}\n\n{number}"}
        for more in ({"tags": [payload[:20]]}, {}):
            result = await ann.do("ask_question", **given, **more)
            if result["__typename"] == "AskQuestionPayload":
                break
            given["title"] = f"A title for number {number}"
        refused += result["__typename"] != "AskQuestionPayload"
    assert refused <= len(payloads()) / 20
    html: list[str] = []
    after = None
    while True:
        answer = await visitor.post(_READ, {"after": after})
        assert "errors" not in answer, answer["errors"]
        page = answer["data"]["threads"]
        for node in page["nodes"]:
            html += [
                node["question"]["bodyHtml"],
                *(each["bodyHtml"] for each in node["question"]["revisions"]["nodes"]),
            ]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return html + [sanitised(payload).html for payload in payloads()]  # what an import does with about texts


async def test_nothing_that_was_posted_is_dangerous_or_runs(posted: list[str]) -> None:
    assert len(posted) >= 2 * len(FEW)
    assert [(found, html) for html in posted for found in dangers(html)] == []
    assert await run_in_a_browser(posted) == []


async def run_in_a_browser(pieces: Sequence[str]) -> list[str]:
    """What ran, or was asked for, that is not a picture, when a page shows these pieces and everything is touched."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        pytest.skip("There is no Chromium here")
    ran: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser, args=_QUIETLY)
        page = await chromium.new_page()
        await page.expose_function("ran", lambda *_: ran.append("ran()"))
        page.on("dialog", lambda dialog: ran.append(f"{dialog.type} {dialog.message}"))
        page.on("framenavigated", lambda frame: ran.append(frame.url) if frame.url != "about:blank" else None)

        async def asked(route: Any) -> None:
            if route.request.resource_type != "image":
                ran.append(f"{route.request.resource_type} {route.request.url}")
            await route.abort()

        await page.route("**/*", asked)
        await page.add_init_script(_WATCH)
        for start in range(0, len(pieces), 100):
            await page.set_content("".join(f"<div>{piece}</div>" for piece in pieces[start : start + 100]))
            await page.evaluate("""() => { for (const each of document.querySelectorAll('div *')) {
                for (const kind of ['mouseover', 'focus', 'toggle', 'error', 'load', 'animationend', 'pointerover'])
                    each.dispatchEvent(new Event(kind, {bubbles: true}));
                if (each.tagName === 'A' && !['http:', 'https:', 'mailto:', 'about:', ':'].includes(each.protocol))
                    window.ran(each.href);
            } }""")
        await page.wait_for_timeout(300)
        await chromium.close()
    return ran


async def test_the_browser_sees_what_runs() -> None:
    assert "ran()" in await run_in_a_browser(["<img src=x onerror=ran()>"])
    assert await run_in_a_browser(["<a href='javascript:ran()'>x</a>"]) != []
