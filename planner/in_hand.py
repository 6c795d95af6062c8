"""A row that a deed has just written, answered with as it is: reading it again would give the same.

Only a deed that says so is believed: it leaves what the viewer made of the row in an attribute (see `sources.Mine`).
"""

from datetime import datetime
from enum import Enum
from typing import Any

from tortoise.models import Model

from planner.arguments import NO_VARIABLES
from planner.plans import Plan
from planner.running import ReadRows, Run


def answer_in_hand(plan: Plan, row: Model, viewer: Any, dialect: str) -> tuple[Any] | None:
    """What a plan of one row asks, in a tuple of one, without a statement; None where it takes one."""
    if len(plan.steps) != 1 or not isinstance(plan.steps[0], ReadRows):
        return None
    rows = plan.steps[0].rows
    held = {path: join.in_hand for path, join in rows.joins.items()}
    values = []
    for path, column in rows.cells:
        name = held[path] if path else column
        value = None if name is None else getattr(row, name, None)
        if path and value is None:
            return None
        values.append(as_stored(value, dialect))
    if not held or not all(held.values()):
        return None
    run = Run(viewer, NO_VARIABLES, None, None, row.pk)  # type: ignore[arg-type]  # nothing is read
    run.groups[rows.number] = {None: [tuple(values)]}
    return (plan.function(run),)


def as_stored(value: Any, dialect: str) -> Any:
    """A value of Tortoise's as the database's driver gives it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime) and dialect == "sqlite":
        return value.isoformat(" ")
    return value
