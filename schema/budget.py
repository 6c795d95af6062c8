"""What is left of the viewer's budget of the minute: asked in a query, or told beside any answer."""

from datetime import datetime
from typing import Any

import strawberry

from schema.fields import pure
from services import budgets


@strawberry.type(description="A budget of what operations may cost in a minute of the clock.")
class CostBudget:
    cost: int = strawberry.field(description="What this operation costs: see docs/protocol.md.")
    limit: int = strawberry.field(description="The budget of a minute: the viewer's, or of their address's visitors.")
    used: int = strawberry.field(description="What operations have cost in this minute, this one too.")
    remaining: int = strawberry.field(description="What is left of it.")
    reset_at: datetime = strawberry.field(description="When the next minute begins.")


def _rate_limit() -> CostBudget | None:
    budget = budgets.current()
    if budget is None:
        return None
    return CostBudget(
        cost=budget.cost,
        limit=budget.limit,
        used=budget.used,
        remaining=budget.remaining,
        reset_at=budget.resets_at,
    )


def told() -> dict[str, Any] | None:
    """The same beside an answer: `extensions.cost`, for a request with `"extensions": {"cost": true}`."""
    budget = budgets.current()
    if budget is None:
        return None
    return {
        "cost": budget.cost,
        "limit": budget.limit,
        "used": budget.used,
        "remaining": budget.remaining,
        "resetAt": budget.resets_at,
    }


@strawberry.type
class BudgetQueries:
    rate_limit: CostBudget | None = pure(
        _rate_limit, description="What operations may cost in this minute; null where nothing limits them."
    )
