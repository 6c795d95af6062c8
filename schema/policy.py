"""The policy of the site, for any client to read: so that nobody writes its figures into a page."""

import strawberry

from schema.enums import Limited, Measured, Privilege, UserLevel
from schema.fields import pure
from services import policy
from settings import settings


@strawberry.type(description="What it takes to be trusted with something.")
class Requirement:
    privilege: Privilege = strawberry.field(description="With what.")
    level: UserLevel | None = strawberry.field(description="The least level; null: nobody needs an account.")
    confirmed: bool = strawberry.field(description="Whether the user's address must be confirmed.")
    points: int = strawberry.field(description="The least points. Experts need none.")


@strawberry.type(description="How often something may be done in an hour of the clock.")
class RateLimit:
    limited: Limited = strawberry.field(description="What is counted.")
    per_user: int | None = strawberry.field(description="By one user; null where there is none yet.")
    per_address: int = strawberry.field(description="From one IP address.")


@strawberry.type(description="How long something may be.")
class Length:
    measured: Measured = strawberry.field(description="What is measured.")
    least: int = strawberry.field(description="Characters (Unicode code points), or for TAGS how many.")
    most: int = strawberry.field(description="The same, at the most.")


@strawberry.type(description="What the site allows: by whom, how often, how long.")
class Policy:
    requirements: list[Requirement] = strawberry.field(
        description="What others' posts take, too: an author may edit and hide their own without any of it."
    )
    rate_limits: list[RateLimit] = strawberry.field(description="Empty where nothing is limited.")
    lengths: list[Length] = strawberry.field(description="The lengths of what is written.")
    flags_that_hide: int = strawberry.field(description="So many flags hide a post by themselves.")
    most_in_batch: int = strawberry.field(description="The most posts that one batch of the staff takes.")


def _policy() -> Policy:
    return Policy(
        requirements=[
            Requirement(privilege=privilege, level=needed.level, confirmed=needed.confirmed, points=needed.points)
            for privilege, needed in policy.matrix().items()
        ],
        rate_limits=[
            RateLimit(limited=limited, per_user=limit.per_user, per_address=limit.per_address)
            for limited, limit in (policy.LIMITS.items() if settings().rate_limits else ())
        ],
        lengths=[Length(measured=each, least=least, most=most) for each, (least, most) in policy.LENGTHS.items()],
        flags_that_hide=policy.FLAGS_THAT_HIDE,
        most_in_batch=policy.MOST_IN_BATCH,
    )


@strawberry.type
class PolicyQueries:
    policy: Policy = pure(_policy, description="What the site allows: by whom, how often, how long.")
