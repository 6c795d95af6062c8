"""Live threads: what happens in one, and which new ones there are, over a real websocket."""

from datetime import UTC, datetime, timedelta
from typing import Any

from clients import Client, Socket
from crowd import trusted, words

from models import UserLevel
from services import live


async def asked(asker: Client, **more: Any) -> dict[str, Any]:
    """A new thread."""
    result = await asker.do("ask_question", **{"title": words(), "body": words(), **more})
    assert result["__typename"] == "AskQuestionPayload", result
    return dict(result["thread"])


async def watch(socket: Socket, thread: dict[str, Any], operation_id: str = "1") -> dict[str, Any]:
    """Watch a thread; its state."""
    await socket.subscribe("watch_thread", operation_id, threadId=thread["id"])
    return await happened(socket)


async def happened(socket: Socket) -> dict[str, Any]:
    """What happens next in the thread that is watched."""
    activity: dict[str, Any] = (await socket.next())["threadActivity"]
    return activity


async def kinds(socket: Socket, amount: int) -> list[tuple[str, str | None]]:
    """Of the next things that happen: what, and to which post."""
    seen = [await happened(socket) for _ in range(amount)]
    return [(each["kind"], each["post"] and each["post"]["id"]) for each in seen]


async def test_a_listener_first_gets_the_state_and_then_what_happens(visitor: Client) -> None:
    ann, bob, judge = [await trusted(visitor, name, UserLevel.MODERATOR) for name in ("ann", "bob", "judge")]
    thread = await asked(ann)
    question = thread["question"]["id"]
    async with visitor.socket() as socket:
        state = await watch(socket, thread)
        assert (state["kind"], state["post"], state["thread"]["answerCount"]) == ("STATE", None, 0)
        assert abs(datetime.fromisoformat(state["at"]) - datetime.now(UTC)) < timedelta(minutes=1)

        answer = (await bob.do("post_answer", threadId=thread["id"], body="Water it now and then."))["answer"]["id"]
        seen = await happened(socket)
        assert (seen["kind"], seen["thread"]["answerCount"]) == ("ANSWERED", 1)
        assert seen["post"] == {"id": answer, "__typename": "Answer", "body": "Water it now and then."}

        comment = (await ann.do("post_comment", parentId=answer, body=words()))["comment"]["id"]
        await bob.do("edit_post", postId=answer, body="Water it every day.")
        await ann.do("choose_best_answer", threadId=thread["id"], answerId=answer)
        await ann.do("choose_best_answer", threadId=thread["id"], answerId=None)
        await judge.do("close_thread", threadId=thread["id"], reason="RESOLVED")
        await judge.do("reopen_thread", threadId=thread["id"])
        assert await kinds(socket, 6) == [
            ("COMMENTED", comment),
            ("EDITED", answer),
            ("BEST_ANSWER_CHOSEN", answer),
            ("BEST_ANSWER_CHOSEN", None),
            ("CLOSED", None),
            ("REOPENED", None),
        ]
        await judge.do("hide_post", postId=comment)
        assert await kinds(socket, 1) == [("HIDDEN", None)]
        await judge.do("restore_post", postId=comment)
        assert await kinds(socket, 1) == [("RESTORED", comment)]
        await judge.do("hide_post", postId=question)  # and nobody sees the thread
        await judge.do("restore_post", postId=question)
        last = (await kinds(socket, 1))[0]
        if last[0] == "HIDDEN":  # it was read when the question was there again
            last = (await kinds(socket, 1))[0]
        assert last == ("RESTORED", question)


async def test_who_sees_a_hidden_post_is_shown_it(visitor: Client) -> None:
    ann, judge = await visitor.sign_up("ann"), await trusted(visitor, "judge", UserLevel.MODERATOR)
    thread = await asked(ann)
    answer = (await ann.do("post_answer", threadId=thread["id"], body=words()))["answer"]["id"]
    async with judge.socket() as judges, ann.socket() as anns, visitor.socket() as strangers:
        for socket in (judges, anns, strangers):
            await watch(socket, thread)
        await judge.do("hide_post", postId=answer)
        assert await kinds(judges, 1) == [("HIDDEN", answer)]
        assert await kinds(strangers, 1) == [("HIDDEN", None)]
        # Its author sees now what visitors do not, and begins anew by her own eyes; with or without the news before.
        seen = await happened(anns)
        if seen["kind"] == "HIDDEN":
            seen = await happened(anns)
        assert seen["kind"] == "STATE"
        await judge.do("restore_post", postId=answer)
        assert (await happened(anns))["kind"] in ("RESTORED", "STATE")


async def test_what_waits_for_approval_happens_when_it_is_approved(visitor: Client, setting: Any) -> None:
    setting(hold=["new"])
    judge, bob = await trusted(visitor, "judge", UserLevel.MODERATOR), await visitor.sign_up("bob")
    thread = await asked(judge)
    async with visitor.socket() as socket, judge.socket() as judges, visitor.socket() as asking:
        await watch(socket, thread)
        await watch(judges, thread)
        await asking.subscribe("watch_asked", filter=None)
        answer = (await bob.do("post_answer", threadId=thread["id"], body=words()))["answer"]["id"]
        held = await asked(bob)
        await judge.do("post_comment", parentId=thread["question"]["id"], body=words())
        assert [kind for kind, _ in await kinds(socket, 1)] == ["COMMENTED"]  # the answer was not told of
        await judge.do("approve_post", postId=answer)
        assert await kinds(socket, 1) == [("ANSWERED", answer)]
        assert [kind for kind, _ in await kinds(judges, 2)] == ["COMMENTED", "ANSWERED"]  # though they saw it before
        await judge.do("approve_post", postId=held["question"]["id"])
        assert (await asking.next())["threadAsked"]["id"] == held["id"]


async def test_a_thread_that_cannot_be_watched_is_told(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread = await asked(ann)
    await ann.do("hide_post", postId=thread["question"]["id"])
    async with visitor.socket() as socket:
        for wanted, message in (
            (thread["question"]["id"], f"'{thread['question']['id']}' is not the id of a Thread."),
            (thread["id"], "There is no such thread."),
        ):
            await socket.subscribe("watch_thread", threadId=wanted)
            refused = await socket.receive()
            assert (refused["type"], refused["payload"][0]["message"]) == ("error", message)
            assert refused["payload"][0]["extensions"] == {"code": "BAD_REQUEST", "arguments": ["threadId"]}


async def test_new_threads_that_pass_the_filter_are_told(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    async with visitor.socket() as everything, visitor.socket() as about_plants:
        await everything.subscribe("watch_asked", filter=None)
        await about_plants.subscribe("watch_asked", filter={"allTags": ["plants"]})
        await everything.subscribe("site_name", "2")
        await about_plants.subscribe("site_name", "2")
        for socket in (everything, about_plants):  # by now both are heard of
            assert [(await socket.receive())["id"] for _ in range(2)] == ["2", "2"]
        first, second = await asked(ann, tags=["soil"]), await asked(ann, tags=["plants"])
        assert [(await everything.next())["threadAsked"]["id"] for _ in range(2)] == [first["id"], second["id"]]
        shown = (await about_plants.next())["threadAsked"]
        assert (shown["id"], shown["title"], shown["category"]) == (second["id"], second["title"], None)


async def test_a_filter_that_is_wrong_is_told(visitor: Client) -> None:
    async with visitor.socket() as socket:
        await socket.subscribe("watch_asked", filter={"anyTag": ["x"] * 100})
        refused = await socket.receive()
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["arguments"] == ["filter", "anyTag"]


async def test_where_news_was_lost_the_state_comes_again_and_what_was_asked_once(visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    thread = await asked(ann)
    async with visitor.socket() as socket, visitor.socket() as asking:
        await watch(socket, thread)
        await asking.subscribe("watch_asked", filter=None)
        await asking.subscribe("site_name", "2")
        assert [(await asking.receive())["id"] for _ in range(2)] == ["2", "2"]
        first = await asked(ann)
        assert (await asking.next())["threadAsked"]["id"] == first["id"]
        live.missed()
        assert (await happened(socket))["kind"] == "STATE"
        second = await asked(ann)
        # The thread that was there before the listener came was asked a moment ago: it may be one of those lost.
        seen = [(await asking.next())["threadAsked"]["id"]]
        while seen[-1] != second["id"]:
            seen.append((await asking.next())["threadAsked"]["id"])
        assert first["id"] not in seen
