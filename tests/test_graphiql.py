"""GraphiQL in a real browser: it explores, watches votes as they come, and signs in, with nothing but its own server.

The browser is Chromium of the machine. A picture of the page is kept in `tests/artifacts/`, or in the folder that
ARTIFACTS names.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from clients import Client
from playwright.async_api import Page, Request, Route, WebSocket, async_playwright

import models
from commands.seed.forum import DEMO_NAME, DEMO_PASSWORD
from models import UserLevel
from settings import ROOT

_ARTIFACTS = Path(os.environ.get("ARTIFACTS") or Path(__file__).parent / "artifacts")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing that a browser does by itself: no updates, no QUIC, no GPU of a machine that has none.
_QUIETLY = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NOTE_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", event =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
_EDITOR = "globalThis.__MONACO.editor.getModels().find(model => model.uri.path.endsWith(name))"
#: How long the page may take for one thing, in seconds: many times what it needs.
PATIENCE = 30


@dataclass
class GraphiQL:
    """The page as somebody uses it, and what it did that it should not."""

    page: Page
    origin: str
    strayed: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def open(self) -> None:
        """Open the page; from here on everything is noted that it asks of others or complains of."""
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("websocket", self._notice)
        await self.page.route("**/*", self._answer)
        await self.page.add_init_script(_NOTE_VIOLATIONS)
        await self.page.goto(f"{self.origin}/graphiql")
        await self.page.locator(".graphiql-query-editor .view-line").first.wait_for()

    def _notice(self, asked: Request | WebSocket) -> None:
        if not asked.url.startswith((self.origin, self.origin.replace("http", "ws", 1))):
            self.strayed.append(asked.url)

    async def _answer(self, route: Route) -> None:
        """Let pass what goes to the server, and nothing else."""
        self._notice(route.request)
        await (route.abort() if route.request.url in self.strayed else route.continue_())

    async def choose_tab(self, name: str) -> None:
        await self.page.get_by_role("tab", name=name, exact=True).click()
        # GraphiQL reads the tab's operations half a second later; until then it would run those of the tab before.
        await self.page.wait_for_timeout(1_500)

    async def run(self, operation: str | None = None) -> None:
        """Press the run button; in a tab with several operations, choose the one."""
        # With several operations it opens a menu, once GraphiQL has read the tab: before, it would run something else.
        opens_menu = '[aria-haspopup="menu"]' if operation else ""
        await self.page.locator(f"button.graphiql-execute-button{opens_menu}").click()
        if operation:
            await self.page.get_by_role("menuitem", name=operation, exact=True).click()

    async def text(self, editor: str) -> str:
        text: str = await self.page.evaluate(f"name => {_EDITOR}.getValue()", editor)
        return text

    async def response(self, *path: str | int, value: Any = ...) -> Any:
        """What stands in the result pane under `path`, as soon as it is there, and is `value` if one is given."""
        seen = ""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    seen = await self.text("response.json")
                    found = _within(seen, path)
                    if found is not None and value in (..., found):
                        return found
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"The result pane never had {value} under {path}; it has {seen}")

    async def assert_at_peace(self) -> None:
        """Nothing was asked of others, nothing complained of, no rule of the page's policy broken."""
        violations = await self.page.evaluate("window.violations")
        assert (self.strayed, self.complaints, violations) == ([], [], [])


def _within(text: str, path: tuple[str | int, ...]) -> Any:
    try:
        found = json.loads(text)
        for step in path:
            found = found[step]
    except (ValueError, LookupError, TypeError):
        return None
    return found


@pytest.fixture
async def question_id(visitor: Client) -> str:
    """The id of the forum's first question, which the examples are about, with an answer; and a demo user."""
    await visitor.do("sign_up", name=DEMO_NAME, email="demo@example.org", password=DEMO_PASSWORD)
    visitor.http.cookies.clear()
    ann = await visitor.sign_up("ann")
    asked = await ann.do("ask_question", title="How do I explore a graph?", body="With what is **here**, I hope.")
    thread = asked["thread"]
    await ann.do("post_answer", threadId=thread["id"], body="With GraphiQL.")
    asked_id: str = thread["question"]["id"]
    return asked_id


@pytest.fixture
async def graphiql(visitor: Client, question_id: str) -> AsyncIterator[GraphiQL]:
    """The page on its first visit."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        pytest.skip(f"None of {', '.join(_BROWSERS)} is there, with which the page is opened")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser, args=_QUIETLY)
        page = await chromium.new_page(viewport={"width": 1400, "height": 900})
        opened = GraphiQL(page, str(visitor.http.base_url).rstrip("/"))
        await opened.open()
        yield opened
        await opened.assert_at_peace()
        await chromium.close()


async def keep_picture(page: Page, name: str) -> None:
    await page.screenshot(path=_ARTIFACTS / f"{name}.png")


def test_the_built_page_holds_the_examples_of_its_source() -> None:
    built = (ROOT / "static" / "graphiql" / "graphiql.js").read_text(encoding="utf-8")
    examples = {file.name: file.read_text() for file in (ROOT / "static/graphiql-source/examples").glob("*.graphql")}
    assert examples
    assert [name for name, text in examples.items() if text.replace("`", "\\`") not in built] == []


async def test_the_first_tab_shows_a_question_and_its_answers(graphiql: GraphiQL) -> None:
    await graphiql.run()
    thread = await graphiql.response("data", "thread")
    assert thread["title"] == "How do I explore a graph?"
    assert thread["question"]["bodyHtml"] == "<p>With what is <strong>here</strong>, I hope.</p>"
    assert [answer["bodyHtml"] for answer in thread["answers"]["nodes"]] == ["<p>With GraphiQL.</p>"]
    await keep_picture(graphiql.page, "graphiql")


async def test_the_watch_tab_shows_a_vote_as_somebody_else_casts_it(
    graphiql: GraphiQL, visitor: Client, question_id: str
) -> None:
    bob = await visitor.sign_up("bob")
    await graphiql.choose_tab("Watch")
    await graphiql.run()
    await graphiql.response("data", "votesChanged", "score", value=0)
    await bob.do("cast_vote", postId=question_id, value="UP")
    await graphiql.response("data", "votesChanged", "score", value=1)
    await keep_picture(graphiql.page, "graphiql-watching")


async def test_the_vote_tab_signs_in_as_the_demo_user_and_votes_in_their_name(
    graphiql: GraphiQL, question_id: str
) -> None:
    await graphiql.choose_tab("SignIn")
    await graphiql.run("SignIn")
    await graphiql.response("data", "signIn", "viewer", "user", "name", value=DEMO_NAME)
    await graphiql.run("Vote")
    post = await graphiql.response("data", "castVote", "post")
    assert (post["score"], post["viewerVote"]) == (1, "UP")


async def test_the_moderation_tab_hides_a_post_and_the_log_tells_of_it(graphiql: GraphiQL, question_id: str) -> None:
    await models.User.filter(name=DEMO_NAME).update(level=UserLevel.MODERATOR)
    await graphiql.choose_tab("SignIn")
    await graphiql.run("SignIn")
    await graphiql.response("data", "signIn", "viewer", "user", "name", value=DEMO_NAME)
    await graphiql.choose_tab("Permissions")
    await graphiql.run("Permissions")
    assert (await graphiql.response("data", "node", "hide"))["allowed"] is True
    await graphiql.run("Hide")
    assert (await graphiql.response("data", "hidePost", "post"))["state"] == "HIDDEN"
    await graphiql.run("Log")
    [entry] = await graphiql.response("data", "moderationLog", "nodes")
    assert (entry["deed"], entry["reason"]) == ("HIDDEN", "To see how it is done.")
    await keep_picture(graphiql.page, "graphiql-moderating")
    await graphiql.run("Restore")
    assert (await graphiql.response("data", "restorePost", "post"))["state"] == "VISIBLE"
