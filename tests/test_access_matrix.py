"""Every field and every mutation of the schema, for every kind of viewer: what they get is what stands here.

Whoever adds a mutation adds its line; whoever adds a field that not everybody sees alike adds it to the list.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from crowd import answered_by, asked_by, category_at, commented_by, member
from life import Life, everything
from test_permission_table import LETTERS
from whole_schema import documents

import models
from models import PostState, UserLevel, migrating
from models.database import connected, transaction
from schema import schema
from schema.nodes import global_id
from services import voting
from services.settling import settled

#: Who there is, in the order of the table's columns.
VIEWERS = ("visitor", "author", "other", "blocked", "moderator", "admin")
OTHERS = {"NotFound": "n", "InvalidInput": "i", "Conflict": "!", "RateLimited": "t"}

#: What each mutation comes to, with an input that nothing is wrong with, by the letters of `test_permission_table`; and
#: n for what the viewer may not know of, i for what they lack (a token, an address).
MATRIX = """
signUp               . . . . . .
signIn               s s s s s s
confirmEmail         i i i i i i
askQuestion          . . . b . .
postAnswer           . . . b . .
postComment          . . . b . .
claimPosts           i i i i i i
setReplyNotice       s i d d d d
castVote             s . o b . .
chooseBestAnswer     s . l l . .
editPost             s . l l . .
restoreRevision      s . l l . .
moveThread           s . l l . .
retagThread          s . l l . .
convertPost          s l l l . .
addTagSynonym        s l l l . .
removeTagSynonym     s l l l . .
mergeTags            s l l l . .
describeTag          s l l l . .
hidePost             s . l l . .
restorePost          n n l n . .
deletePost           n n l n . .
closeThread          s . l l . .
reopenThread         s l l l . .
flagPost             s . o b . .
clearFlags           s l l l . .
approvePost          n n l n . .
rejectPost           n n l n . .
moderatePosts        s l l l . .
undoModeration       s l l l . .
blockUser            s l l l . .
unblockUser          s l l l . .
setUserLevel         s l l l . .
blockAddresses       s l l l . .
unblockAddresses     s l l l . .
setAsideVotes        s l l l l .
restoreVotes         s l l l l .
previewPointsRules   s l l l l .
updatePointsRules    s l l l l .
viewThread           . . . . . .
"""

#: Fields that not everybody sees alike, and who sees of them what an admin sees.
SEEN_BY = """
AddressBlockConnection.edges             visitor author other blocked
AddressBlockConnection.nodes             visitor author other blocked
AddressBlockConnection.totalCount        visitor author other blocked
Answer.flagCount                         visitor author other blocked
AnswerConnection.edges                   visitor author blocked
AnswerConnection.nodes                   visitor author blocked
AnswerConnection.totalCount              visitor author blocked
Comment.flagCount                        visitor author other blocked
FlagConnection.edges                     visitor author other blocked
FlagConnection.nodes                     visitor author other blocked
FlagConnection.totalCount                visitor author other blocked
ModerationEntry.post                     visitor author blocked
ModerationEntry.range                    visitor author other blocked
ModerationEntry.reason                   visitor author other blocked
PageInfo.endCursor                       visitor author other blocked
PageInfo.startCursor                     visitor author other blocked
Permission.allowed                       visitor author other blocked moderator
Permission.message                       visitor author other blocked moderator
Permission.reason                        visitor author other blocked moderator
PointsEntry.post                         visitor author blocked
PostConnection.edges                     visitor author other blocked
PostConnection.nodes                     visitor author other blocked
PostConnection.totalCount                visitor author other blocked
Query.nodes                              visitor author other blocked
Question.flagCount                       visitor author other blocked
Question.viewerVote                      other
Site.answerCount                         visitor author blocked
"""


@dataclass
class Forum:
    """A forum with something of everything, and the ids of it."""

    file: Path
    ids: dict[str, str]

    @asynccontextmanager
    async def copied(self, folder: Path) -> AsyncIterator[Life]:
        """A copy of it, connected."""
        copy = folder / "copy.db"
        shutil.copy(self.file, copy)  # nothing is beside it: who disconnects leaves one file
        async with connected(f"sqlite://{copy}"):
            life = Life()
            await life.refresh()
            yield life

    def inputs(self) -> dict[str, dict[str, Any]]:
        """Of each mutation, an input that nothing is wrong with."""
        its = self.ids
        return {
            "signUp": {"name": "newcomer", "email": "newcomer@example.org", "password": "a long password"},
            "signIn": {"login": "nobody", "password": "a long password"},
            "confirmEmail": {"token": "made up"},
            "askQuestion": {"title": "May everybody ask this?", "body": "It seems so, or not."},
            "postAnswer": {"threadId": its["thread"], "body": "An answer that nobody has given."},
            "postComment": {"parentId": its["question"], "body": "A comment that nobody has made."},
            "claimPosts": {"tokens": ["made up"]},
            "setReplyNotice": {"postId": its["question"], "notify": True},
            "castVote": {"postId": its["answer"], "value": "UP"},
            "chooseBestAnswer": {"threadId": its["thread"], "answerId": its["answer"]},
            "editPost": {"postId": its["question"], "body": "Who may do what, and when?"},
            "restoreRevision": {"revisionId": its["revision"]},
            "moveThread": {"threadId": its["thread"], "categoryPath": "away"},
            "retagThread": {"threadId": its["thread"], "tags": ["tree"]},
            "convertPost": {"postId": its["answer"], "to": "COMMENT", "parentId": its["question"]},
            "addTagSynonym": {"tagId": its["tree"], "name": "bush"},
            "removeTagSynonym": {"name": "trees"},
            "mergeTags": {"fromId": its["soil"], "intoId": its["tree"]},
            "describeTag": {"tagId": its["tree"], "description": "What grows."},
            "hidePost": {"postId": its["question"]},
            "restorePost": {"postId": its["hidden"]},
            "deletePost": {"postId": its["hidden"]},
            "closeThread": {"threadId": its["thread"], "reason": "OFF_TOPIC"},
            "reopenThread": {"threadId": its["closed"]},
            "flagPost": {"postId": its["answer"], "reason": "SPAM", "flagged": True},
            "clearFlags": {"postId": its["flagged"]},
            "approvePost": {"postId": its["queued"]},
            "rejectPost": {"postId": its["queued"]},
            "moderatePosts": {"postIds": [its["answer"]], "deed": "HIDE"},
            "undoModeration": {"batchId": its["batch"]},
            "blockUser": {"userId": its["target"]},
            "unblockUser": {"userId": its["blocked"]},
            "setUserLevel": {"userId": its["target"], "level": "EXPERT"},
            "blockAddresses": {"range": "203.0.113.0/24"},
            "unblockAddresses": {"range": "198.51.100.0/24"},
            "setAsideVotes": {"userId": its["other"]},
            "restoreVotes": {"entryId": its["entry"]},
            "previewPointsRules": {"rules": {}, "first": 5},
            "updatePointsRules": {"rules": {}},
            "viewThread": {"threadId": its["thread"]},
        }


@pytest.fixture
async def forum(sqlite_url: str) -> Forum:
    """Policy does not depend on the database: SQLite's, whose file is copied soonest."""
    async with connected(sqlite_url):
        await migrating.migrate(lambda name: None)
        people = {name: await member(name) for name in (*VIEWERS[1:], "target", "cheat")}
        for name, level in (("moderator", UserLevel.MODERATOR), ("admin", UserLevel.ADMIN)):
            await models.User.filter(name=name).update(level=level)
        admin, author, other = await models.User.get(name="admin"), people["author"], people["other"]
        for path in ("home", "away"):
            await category_at(path)
        thread, question = await asked_by(author, "Who may do what?", category="home", tags=("tree", "soil"))
        closed, _ = await asked_by(author, "What is over and done?", category="home")
        posts = {
            name: await answered_by(other, thread) for name in ("answer", "hidden", "queued", "flagged", "batched")
        }
        ids = {name: global_id(row) for name, row in (posts | people).items()}
        ids |= {"thread": global_id(thread), "question": global_id(question), "closed": global_id(closed)}
        ids |= {tag.name: global_id(tag) for tag in await models.Tag.all()}
        await commented_by(author, posts["answer"])
        life = Life()
        await life.refresh()

        async def done(name: str, by: models.User, /, **given: Any) -> dict[str, Any]:
            result = await life.do(name, by, given)
            assert result["__typename"].endswith("Payload"), result
            return result

        await done("castVote", people["cheat"], postId=ids["question"], value="UP")
        await done("castVote", other, postId=ids["question"], value="UP")
        await done("editPost", author, postId=ids["question"], body="Who may do what, and to whom?")
        await done("hidePost", admin, postId=ids["hidden"], reason="Off topic.")
        await done("flagPost", people["target"], postId=ids["flagged"], reason="SPAM", note="Look.", flagged=True)
        await done("moderatePosts", admin, postIds=[ids["batched"]], deed="HIDE")
        await done("closeThread", admin, threadId=ids["closed"], reason="OFF_TOPIC")
        await done("addTagSynonym", admin, tagId=ids["tree"], name="trees")
        await done("blockAddresses", admin, range="198.51.100.0/24", reason="Spam.")
        await done("blockUser", admin, userId=ids["blocked"], reason="Rude.")
        await done("setAsideVotes", admin, userId=ids["cheat"], reason="A ring.")
        async with transaction(), settled(thread.id):
            await models.Post.filter(id=posts["queued"].id).update(state=PostState.QUEUED)
        [first, *_] = await models.Revision.all().order_by("id")
        ids["revision"] = global_id(first)
        ids["batch"] = global_id(await models.ModerationBatch.get())
        ids["entry"] = global_id(await models.ModerationEntry.get(deed=models.ModerationDeed.VOTES_SET_ASIDE))
        await voting.finish()
    return Forum(Path(sqlite_url.removeprefix("sqlite://")), ids)


def letter(result: dict[str, Any]) -> str:
    """What a mutation came to, in a letter."""
    kind = result["__typename"]
    if kind.endswith("Payload"):
        return "."
    if kind != "NotPermitted":
        return OTHERS[kind]
    [permission] = [value for name, value in result.items() if name.startswith("permission_")]
    [reason] = [value for name, value in permission.items() if name.startswith("reason_")]
    return next(sign for sign, each in LETTERS.items() if each is not None and each.name == reason)


async def test_every_mutation_does_for_everybody_what_policy_says(forum: Forum, tmp_path: Path) -> None:
    inputs = forum.inputs()
    owner: Any = schema._schema.mutation_type
    # These two take nothing, and are about who asks alone: tests/test_accounts.py, tests/test_confirmation.py.
    assert inputs.keys() | {"signOut", "resendConfirmation"} == owner.fields.keys()
    letters: dict[str, str] = dict.fromkeys(inputs, "")
    for viewer in VIEWERS:
        waiting = list(inputs)
        while waiting:
            async with forum.copied(tmp_path) as life:
                while waiting:  # until one is done: what is refused changes nothing
                    name = waiting.pop(0)
                    actor = await life.actor(None if viewer == "visitor" else viewer)
                    letters[name] += letter(await life.do(name, actor, inputs[name]))
                    if letters[name].endswith("."):
                        break
                await voting.finish()
    found = [f"{name:<20} {' '.join(each)}" for name, each in letters.items()]
    assert found == MATRIX.strip("\n").splitlines()


async def seen_by(life: Life, viewer: str) -> list[dict[str, Any]]:
    """All that somebody is given, in the order of the documents."""
    actor = await life.actor(None if viewer == "visitor" else viewer)
    return [await life.ask(text, actor, **variables) for text, variables in documents(await everything())]


def differing(one: Any, other: Any, field: str) -> Iterator[str]:
    """The fields in which two answers differ; what lies below one that differs is not looked at."""
    if isinstance(one, dict) and isinstance(other, dict) and one.get("__typename") == other.get("__typename"):
        owner = one.get("__typename", "Query")
        for name in one:
            if name.startswith("viewer_"):
                continue  # of whom else?
            yield from differing(one[name], other[name], f"{owner}.{name.partition('_')[0]}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for each, opposite in zip(one, other, strict=True):
            yield from differing(each, opposite, field)
    elif one != other:
        yield field


async def test_every_field_shows_everybody_what_policy_says(forum: Forum, tmp_path: Path) -> None:
    async with forum.copied(tmp_path) as life:
        seen = {viewer: await seen_by(life, viewer) for viewer in VIEWERS}
    found: dict[str, list[str]] = {}
    for viewer in VIEWERS[:-1]:
        for field in set(differing(seen[viewer], seen["admin"], "")):
            found.setdefault(field, []).append(viewer)
    lines = sorted(f"{field:<40} {' '.join(who)}" for field, who in found.items())
    assert lines == SEEN_BY.strip("\n").splitlines()
