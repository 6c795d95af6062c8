"""graphql-core's executor, which answers with a plan where a mutation or a subscription gives a row.

The deed itself, its errors and its union stay graphql-core's; the row in the payload, with all that is asked of it, is
read by a plan. Should the plan fail, graphql-core reads the row field by field: the deed is never done twice.
"""

from collections.abc import Awaitable
from typing import Any

from graphql import GraphQLObjectType, OperationType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from tortoise.models import Model

from models.reading import Reading
from planner import metrics
from planner.selection import Chosen


class PlannedExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor of operations that do something. Its context has `plans`, `viewer` and `loaders`."""

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        def as_ever() -> Any:
            return super(PlannedExecutor, self).complete_object_value(
                return_type, field_details_list, info, path, result, position_context
            )

        context = self.context_value
        is_query = self.operation.operation is OperationType.QUERY
        if is_query or not isinstance(result, Model) or getattr(context, "plans", None) is None:
            return as_ever()
        chosen = Chosen(
            str(path.key), info.field_name, info.parent_type.fields[info.field_name], tuple(field_details_list)
        )
        place = tuple(key for key in path.as_list() if isinstance(key, str))
        operation = self.operation.operation.value

        async def planned() -> Any:
            variables, viewer = self.variable_values, context.viewer
            try:
                reading = Reading()
                plan = context.plans.of_row(place, chosen, return_type, variables, viewer, reading.dialect)
                answer = await plan.answer(reading, viewer, variables, context.loaders, result.pk)
            except Exception as reason:
                metrics.fell_back(operation, reason)
                completed = as_ever()
                return await completed if isinstance(completed, Awaitable) else completed
            metrics.planned(operation)
            return answer

        return planned()
