"""Who may see what: `visible_<things>(viewer)` is where every read begins.

A post is seen by all while it is visible and stands under nothing that is not: else it is buried, and with it all that
was said about it. Its own writer sees it in any state, those who approve see what is queued, and those who may hide
posts see everything; these two also where they are trusted in a category alone. Who is blocked has no such trust left
(as Question2Answer, a4, has it), and reads what everybody does. The lists that the staff work through are of what they
may decide about: `posts_to_decide`.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from models import PostState
from models.conditions import Exists
from services.actors import Actor, Writer
from services.errors import NotFound
from services.permissions import is_trusted
from services.policy import Privilege

Row = TypeVar("Row", bound=Model)

_VISIBLE = Q(state=PostState.VISIBLE)
_TO_APPROVE = Q(state__in=(PostState.VISIBLE, PostState.QUEUED))
_NOTHING = Q(id__in=[])
#: Who is trusted with one of these sees more than others do.
_OPENING = (Privilege.APPROVE, Privilege.HIDE, Privilege.BLOCK)


def visible_threads(viewer: Actor) -> QuerySet[models.Thread]:
    """The threads that `viewer` may see: those whose question they may."""
    if is_trusted(viewer, Privilege.HIDE):
        return models.Thread.all()
    seen = _seen_by(viewer)
    for states, categories in _seen_in_categories(viewer, _TO_APPROVE):
        seen |= states & Q(category_id__in=categories)
    return models.Thread.filter(seen)


def visible_posts(viewer: Actor) -> QuerySet[models.Post]:
    """The posts that `viewer` may see."""
    if is_trusted(viewer, Privilege.HIDE):
        return models.Post.all()
    seen = Q(is_buried=False) & _seen_by(viewer)
    for states, categories in _seen_in_categories(viewer, _TO_APPROVE & Q(is_buried=False)):
        seen |= states & _in_threads_of(categories)
    return models.Post.filter(seen)


async def found_post(actor: Actor, post_id: int) -> models.Post:
    """The post that `actor` would do something with. Raises NotFound."""
    if (post := await visible_posts(actor).get_or_none(id=post_id)) is None:
        raise NotFound("There is no such post.")
    return post


async def found_thread(actor: Actor, thread_id: int) -> models.Thread:
    """The thread that `actor` would do something with. Raises NotFound."""
    if (thread := await visible_threads(actor).get_or_none(id=thread_id)) is None:
        raise NotFound("There is no such thread.")
    return thread


def posts_to_decide(viewer: Actor, privilege: Privilege) -> QuerySet[models.Post]:
    """The posts that `viewer` sees and is trusted to decide about, everywhere or in some categories: APPROVE or HIDE.

    Nobody else is told that there are any: for them it is empty.
    """
    if is_trusted(viewer, privilege):
        return visible_posts(viewer)
    categories = dict(_trusted_in(viewer)).get(privilege)
    return visible_posts(viewer).filter(_in_threads_of(categories) if categories else _NOTHING)


def visible_flags(viewer: Actor) -> QuerySet[models.Flag]:
    """The flags that stand, on posts that `viewer` may hide: nobody else sees flags but their own (`viewerFlag`)."""
    standing = models.Flag.filter(cleared_at__isnull=True)
    if is_trusted(viewer, Privilege.HIDE):
        return standing
    if Privilege.HIDE not in dict(_trusted_in(viewer)):
        return standing.filter(_NOTHING)
    return standing.filter(Exists(posts_to_decide(viewer, Privilege.HIDE), "id", column="post_id"))


def sees_flags(viewer: Actor, category_id: int | None) -> bool:
    """Whether `viewer` sees how posts of threads in that category are flagged."""
    return is_trusted(viewer, Privilege.HIDE, category_id)


def sees_addresses(viewer: Actor) -> bool:
    """Whether `viewer` sees which addresses are blocked."""
    return is_trusted(viewer, Privilege.BLOCK)


def visible_address_blocks(viewer: Actor) -> QuerySet[models.AddressBlock]:
    """The blocked ranges of addresses: for those who may block."""
    blocks = models.AddressBlock.all()
    return blocks if sees_addresses(viewer) else blocks.filter(_NOTHING)


def everybody_sees(post: models.Post) -> bool:
    """Whether `visible_posts` has the post for every viewer, so that nobody needs to ask."""
    return post.state is PostState.VISIBLE and not post.is_buried


def visible_revisions(viewer: Actor) -> QuerySet[models.Revision]:
    """The saved states of the posts that `viewer` may see."""
    return models.Revision.filter(Exists(visible_posts(viewer), "id", column="post_id"))


_RULES: dict[type[Model], Callable[[Actor], QuerySet[Any]]] = {
    models.Thread: visible_threads,
    models.Post: visible_posts,
    models.Revision: visible_revisions,
    models.Flag: visible_flags,
    models.AddressBlock: visible_address_blocks,
}


def visible(model: type[Row], viewer: Actor) -> QuerySet[Row]:
    """The rows of any model that `viewer` may see; what has no rule of its own is for all to see."""
    return _RULES[model](viewer) if model in _RULES else model.all()


def sight(viewer: Actor) -> Hashable:
    """What the rules above look at in a viewer, beside their id: who have it in common read by the same statements."""
    if viewer is None or isinstance(viewer, Writer):
        return viewer is not None
    everywhere = [is_trusted(viewer, each) for each in _OPENING]
    # The rules' own words, which hold the categories; who sees everything sees no more in any of them.
    return *everywhere, "" if everywhere[1] else repr(_trusted_in(viewer))


async def sees_what_all_do(viewer: Actor) -> bool:
    """Whether the rules above let `viewer` see just what they let a visitor see: then what is read for one is good for
    the other. That is so until news of their rights (`services.live.rights_topic`).
    """
    if not isinstance(viewer, models.User):
        return viewer is None
    if any(is_trusted(viewer, each) for each in _OPENING) or _trusted_in(viewer):
        return False
    return not await models.Post.filter(author_id=viewer.id).exclude(state=PostState.VISIBLE).exists()


def _seen_by(viewer: Actor) -> Q:
    if viewer is None:
        return _VISIBLE
    if isinstance(viewer, Writer):
        return _VISIBLE | Q(writer_key=viewer.key)
    return (_TO_APPROVE if is_trusted(viewer, Privilege.APPROVE) else _VISIBLE) | Q(author_id=viewer.id)


def _seen_in_categories(viewer: Actor, to_approve: Q) -> list[tuple[Q, list[int]]]:
    """What is seen of the threads in these categories beyond what is seen elsewhere: all, or what is `to_approve`."""
    words = {Privilege.HIDE: Q(), Privilege.APPROVE: to_approve}
    return [(words[privilege], categories) for privilege, categories in _trusted_in(viewer)]


def _in_threads_of(categories: list[int]) -> Q:
    return Exists(models.Thread.filter(category_id__in=categories), "id", column="thread_id")


def _trusted_in(viewer: Actor) -> list[tuple[Privilege, list[int]]]:
    """The categories where the viewer is trusted to see more."""
    if not isinstance(viewer, models.User) or not viewer.levels_in:
        return []
    found = []
    for privilege in (Privilege.HIDE, Privilege.APPROVE):
        if categories := sorted(each for each in map(int, viewer.levels_in) if is_trusted(viewer, privilege, each)):
            found.append((privilege, categories))
    return found
