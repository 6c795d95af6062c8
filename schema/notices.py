"""What posts have in common when they are made: a name without an account, and who is told of replies."""

import strawberry
from strawberry import UNSET

from services.notices import Wanted
from services.posting import Beside


@strawberry.input(description="For a post without an account. A user who gives it posts without theirs.")
class AnonymousInput:
    display_name: str | None = strawberry.field(
        default=UNSET, description="The name to display: at most 40 characters."
    )


NOTIFY_EMAIL = "An address to tell of replies; it serves for that alone. Without it, and signed in, notifyMe decides."
NOTIFY_ME = "Whether to tell the account's address of replies: true unless it is given. Not for an anonymous post."


def beside(anonymous: AnonymousInput | None, notify_email: str | None, notify_me: bool | None) -> Beside:
    """What a client gave beside the words, as the deed takes it."""
    name = anonymous.display_name if anonymous else None
    return Beside(name or None, Wanted(notify_email or None, me=notify_me is not False))
