"""A forum in which anybody may try anything: every mutation of the schema, with inputs by chance.

The mutations and their inputs are taken from the schema as it is served. A mutation or an input that is added is tried,
too, and fails the test until this file knows what to fill it with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    OperationType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_list_type,
    is_required_input_field,
)
from hypothesis import strategies as st
from starlette.requests import HTTPConnection
from whole_schema import Known, documents, selection_of

import models
from models import PostKind, PostState, UserLevel
from schema import schema
from schema.context import Context
from schema.nodes import NODE_MODELS, global_id, split_id
from services import claims, finding
from services.actors import Actor, wrote

#: Who there is; `None` is a visitor, and WRITERS have no account.
PEOPLE = {
    "ann": UserLevel.REGISTERED,
    "bob": UserLevel.REGISTERED,
    "expert": UserLevel.EXPERT,
    "editor": UserLevel.EDITOR,
    "moderator": UserLevel.MODERATOR,
    "admin": UserLevel.ADMIN,
}
WRITERS = ("writer one", "writer two")
ACTORS: tuple[str | None, ...] = (*PEOPLE, *WRITERS, None)
#: What is tried elsewhere, since it is about accounts, or mail.
NOT_TRIED = {"signUp", "signIn", "signOut", "confirmEmail", "resendConfirmation"}
#: Which action of `viewerCan` answers for a mutation, and which input names what it is asked of.
ASKED_BEFORE: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "castVote": ("postId", lambda given: "VOTE_DOWN" if given["value"] == "DOWN" else "VOTE_UP"),
    "postComment": ("parentId", lambda _: "COMMENT"),
    "postAnswer": ("threadId", lambda _: "ANSWER"),
    "editPost": ("postId", lambda _: "EDIT"),
    "flagPost": ("postId", lambda _: "FLAG"),
    "hidePost": ("postId", lambda _: "HIDE"),
    "restorePost": ("postId", lambda _: "RESTORE"),
    "deletePost": ("postId", lambda _: "DELETE"),
    "approvePost": ("postId", lambda _: "APPROVE"),
    "rejectPost": ("postId", lambda _: "APPROVE"),
    "convertPost": ("postId", lambda _: "CONVERT"),
    "closeThread": ("threadId", lambda _: "CLOSE"),
    "reopenThread": ("threadId", lambda _: "REOPEN"),
    "moveThread": ("threadId", lambda _: "MOVE"),
    "retagThread": ("threadId", lambda _: "RETAG"),
    "chooseBestAnswer": ("threadId", lambda _: "CHOOSE_BEST_ANSWER"),
}


#: Which field of a payload is the post that was written, or its thread: with its type, as `whole_schema` asks for it.
_WRITES = {
    "AskQuestion": "thread_Thread_0",
    "PostAnswer": "answer_Answer_0",
    "PostComment": "comment_Comment_0",
    "EditPost": "post_Post_0",
}


def mutations() -> dict[str, GraphQLInputObjectType]:
    """The mutations that are tried, and their inputs."""
    owner = schema._schema.mutation_type
    assert owner is not None
    return {
        name: get_named_type(each.args["input"].type) for name, each in owner.fields.items() if name not in NOT_TRIED
    }


@dataclass
class Life:
    """What was said so far: each word that somebody wrote, and the post that it stands in."""

    words: dict[str, int] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    known: Known = field(default_factory=lambda: Known([]))
    _count: int = 0

    def word(self) -> str:
        """A word that nobody has said before."""
        self._count += 1
        return f"word{self._count}x"

    async def refresh(self) -> None:
        """Learn what there is now."""
        self.known = await everything()

    async def actor(self, name: str | None) -> Actor:
        """Somebody, as they are now."""
        if name in WRITERS:
            return claims.writer_of(str(name))
        return None if name is None else await models.User.get(name_key=finding.name_key(name))

    # Inputs.

    def input_of(self, kind: GraphQLInputObjectType, draw: Callable[[st.SearchStrategy[Any]], Any]) -> dict[str, Any]:
        """An input, filled by chance: all that must be given, and now and then what may be left out."""
        given = {}
        for name, each in kind.fields.items():
            if is_required_input_field(each) or draw(st.integers(0, 2)) == 0:
                given[name] = self.value(name, each.type, draw)
        return given

    def value(self, name: str, kind: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
        """A value for an input of that name."""
        wanted: Any = get_nullable_type(kind)
        if is_list_type(wanted):
            return [self.value(name, wanted.of_type, draw) for _ in range(draw(st.integers(0, 3)))]
        if is_enum_type(wanted):
            return draw(st.sampled_from(sorted(wanted.values)))
        if isinstance(wanted, GraphQLInputObjectType):
            return self.input_of(wanted, draw)
        if wanted.name == "Boolean":
            return draw(st.booleans())
        return draw(st.sampled_from(self.choices(name, wanted.name)))

    def choices(self, name: str, kind: str) -> Sequence[Any]:
        """What an input of that name may be filled with."""
        ids = {
            "postId": "Post", "parentId": "Post", "answerId": "Post", "postIds": "Post",
            "threadId": "Thread", "duplicateOfId": "Thread",
            "userId": "User", "onPostsOf": "User",
            "revisionId": "Revision", "entryId": "ModerationEntry", "batchId": "ModerationBatch",
            "tagId": "Tag", "intoId": "Tag", "fromId": "Tag",
        }  # fmt: skip
        if name in ids:
            return [each for each in self.known.ids if (split_id(each) or ("",))[0] == ids[name]] or ["none"]
        match name:
            case "title" | "body" | "displayName" | "comment" | "note" | "reason" | "description":
                return [f"{self.word()} {self.word()} and more"]
            case "claimToken" | "tokens" | "token":
                return [*self.tokens, "made up"]
            case "categoryPath" | "path":
                return self.known.values["path"]
            case "tags" | "tag" | "from" | "into" | "synonym" | "name":
                return ["tree", "soil", "bush", "leaf"]
            case "expectedVersion":
                return [1, 2]
            case "range":
                return ["203.0.113.0/24", "2001:db8::1", "nonsense"]
            case "notifyEmail" | "email":
                return ["somebody@example.org"]
            case "since" | "until":
                return ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"]
        if kind == "Int":
            return [0, 5, 10, -10, 100]
        raise AssertionError(f"what is the input `{name}` of type {kind}?")

    # Deeds.

    async def do(self, name: str, actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
        """Try a mutation; its result. Whatever was posted by it is remembered with its words."""
        owner: Any = schema._schema.mutation_type
        kind = owner.fields[name]
        [result] = (await self.ask(
            f"mutation ($input: {kind.args['input'].type}) "
            f"{{ {name}(input: $input) {selection_of(kind.type, self.known)} }}",
            actor, input=given,
        )).values()  # fmt: skip
        return dict(result)

    async def ask(self, text: str, actor: Actor, **variables: Any) -> dict[str, Any]:
        """Send a document as somebody; its data. Errors fail the test."""
        request = HTTPConnection({"type": "http", "scheme": "http", "server": ("t", 80), "path": "/", "headers": []})
        context = Context(request=request, viewer=actor)
        answer = await schema.run(text, variables, None, context, (OperationType.QUERY, OperationType.MUTATION))
        assert answer.errors is None, (answer.errors, text, variables)
        return dict(answer.data or {})

    async def may(self, actor: Actor, id: str, action: str) -> dict[str, Any] | None:
        """The answer to `viewerCan`; None where the actor sees no such thing."""
        enum = "ThreadAction" if (split_id(id) or ("",))[0] == "Thread" else "PostAction"
        on = "Thread" if enum == "ThreadAction" else "Post"
        text = (
            f"query ($id: ID!, $action: {enum}!) "
            f"{{ node(id: $id) {{ ... on {on} {{ viewerCan(action: $action) {{ allowed reason message }} }} }} }}"
        )
        node = (await self.ask(text, actor, id=id, action=action))["node"]
        return node and dict(node["viewerCan"])

    async def remember(self, given: dict[str, Any], result: dict[str, Any]) -> None:
        """Note which post has the words that were written, if a post was written."""
        kind = result["__typename"].removesuffix("Payload")
        if kind not in _WRITES:
            return
        written = result[_WRITES[kind]]
        [(_, key)] = [split_id(value) or ("", 0) for name, value in written.items() if name.startswith("id_")]
        if kind == "AskQuestion":
            key = (await models.Post.get(thread_id=key, kind=PostKind.QUESTION)).id
        texts = [given.get(name) for name in ("title", "body", "comment")]
        texts.append((given.get("anonymous") or {}).get("displayName"))
        self.words |= {word: key for text in texts if text for word in text.split() if word.startswith("word")}
        self.tokens += [value for name, value in result.items() if name.startswith("claimToken_") and value]

    # What can be read.

    async def readable(self, actor: Actor) -> str:
        """All that somebody can read through the graph, in one text."""
        return "".join([repr(await self.ask(text, actor, **given)) for text, given in documents(self.known)])

    async def hidden_from(self, actor: Actor) -> list[str]:
        """The words that stand in posts which somebody may not see, or which are gone."""
        posts = {post.id: post for post in await models.Post.all().prefetch_related("thread")}
        return [word for word, post_id in self.words.items() if not _may_see(actor, posts.get(post_id), posts)]


async def everything() -> Known:
    """All ids there are, and a name of each kind."""
    rows = [row for model in NODE_MODELS.values() for row in await model.all()]
    names = [user.name for user in await models.User.all()]
    values: dict[str, Sequence[Any]] = {
        "number": [thread.id for thread in await models.Thread.all()] or [1],
        "name": [*names, *(tag.name for tag in await models.Tag.all())],
        "path": [category.path for category in await models.Category.all()] or ["none"],
    }
    return Known([global_id(row) for row in rows], values)


def _may_see(actor: Actor, post: models.Post | None, posts: dict[int, models.Post]) -> bool:
    """Whether somebody may see a post, said once more: in words of its own, from the rows alone."""
    if post is None:
        return False
    if isinstance(actor, models.User):
        there = (actor.levels_in or {}).get(str(post.thread.category_id), 0)
        trusted = max(actor.level, there)
        if trusted >= UserLevel.EDITOR:
            return True
    else:
        trusted = UserLevel.REGISTERED
    question = next(
        each for each in posts.values() if each.thread_id == post.thread_id and each.kind is PostKind.QUESTION
    )
    above = [each for each in (question, posts.get(post.parent_id or 0)) if each is not None and each != post]
    if any(each.state is not PostState.VISIBLE for each in above):
        return False
    if post.state is PostState.VISIBLE or wrote(actor, post):
        return True
    return post.state is PostState.QUEUED and trusted >= UserLevel.EXPERT
