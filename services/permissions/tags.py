"""Why somebody may not decide about tags, beside those of a thread."""

from services.actors import Actor
from services.errors import NotPermitted
from services.permissions.standing import standing_refusal
from services.policy import Privilege


def manage_tags_refusal(actor: Actor) -> NotPermitted | None:
    """Why `actor` may neither describe tags, nor give them synonyms, nor merge them."""
    return standing_refusal(actor, Privilege.MANAGE_TAGS, "manage tags")
