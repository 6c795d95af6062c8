"""Every mutation of the schema, by everybody, to things in every state: done, or refused for the reason of the rules.

The rules for posts and threads are the tables of `test_permission_table`. Who may not see a thing is told that there is
none, whatever they would do with it. Each deed is undone before the next one is tried.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from access_eyes import Eyes
from access_permissions import letter_of, on_post, on_thread, on_user
from access_rules import PEOPLE, Person
from access_world import RANGE, World, made

import models
from models import ModerationDeed, PostKind, PostState, UserLevel
from models.database import transaction
from schema import schema
from schema.nodes import global_id
from services import claims

OTHERS = {"NotFound": "n", "InvalidInput": "i", "Conflict": "!"}
#: What posts are tried on: of each author and state.
POSTS = (
    "author answer",
    "author comment",
    "author queued answer",
    "author taken back answer",
    "author hidden answer",
    "anonymous_author answer",
    "blocked_author answer",
)
THREADS = ("author calm thread", "author closed thread", "author hidden with an answer thread")
USERS = ("registered", "blocked", "admin")
#: As far trusted as others are who try.
IDLE = {"stranger", "approved", "expert_here"}

#: With which action of `viewerCan` a deed is done to a post, a revision of one, or a thread.
ON_POSTS = {
    "castVote": "VOTE_UP",
    "postComment": "COMMENT",
    "editPost": "EDIT",
    "restoreRevision": "EDIT",
    "flagPost": "FLAG",
    "hidePost": "HIDE",
    "restorePost": "RESTORE",
    "deletePost": "DELETE",
    "approvePost": "APPROVE",
    "rejectPost": "APPROVE",
    "convertPost": "CONVERT",
    "claimPosts": "CLAIM",
}
ON_THREADS = {
    "postAnswer": "ANSWER",
    "closeThread": "CLOSE",
    "reopenThread": "REOPEN",
    "moveThread": "MOVE",
    "retagThread": "RETAG",
    "chooseBestAnswer": "CHOOSE_BEST_ANSWER",
}
ON_USERS = {"blockUser": "BLOCK", "unblockUser": "UNBLOCK", "setUserLevel": "SET_LEVEL"}
#: What takes a level everywhere, whatever it is done to (Question2Answer, a4).
TAKES = {
    "addTagSynonym": UserLevel.MODERATOR,
    "removeTagSynonym": UserLevel.MODERATOR,
    "mergeTags": UserLevel.MODERATOR,
    "describeTag": UserLevel.MODERATOR,
    "blockAddresses": UserLevel.MODERATOR,
    "unblockAddresses": UserLevel.MODERATOR,
    "restoreVotes": UserLevel.ADMIN,
    "previewPointsRules": UserLevel.ADMIN,
    "updatePointsRules": UserLevel.ADMIN,
}
#: About who asks alone: whoever has the token, the password or the session. See tests/test_accounts.py.
OF_THE_DOOR: dict[str, Callable[[Person], str]] = {
    "signUp": lambda person: ".",
    "signIn": lambda person: "s",
    "signOut": lambda person: ".",
    "confirmEmail": lambda person: "i",
    # An address that is confirmed, or counts as confirmed, needs no mail.
    "resendConfirmation": lambda person: "s" if person.level is None else "a" if person.is_confirmed else ".",
}
Try = tuple[str, dict[str, Any] | None, str]


class Undone(Exception):
    """What was tried is not to stand."""


def by_level(person: Person, least: UserLevel) -> str:
    """Why somebody may not do what takes a level everywhere."""
    if person.level is None:
        return "s"
    return "l" if person.level < least else "b" if person.is_blocked else "."


def tries(eyes: Eyes) -> Iterator[Try]:
    """What somebody tries: the mutation, its input, and the letter of what it comes to by the rules."""
    yield from on_posts(eyes)
    yield from on_threads(eyes)
    yield from on_users(eyes)
    yield from elsewhere(eyes)


def on_posts(eyes: Eyes) -> Iterator[Try]:
    rows = eyes.world.rows
    for name in POSTS:
        post_id = eyes.world.ids[name]
        post = eyes.row(post_id)
        is_seen = eyes.sees(post)
        revisions = rows.those(models.Revision, post_id=post.id)
        question = global_id(rows.question(post.thread_id))
        to = {"to": "ANSWER"} if post.kind is PostKind.COMMENT else {"to": "COMMENT", "parentId": question}
        inputs: dict[str, dict[str, Any]] = {
            "castVote": {"postId": post_id, "value": "UP"},
            "postComment": {"parentId": post_id, "body": "A comment that nobody has made."},
            "editPost": {"postId": post_id, "body": "What it says is something else now."},
            "flagPost": {"postId": post_id, "reason": "OTHER"},
            "convertPost": {"postId": post_id, **to},
            "claimPosts": {"tokens": [claims.token_of(post)]},
            "restoreRevision": {"revisionId": global_id(revisions[0])} if revisions else {},
        }
        for deed, action in ON_POSTS.items():
            given = inputs.get(deed, {"postId": post_id})
            if given in ({}, {"tokens": [None]}):
                continue  # there is nothing to claim, or to restore
            # A claim token is all that whoever claims must have; what is claimed may be hidden.
            yield deed, given, on_post(eyes, post, action) if is_seen or deed == "claimPosts" else "n"
        has_flags = bool(rows.those(models.Flag, post_id=post.id, cleared_at=None))
        there = by_level_there(eyes, post, UserLevel.EDITOR)
        yield "clearFlags", {"postId": post_id}, there if there != "." or has_flags else "a"
        own = "." if eyes.wrote(post) else "s" if eyes.person.name == "visitor" else "d"
        # Who has no account has no address there either: they name one.
        given = {"postId": post_id, "notify": True, "email": "somebody@example.org"}
        yield "setReplyNotice", given, own if is_seen else "n"
        # The staff decide about many: about each as about one, and about none where they are no staff anywhere.
        yield "moderatePosts", {"postIds": [post_id], "deed": "HIDE"}, anywhere(eyes.person, UserLevel.EDITOR)


def by_level_there(eyes: Eyes, post: models.Post, least: UserLevel) -> str:
    """Why somebody may not do what takes a level where a post is."""
    if not eyes.sees(post):
        return "n"
    level = eyes.person.level_at(eyes.world.rows.category_path(post))
    return "s" if level is None else "l" if level < least else "b" if eyes.person.is_blocked else "."


def anywhere(person: Person, least: UserLevel) -> str:
    """Why somebody may not do what takes a level somewhere."""
    if person.level is None:
        return "s"
    most = max([person.level, *(level for _, level in person.levels_in)])
    return "l" if most < least else "b" if person.is_blocked else "."


def on_threads(eyes: Eyes) -> Iterator[Try]:
    rows = eyes.world.rows
    for name in THREADS:
        thread_id = eyes.world.ids[name]
        thread = eyes.row(thread_id)
        answers = rows.those(models.Post, thread_id=thread.id, kind=PostKind.ANSWER)
        visible = [each for each in answers if each.state is PostState.VISIBLE and not each.is_best]
        inputs: dict[str, dict[str, Any]] = {
            "postAnswer": {"threadId": thread_id, "body": "An answer that nobody has given."},
            "closeThread": {"threadId": thread_id, "reason": "OFF_TOPIC"},
            "moveThread": {"threadId": thread_id, "categoryPath": "away"},
            "retagThread": {"threadId": thread_id, "tags": ["soil"]},
            "chooseBestAnswer": {"threadId": thread_id, "answerId": global_id(visible[0]) if visible else None},
        }
        for deed, action in ON_THREADS.items():
            letter = on_thread(eyes, thread, action) if eyes.sees(thread) else "n"
            yield deed, inputs.get(deed, {"threadId": thread_id}), letter
        yield "viewThread", {"threadId": thread_id}, "." if eyes.sees(thread) else "n"


def on_users(eyes: Eyes) -> Iterator[Try]:
    account, person = eyes.world.account(eyes.person), eyes.person
    for name in USERS:
        [about] = eyes.world.rows.those(models.User, name=name)
        for deed, action in ON_USERS.items():
            given = {"userId": global_id(about)} | ({"level": "EXPERT"} if deed == "setUserLevel" else {})
            yield deed, given, on_user(person, account, about, action)
        letter = by_level(person, UserLevel.ADMIN)
        if letter == "." and account is not None:
            # Never one's own, and of one's equals the owner's alone.
            letter = "d" if about.id == account.id else letter
            is_equal = about.level >= account.level and person.level is not UserLevel.OWNER
            letter = "l" if is_equal and letter == "." else letter
            votes = [each for each in eyes.world.rows.those(models.Vote, user_id=about.id) if each.value]
            letter = "a" if letter == "." and not votes else letter
        yield "setAsideVotes", {"userId": global_id(about)}, letter


def elsewhere(eyes: Eyes) -> Iterator[Try]:
    rows, person = eyes.world.rows, eyes.person
    tags = {tag.name: global_id(tag) for tag in rows.all(models.Tag)}
    [entry] = rows.those(models.ModerationEntry, deed=ModerationDeed.VOTES_SET_ASIDE)
    [batch] = rows.all(models.ModerationBatch)
    inputs: dict[str, dict[str, Any] | None] = {
        "addTagSynonym": {"tagId": tags["tree"], "name": "bush"},
        "removeTagSynonym": {"name": "trees"},
        "mergeTags": {"fromId": tags["of-visible"], "intoId": tags["tree"]},
        "describeTag": {"tagId": tags["tree"], "description": "What grows."},
        "blockAddresses": {"range": "203.0.113.0/24"},
        "unblockAddresses": {"range": RANGE},
        "restoreVotes": {"entryId": global_id(entry)},
        "previewPointsRules": {"rules": {}, "first": 5},
        "updatePointsRules": {"rules": {}},
        "signUp": {"name": "newcomer", "email": "newcomer@example.org", "password": "a long password"},
        "signIn": {"login": "nobody", "password": "a long password"},
        "confirmEmail": {"token": "made up"},
    }
    for deed, least in TAKES.items():
        yield deed, inputs[deed], by_level(person, least)
    for deed, rule in OF_THE_DOOR.items():
        yield deed, inputs.get(deed), rule(person)
    yield "undoModeration", {"batchId": global_id(batch)}, anywhere(person, UserLevel.EDITOR)
    asked = {"title": "May everybody ask this?", "body": "It seems so, or not."}
    yield "askQuestion", asked, "b" if person.is_blocked else "."


async def letter_for(world: World, name: str, person: Person, given: dict[str, Any] | None) -> str:
    """What a mutation comes to, in a letter; nothing of it stays."""
    try:
        async with transaction():
            result = await world.tried(name, person.name, given)
            raise Undone
    except Undone:
        kind = result["__typename"]
    if kind.endswith("Payload"):
        return "."
    return letter_of(result["permission"]["reason"]) if kind == "NotPermitted" else OTHERS[kind]


@pytest.mark.usefixtures("forum")
async def test_every_mutation_does_for_everybody_what_policy_says(setting: Callable[..., None]) -> None:
    setting(mail_server="smtp://127.0.0.1")
    world = await made()
    tried: dict[str, set[str]] = {name: set() for name in schema._schema.mutation_type.fields}  # type: ignore[union-attr]
    wrong = []
    for person in (each for name, each in PEOPLE.items() if name not in IDLE):
        done = set()
        for name, given, right in tries(Eyes(world, person)):
            if right == "." and name in done:
                continue  # what is done takes its time, and `viewerCan` says the same of the others
            found = await letter_for(world, name, person, given)
            tried[name].add(found)
            done |= {name} if found == "." else set()
            if found != right:
                wrong.append(f"{name} by {person.name} of {given}: {found} instead of {right}")
    assert wrong == []
    assert {name for name, letters in tried.items() if not letters} == set()
