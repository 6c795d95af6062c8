"""What attackers write, and how to see that it did nothing: a parser that reads as browsers do, and a browser."""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright
from selectolax.lexbor import LexborHTMLParser
from test_graphiql import _BROWSERS, _QUIETLY

from services.markdown import _ATTRIBUTES, _TAGS

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


@cache
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


@asynccontextmanager
async def watched_page(origin: str | None = None) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page in Chromium, and what ran in it that should not, or was asked of others than `origin`: pictures may be."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        pytest.skip("There is no Chromium here")
    ran: list[str] = []

    def is_ours(url: str) -> bool:
        return url == "about:blank" or (origin is not None and url.startswith((origin, "data:,")))

    async def asked(route: Any) -> None:
        if is_ours(route.request.url):
            await route.continue_()
            return
        if route.request.resource_type != "image":
            ran.append(f"{route.request.resource_type} {route.request.url}")
        await route.abort()

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser, args=_QUIETLY)
        page = await chromium.new_page()
        await page.expose_function("ran", lambda *_: ran.append("ran()"))
        page.on("dialog", lambda dialog: ran.append(f"{dialog.type} {dialog.message}"))
        page.on("framenavigated", lambda frame: None if is_ours(frame.url) else ran.append(frame.url))
        await page.route("**/*", asked)
        yield page, ran
        await chromium.close()


async def touch(page: Page) -> None:
    """Do to everything on the page what a visitor could, and look where its links lead."""
    await page.evaluate("""() => { for (const each of document.querySelectorAll('body *')) {
        for (const kind of ['mouseover', 'focus', 'toggle', 'error', 'load', 'animationend', 'pointerover'])
            each.dispatchEvent(new Event(kind, {bubbles: true}));
        if (each.tagName === 'A' && !['http:', 'https:', 'mailto:', 'about:', ':'].includes(each.protocol))
            window.ran(each.href);
    } }""")


async def run_in_a_browser(pieces: Sequence[str]) -> list[str]:
    """What ran, or was asked for, that is not a picture, when a page shows these pieces and everything is touched."""
    async with watched_page() as (page, ran):
        await page.add_init_script(_WATCH)
        for start in range(0, len(pieces), 100):
            await page.set_content("".join(f"<div>{piece}</div>" for piece in pieces[start : start + 100]))
            await touch(page)
        await page.wait_for_timeout(300)
    return ran
