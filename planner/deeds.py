"""A mutation the short way: its input made, its deed called, its payload shown, with one function for each.

Only what stands plainly in the document goes this way: one mutation, whose arguments are variables. The rows of the
payload are read by plans. What is not plain is left to graphql-core, before anything is done; and should a payload not
be shown, graphql-core shows it: the deed is never done twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLNonNull,
    GraphQLObjectType,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    located_error,
    type_from_ast,
)
from strawberry import Schema
from tortoise.models import Model

from models.database import dialect
from models.reading import Reading
from planner import inputs, metrics, values
from planner.arguments import NO_VARIABLES
from planner.in_hand import answer_in_hand
from planner.plans import Plans
from planner.selection import TYPENAME, CannotPlan, Chosen, Operation
from planner.tree import type_of

#: Where something stands in the answer: the keys that lead there.
Place = tuple[str, ...]
#: Shows what an attribute of a payload holds.
Shown = Callable[[Any, Any], Awaitable[Any]]


@dataclass(frozen=True)
class Facts:
    """What a resolver knows of its operation, here: the context."""

    context: Any


class NotShown(Exception):
    """The deed is done, and gave `result`, which graphql-core shall show."""

    def __init__(self, result: Any) -> None:
        super().__init__("graphql-core shall show the payload")
        self.result = result


class Deed:
    """One mutation of a document."""

    def __init__(self, schema: Schema, operation: Operation, plans: Plans) -> None:
        if operation.has_variables_below:
            raise CannotPlan("variables in what is asked of the payload")
        chosen = operation.chosen(NO_VARIABLES)
        if len(chosen) != 1 or chosen[0].name == TYPENAME:
            raise CannotPlan("more than one mutation")
        self.chosen = chosen[0]
        self.schema = schema
        self.operation = operation
        self.plans = plans
        if not isinstance(self.chosen.definition.type, GraphQLNonNull):
            raise CannotPlan("a mutation that may be null")
        self._arguments = dict(self._made())
        field = self.chosen.strawberry
        self._resolve = field.base_resolver.wrapped_func
        self._handlers: Any = schema.schema_converter._get_field_exception_handlers(field)
        self._payloads: dict[tuple[Place, str], tuple[tuple[str, str, Shown], ...]] = {}

    def _made(self) -> Any:
        """The Python name, the variable and the maker of each argument."""
        declared = {each.variable.name.value: each for each in self.operation.definition.variable_definitions or ()}
        names = {
            self.schema.config.name_converter.from_argument(each): each.python_name
            for each in self.chosen.strawberry.arguments
        }
        for argument in self.chosen.node.arguments or ():
            if not isinstance(argument.value, VariableNode):
                raise CannotPlan("an argument that is no variable")
            variable = declared[argument.value.name.value]
            wanted: Any = type_from_ast(self.operation.schema, variable.type)
            if variable.default_value is not None or not isinstance(wanted, GraphQLNonNull):
                raise CannotPlan("an argument that may be left out")
            try:
                yield names[argument.name.value], (argument.value.name.value, inputs.maker(wanted))
            except inputs.NotPlain as reason:
                raise CannotPlan(str(reason)) from reason

    def arguments(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The arguments by their Python names. Raises NotPlain."""
        return {name: make(variables.get(variable)) for name, (variable, make) in self._arguments.items()}

    async def do(self, arguments: dict[str, Any], context: Any) -> ExecutionResult:
        """Do the deed, and answer. Raises NotShown."""
        try:
            result = await self._done(arguments, context)
        except Exception as error:
            nodes = [each.node for each in self.chosen.details]
            return ExecutionResult(None, [located_error(error, nodes, [self.chosen.key])])
        try:
            data = await self._object(result, self.chosen, (self.chosen.key,), context)
        except Exception as reason:
            metrics.fell_back("mutation", reason)
            raise NotShown(result) from reason
        metrics.planned("mutation")
        return ExecutionResult({self.chosen.key: data})

    async def _done(self, arguments: dict[str, Any], context: Any) -> Any:
        try:
            return await self._resolve(None, info=Facts(context), **arguments)
        except Exception as refusal:
            for kinds, handler in self._handlers:
                if isinstance(refusal, kinds):
                    return handler.handle(refusal, field=self.chosen.strawberry, info=Facts(context))
            raise

    async def _object(self, value: Any, chosen: Chosen, place: Place, context: Any) -> dict[str, Any]:
        """A payload, or another object that is no row: its attributes, each as it is to be shown."""
        owner: Any = get_named_type(chosen.definition.type)
        if not isinstance(owner, GraphQLObjectType):
            owner = self.operation.schema.type_map[type(value).__strawberry_definition__.name]
        attributes = self._payloads.get((place, owner.name))
        if attributes is None:
            below = self.operation.chosen_below(NO_VARIABLES, owner, chosen.details)
            attributes = tuple((each.key, _attribute(each), self._shown(owner, each, place)) for each in below)
            self._payloads[place, owner.name] = attributes
        return {key: await show(getattr(value, name), context) for key, name, show in attributes}

    def _shown(self, owner: GraphQLObjectType, chosen: Chosen, above: Place) -> Shown:
        if chosen.name == TYPENAME:
            return _constant(owner.name)
        if chosen.strawberry.base_resolver is not None:
            raise CannotPlan(f"{owner.name}.{chosen.name}: a resolver of a payload")
        wanted: Any = chosen.definition.type
        if is_leaf_type(get_named_type(wanted)):
            return _leaf(values.completed(wanted))
        one = self._row_or_object(chosen, (*above, chosen.key))
        if not is_list_type(get_nullable_type(wanted)):
            return one

        async def each(found: Any, context: Any) -> Any:
            return [await one(value, context) for value in values.given(found)]

        return each

    def _row_or_object(self, chosen: Chosen, place: Place) -> Shown:
        async def shown(value: Any, context: Any) -> Any:
            if value is None:
                return None if not isinstance(chosen.definition.type, GraphQLNonNull) else values.given(value)
            if not isinstance(value, Model):
                return await self._object(value, chosen, place, context)
            return await self._row(value, chosen, place, context)

        return shown

    async def _row(self, row: Model, chosen: Chosen, place: Place, context: Any) -> Any:
        wanted: Any = get_named_type(chosen.definition.type)
        owner = wanted if isinstance(wanted, GraphQLObjectType) else type_of(self.operation.schema, wanted, row)
        plan = self.plans.of_row(place, chosen, owner, NO_VARIABLES, context.viewer, dialect())
        found = answer_in_hand(plan, row, context.viewer, dialect())
        if found is not None:
            return found[0]
        return await plan.answer(Reading(), context.viewer, NO_VARIABLES, context.loaders, row.pk)


def _attribute(chosen: Chosen) -> str:
    return "__class__" if chosen.name == TYPENAME else chosen.strawberry.python_name


def _constant(value: Any) -> Shown:
    async def shown(_: Any, __: Any) -> Any:
        return value

    return shown


def _leaf(complete: Callable[[Any], Any]) -> Shown:
    async def shown(value: Any, _: Any) -> Any:
        return complete(value)

    return shown
