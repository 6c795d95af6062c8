"""A forum with a thing in every state, by every kind of author; and its rows, as the database has them."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from access_rules import AUTHORS, AWAY, HOME, PEOPLE, Person
from clients import Client
from crowd import answered_by, asked_by, category_at, commented_by, member
from graphql import OperationType, get_named_type
from starlette.requests import HTTPConnection
from tortoise.models import Model

import models
from models import HiddenBy, PostKind, PostState
from models.database import transaction
from schema import schema
from schema.context import Context
from schema.nodes import NODE_MODELS, global_id, key_of
from services import accounts, claims, clock, voting
from services.actors import Actor, Writer
from services.settling import settled

#: What the words of `SECRETS` are in this forum, beside what each row has of its own.
FLAG_NOTE, RANGE, RANGE_REASON = "word-of-a-flag", "198.51.100.0/24", "word-of-a-range"
TOLD_AT = "told@replies.example"


def address_of(name: str) -> str:
    """The e-mail address of somebody's account."""
    return f"address-of-{name}@accounts.example"


def word_of(post: models.Post) -> str:
    """What a post says, as no other does."""
    return f"word-of-{post.id}x"


def note_of(flag: models.Flag) -> str:
    """What was said of a flag, as of no other."""
    return f"{FLAG_NOTE}-{flag.id}x"


def browser_of(name: str) -> str:
    """The secret that somebody's browser keeps."""
    return f"browser of {name}"


def browser_key_of(name: str) -> str:
    """What is kept of that secret with what they write."""
    return hashlib.sha256(browser_of(name).encode()).hexdigest()


@dataclass
class Rows:
    """All rows that the graph shows, by model and key, as they are now."""

    by_model: dict[type[Model], dict[int, Any]] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Read them again."""
        shown: list[type[Model]] = [*NODE_MODELS.values(), models.Vote, models.ThreadTag]
        for model in shown:
            self.by_model[model] = {row.pk: row for row in await model.all().order_by(model._meta.pk_attr)}

    def all(self, model: type[Model]) -> list[Any]:
        """Every row of a model."""
        return list(self.by_model[model].values())

    def get(self, model: type[Model], key: int | None) -> Any:
        """The row with that key; None where there is none."""
        return None if key is None else self.by_model[model].get(key)

    def those(self, model: type[Model], **columns: Any) -> list[Any]:
        """The rows with these values."""
        return [row for row in self.all(model) if all(getattr(row, name) == value for name, value in columns.items())]

    def question(self, thread_id: int) -> models.Post:
        """What a thread asks."""
        [question] = self.those(models.Post, thread_id=thread_id, kind=PostKind.QUESTION)
        post: models.Post = question
        return post

    def thread(self, post: models.Post) -> models.Thread:
        """The thread of a post."""
        thread: models.Thread = self.get(models.Thread, post.thread_id)
        return thread

    def category_path(self, post: models.Post) -> str | None:
        """Where the post's thread belongs."""
        category = self.get(models.Category, self.thread(post).category_id)
        return category.path if isinstance(category, models.Category) else None

    def is_under_something_unseen(self, post: models.Post) -> bool:
        """Whether its question, or what it comments on, is not visible."""
        above = [self.question(post.thread_id), self.get(models.Post, post.parent_id)]
        return any(each.state is not PostState.VISIBLE for each in above if each is not None and each.id != post.id)

    def down_from(self, category: models.Category) -> set[int | None]:
        """The ids of a category and of all below it."""
        below = self.those(models.Category, parent_id=category.id)
        return {category.id}.union(*map(self.down_from, below))


Candidates = Callable[[Rows, Any], Iterable[Any]]
_POSTS, _THREADS = models.Post, models.Thread


def _to(model: type[Model], column: str) -> Candidates:
    return lambda rows, row: [found] if (found := rows.get(model, getattr(row, column))) else []


def _posts(kind: PostKind | None = None, **columns: str) -> Candidates:
    """The posts of that kind whose columns are as those of the row."""

    def found(rows: Rows, row: Any) -> list[Any]:
        wanted = {name: getattr(row, column) for name, column in columns.items()}
        return rows.those(_POSTS, **wanted, **({"kind": kind} if kind else {}))

    return found


#: What belongs to a field that is `seen`, `listed`, `counted` or `decided`, before anybody's eyes are asked.
RELATED: dict[str, Candidates] = {
    "Query.threads": lambda rows, _: rows.all(_THREADS),
    "Query.tags": lambda rows, _: rows.all(models.Tag),
    "Query.users": lambda rows, _: rows.all(models.User),
    "Query.moderationLog": lambda rows, _: rows.all(models.ModerationEntry),
    "Query.addressBlocks": lambda rows, _: rows.all(models.AddressBlock),
    "Query.moderationQueue": lambda rows, _: rows.those(_POSTS, state=PostState.QUEUED),
    "Query.hiddenPosts": lambda rows, _: rows.those(_POSTS, state=PostState.HIDDEN),
    "Query.flaggedPosts": lambda rows, _: [
        post for post in rows.all(_POSTS) if rows.those(models.Flag, post_id=post.id, cleared_at=None)
    ],
    "Site.threadCount": lambda rows, _: rows.all(_THREADS),
    "Site.answerCount": lambda rows, _: rows.those(_POSTS, kind=PostKind.ANSWER),
    "Site.commentCount": lambda rows, _: rows.those(_POSTS, kind=PostKind.COMMENT),
    "Site.userCount": lambda rows, _: rows.all(models.User),
    "Thread.question": _posts(PostKind.QUESTION, thread_id="id"),
    "Thread.bestAnswer": lambda rows, thread: rows.those(_POSTS, thread_id=thread.id, is_best=True),
    "Thread.answers": _posts(PostKind.ANSWER, thread_id="id"),
    "Thread.duplicates": lambda rows, thread: rows.those(_THREADS, duplicate_of_id=thread.id),
    "Closure.duplicateOf": _to(_THREADS, "duplicate_of_id"),
    "Post.thread": _to(_THREADS, "thread_id"),
    "Post.parent": _to(_POSTS, "parent_id"),
    "Post.comments": _posts(parent_id="id"),
    "Post.revisions": lambda rows, post: rows.those(models.Revision, post_id=post.id),
    "Post.flags": lambda rows, post: rows.those(models.Flag, post_id=post.id, cleared_at=None),
    "RevisionChanges.since": lambda rows, last: rows.those(
        models.Revision, post_id=last.post_id, number=last.number - 1
    ),
    "Category.threads": lambda rows, category: [
        thread for thread in rows.all(_THREADS) if thread.category_id in rows.down_from(category)
    ],
    "Tag.threads": lambda rows, tag: [
        rows.get(_THREADS, link.thread_id) for link in rows.those(models.ThreadTag, tag_id=tag.id)
    ],
    "User.threads": lambda rows, user: rows.those(_THREADS, author_id=user.id),
    "User.answers": _posts(PostKind.ANSWER, author_id="id"),
    "User.pointsHistory": lambda rows, user: rows.those(models.PointsEntry, user_id=user.id),
    "PointsEntry.post": _to(_POSTS, "post_id"),
    "ModerationEntry.post": _to(_POSTS, "post_id"),
    "ModerationEntry.thread": _to(_THREADS, "thread_id"),
    "ThreadActivity.thread": lambda _, thread: [thread],
    "ThreadActivity.post": lambda *_: [],  # nothing has happened yet
}

#: What a `public` count counts; of these, what is visible, and what a user wrote also stands under nothing that is not.
COUNTED: dict[str, Candidates] = {
    "Thread.answerCount": RELATED["Thread.answers"],
    "Post.commentCount": RELATED["Post.comments"],
    "Category.threadCount": RELATED["Category.threads"],
    "Tag.threadCount": RELATED["Tag.threads"],
    "User.questionCount": _posts(PostKind.QUESTION, author_id="id"),
    "User.answerCount": RELATED["User.answers"],
    "User.commentCount": _posts(PostKind.COMMENT, author_id="id"),
}


class Browser(Client):
    """Somebody without an account, whose token is their browser's secret."""

    @property
    def headers(self) -> dict[str, str]:
        return {"cookie": f"writer={self.token}"}


@dataclass
class World:
    """The forum: its rows, who is who, and things by name."""

    rows: Rows = field(default_factory=Rows)
    ids: dict[str, str] = field(default_factory=dict)
    #: By which each account is signed in.
    tokens: dict[str, str] = field(default_factory=dict)
    #: What will not be visible: its state, and who hid it.
    states: dict[int, tuple[PostState, HiddenBy | None]] = field(default_factory=dict)

    def client(self, visitor: Client, name: str) -> Client:
        """Somebody's client, at the server that serves the visitor."""
        if PEOPLE[name].is_writer:
            return Browser(visitor.http, browser_of(name))
        return Client(visitor.http, self.tokens.get(name))

    async def actor(self, name: str) -> Actor:
        """Somebody of `PEOPLE`, as they are now."""
        if PEOPLE[name].is_writer:
            return claims.writer_of(browser_of(name))
        return await models.User.get(name=name) if PEOPLE[name].level is not None else None

    def account(self, person: Person) -> models.User | None:
        """Somebody's row, if they have an account."""
        return next(iter(self.rows.those(models.User, name=person.name)), None)

    async def tried(self, name: str, by: str, given: dict[str, Any] | None) -> dict[str, Any]:
        """What a mutation comes to: its kind, and if it is not permitted, why. Nothing else is read of it."""
        field: Any = schema._schema.mutation_type.fields[name]  # type: ignore[union-attr]
        kind = field.args["input"].type if field.args else None
        members = [each.name for each in getattr(get_named_type(field.type), "types", ())]
        why = "... on NotPermitted { permission { reason } }" if "NotPermitted" in members else ""
        call = f"mutation ($input: {kind}) {{ {name}(input: $input)" if kind else f"mutation {{ {name}"
        text = f"{call} {{ __typename {why} }} }}"
        request = HTTPConnection({"type": "http", "scheme": "http", "server": ("t", 80), "path": "/", "headers": []})
        kept = browser_of(by) if PEOPLE[by].is_writer else None
        context = Context(request=request, viewer=await self.actor(by), kept=kept)
        answer = await schema.run(text, {"input": given}, None, context, (OperationType.MUTATION,))
        assert answer.errors is None, (answer.errors, text, given)
        return dict((answer.data or {})[name])

    async def done(self, name: str, by: str, /, **given: Any) -> None:
        """A mutation that succeeds."""
        result = await self.tried(name, by, given)
        assert result["__typename"].endswith("Payload"), (name, by, given, result)


async def made() -> World:
    """The forum, made in the empty one that this process is connected to."""
    world = World()
    async with transaction():  # one, since each commit takes its time
        await _people(world)
        for author in AUTHORS:
            await _write(world, author)
        await _let_things_happen(world)
        async with settled(*await models.Thread.all().values_list("id", flat=True)):  # type: ignore[arg-type]
            for post_id, (state, by) in world.states.items():
                await models.Post.filter(id=post_id).update(state=state, hidden_by=by)
        blocked = [each.name for each in PEOPLE.values() if each.is_blocked]
        await models.User.filter(name__in=blocked).update(blocked_at=clock.now())
    await voting.finish()
    await world.rows.refresh()
    return world


async def _people(world: World) -> None:
    """Those who have accounts, each signed in."""
    home, away = [(await category_at(path)).id for path in (HOME, AWAY)]
    for person in PEOPLE.values():
        if person.level is None:
            continue
        user = await member(person.name)
        confirmed = {"email_confirmed_at": user.created_at} if person.is_confirmed else {}
        levels_in = {str({HOME: home, AWAY: away}[path]): int(level) for path, level in person.levels_in}
        await models.User.filter(id=user.id).update(
            email=address_of(person.name), email_folded=address_of(person.name), level=person.level,
            password_hash=f"hash of {person.name}", levels_in=levels_in or None, about="*me*", **confirmed,
        )  # fmt: skip
        world.tokens[person.name] = await accounts._open_session(user)


async def _write(world: World, author: str) -> None:
    """Threads, answers and comments of an author: made by another hand, and then given to them."""
    maker, owner, is_writer = await models.User.get(name="admin"), await world.actor(author), PEOPLE[author].is_writer
    visible, queued, hidden = PostState.VISIBLE, PostState.QUEUED, PostState.HIDDEN
    threads: list[int] = []
    key = (
        {"author_id": None, "writer_key": owner.key} if isinstance(owner, Writer) else {"author_id": owner and owner.id}
    )

    async def noted(name: str, post: models.Post, state: PostState, by: HiddenBy | None) -> None:
        world.ids[f"{author} {name}"] = global_id(post)
        if state is not visible:
            world.states[post.id] = state, by
        body = word_of(post)
        if author == "author":
            for number, text in enumerate((f"{body}-before", body), start=1):
                await models.Revision.create(
                    post_id=post.id, number=number, body=text, body_html=text, edited_at=clock.now()
                )
        await models.Post.filter(id=post.id).update(body=body, body_html=body, body_text=body)

    async def thread(name: str, state: PostState = visible, by: HiddenBy | None = None) -> models.Thread:
        category = None if is_writer else HOME
        made, question = await asked_by(maker, f"What {author} asks: {name}", category, ("tree", f"of-{state.value}"))
        await noted(f"{name} question", question, state, by)
        threads.append(made.id)
        world.ids[f"{author} {name} thread"] = global_id(made)
        return made

    async def answer(
        name: str, to: models.Thread, state: PostState = visible, by: HiddenBy | None = None
    ) -> models.Post:
        made = await answered_by(maker, to)
        await noted(name, made, state, by)
        return made

    async def comment(name: str, to: models.Post, state: PostState = visible, by: HiddenBy | None = None) -> None:
        await noted(name, await commented_by(maker, to), state, by)

    calm = await thread("calm")
    good = await answer("answer", calm)
    await answer("late answer", await thread("closed"))
    bad = await answer("hidden answer", calm, hidden, HiddenBy.STAFF)
    await thread("hidden", hidden, HiddenBy.STAFF)
    if author in ("author", "anonymous_author"):
        await answer("queued answer", calm, queued)
        await answer("taken back answer", calm, hidden, HiddenBy.AUTHOR)
        await comment("comment", good)
        await comment("hidden comment", good, hidden, HiddenBy.FLAGS)
        await comment("buried comment", bad)
        await answer("buried answer", await thread("hidden with an answer", hidden, HiddenBy.REJECTION))
        await thread("queued", queued)
    async with settled(*threads):
        await models.Thread.filter(id__in=threads).update(**key)
        await models.Post.filter(thread_id__in=threads).update(**key)


async def _let_things_happen(world: World) -> None:
    """Votes, flags, a best answer, duplicates, a claim, an address to tell; and what the log has of the staff.

    What will be hidden was seen, voted on, flagged and chosen before.
    """
    ids, done = world.ids, world.done
    for name, post in (
        ("confirmed", "author answer"),
        ("moderator", "author answer"),
        ("blocked", "author comment"),
        ("moderator", "author calm question"),
    ):
        await done("castVote", name, postId=ids[post], value="UP")
    await done("castVote", "confirmed", postId=ids["author hidden answer"], value="DOWN")
    await done("castVote", "registered", postId=ids["anonymous_author answer"], value="UP")
    await done("setAsideVotes", "admin", userId=global_id(await models.User.get(name="registered")), reason="A ring.")
    for post in (
        *("author calm question", "author comment", "author buried comment"),
        *("author answer", "author hidden answer", "anonymous_author answer"),
    ):
        await done("flagPost", "confirmed", postId=ids[post], reason="SPAM", note=FLAG_NOTE, flagged=True)
    await done("chooseBestAnswer", "author", threadId=ids["author calm thread"], answerId=ids["author hidden answer"])
    best = {"threadId": ids["editing_author calm thread"], "answerId": ids["editing_author answer"]}
    await done("chooseBestAnswer", "editing_author", **best)
    # Duplicates: what will be hidden is one end, or the other.
    for closed, original in (
        ("author closed thread", "editing_author hidden thread"),
        ("editing_author closed thread", "author calm thread"),
        ("author hidden thread", "author calm thread"),
        ("author queued thread", "author calm thread"),
    ):
        by = "editing_author" if closed.startswith("editing_author") else "admin"
        await done("closeThread", by, threadId=ids[closed], duplicateOfId=ids[original], reason="DUPLICATE")
    await done("closeThread", "admin", threadId=ids["anonymous_author closed thread"], reason="OTHER")
    # Written without an account, and then claimed: it is the account's alone.
    claimed = await models.Post.get(id=key_of("Post", ids["anonymous_author taken back answer"]))
    await done("claimPosts", "confirmed", tokens=[claims.token_of(claimed)])
    told = {"postId": ids["anonymous_author answer"], "notify": True, "email": TOLD_AT}
    await done("setReplyNotice", "anonymous_author", **told)
    for flag in await models.Flag.all():
        await models.Flag.filter(id=flag.id).update(note=note_of(flag))
    # The log has lines about what is hidden, about addresses, tags and people.
    await done("moderatePosts", "admin", postIds=[ids["blocked_author late answer"]], deed="HIDE", reason="Rude.")
    await done("hidePost", "editor", postId=ids["editing_author late answer"], reason="Off topic.")
    await done("blockAddresses", "admin", range=RANGE, reason=RANGE_REASON)
    await done("addTagSynonym", "admin", tagId=global_id(await models.Tag.get(name="tree")), name="trees")
    await done("blockUser", "admin", userId=global_id(await models.User.get(name="blocked")), reason="Rude.")
