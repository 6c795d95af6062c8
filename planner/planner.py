"""The planner: answers a query, or a row of a subscription, by a plan, or leaves it to graphql-core."""

from typing import Any

from graphql.execution.values import VariableValues

from models.outages import outage
from models.reading import Reading
from planner import metrics
from planner.plans import Plans


async def planned(plans: Plans, variables: VariableValues, context: Any) -> tuple[Any] | None:
    """What a query asks, in a tuple of one, ready for JSON; None where graphql-core shall answer.

    A context that `notes_reads` has in `reads` then what it was made of. Nothing of an error stays here: whatever goes
    wrong, graphql-core runs the query and says what it has to say. Only an outage of the database is raised: all there
    is to say is that, and asking once more would take as long again.
    """
    try:
        reading = Reading()
        plan = plans.of_query(variables, context.viewer, reading.dialect, noting=context.notes_reads)
        run = await plan.run(reading, context.viewer, variables, context.loaders)
        data = plan.function(run)
        context.reads = plan.notes(run) if plan.notes else None
    except Exception as reason:
        if outage(reason) is not None:
            raise
        metrics.fell_back("query", reason)
        return None
    metrics.planned("query")
    return (data,)


async def planned_row(plans: Plans, variables: VariableValues, context: Any, key: Any) -> tuple[Any] | None:
    """What a subscription shows of the row of that key, which its one field stands for, in a tuple of one.

    None where graphql-core shall answer: also where the viewer may not see the row.
    """
    try:
        reading = Reading()
        [chosen] = plans.operation.chosen(variables)
        plan = plans.of_row((chosen.key,), chosen, None, variables, context.viewer, reading.dialect)
        value = await plan.answer(reading, context.viewer, variables, context.loaders, key)
    except Exception as reason:
        metrics.fell_back("subscription", reason)
        return None
    metrics.planned("subscription")
    return ({chosen.key: value},)
