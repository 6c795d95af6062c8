"""Subscriptions: what changes, as it changes.

Each registers its listener before it reads the present state, so that nothing is missed between the two, and reads
every change anew with its own viewer's eyes.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

import strawberry

import models
from schema.context import Info
from schema.errors import BadRequest
from schema.nodes import key_of
from schema.posts import Post
from schema.users import User
from services import live

#: The most posts that one subscription watches.
MOST_POSTS = 100


@strawberry.type(description="What can be watched. Each first sends the present state.")
class Subscription:
    @strawberry.subscription(description="Each of the posts, now and whenever its votes change.")
    async def votes_changed(
        self,
        info: Info,
        post_ids: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"The posts to watch: at most {MOST_POSTS}.")
        ],
    ) -> AsyncGenerator[Post, None]:
        keys = list(dict.fromkeys(_wanted("Post", post_id, "postIds") for post_id in post_ids))
        if not 0 < len(keys) <= MOST_POSTS:
            raise BadRequest(f"Watch 1 to {MOST_POSTS} posts; these are {len(keys)}.", "postIds")
        with live.listening(map(live.post_topic, keys)) as listener:
            for post in await _present(info, keys):
                yield post
            async for _, key in listener:
                info.context.forget()
                if (seen := Post.of(await info.context.loaders.by_id(models.Post).load(key))) is not None:
                    yield seen

    @strawberry.subscription(description="The user's points, now and whenever they change.")
    async def points_changed(
        self, info: Info, user_id: Annotated[strawberry.ID, strawberry.argument(description="The user to watch.")]
    ) -> AsyncGenerator[User, None]:
        key = _wanted("User", user_id, "userId")
        with live.listening([live.user_topic(key)]) as listener:
            listener.tell(live.user_topic(key))
            known = False
            async for _ in listener:
                info.context.forget()
                user = User.of(await info.context.loaders.by_id(models.User).load(key))
                if user is not None:
                    known = True
                    yield user
                elif not known:
                    raise BadRequest("There is no such user.", "userId")


def _wanted(kind: str, id: str, argument: str) -> int:
    key = key_of(kind, id)
    if key is None:
        raise BadRequest(f"{id!r} is not the id of a {kind}.", argument)
    return key


async def _present(info: Info, keys: Sequence[int]) -> list[Post]:
    posts = await info.context.loaders.by_id(models.Post).load_many(keys)
    if None in posts:
        raise BadRequest("One of these posts does not exist.", "postIds")
    return Post.of_each(posts)
