"""From what an operation asks to what is read and what is made of it: each field's word becomes cells and shapes.

To-one relations become joins of the statement that their row is read by, lists become statements of their own. Two
lists that read alike (the comments of the question, and those of its answers) are one statement with two kinds of
parents.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.values import VariableValues
from strawberry import Schema
from tortoise.models import Model

from planner import sources, values
from planner.arguments import Arguments
from planner.connections import ConnectionOf
from planner.plain import made_of_result
from planner.selection import TYPENAME, CannotPlan, Chosen, Operation, arguments_text
from planner.shapes import (
    Applied,
    Cell,
    Constant,
    Counted,
    First,
    Join,
    Listed,
    Looked,
    Object,
    OneOf,
    Path,
    Root,
    Rows,
    Shape,
    Switch,
    Value,
)
from planner.sources import Listing, View
from planner.steps import Steps
from services.actors import user
from services.visibility import visible

#: Fields of one operation, fragments spread: beyond that graphql-core executes it.
MOST_FIELDS = 2_000


class Tree:
    """The steps and the shape of one operation, for viewers who are alike, in the dialect of a database."""

    def __init__(
        self, schema: Schema, operation: Operation, variables: VariableValues, dialect: str, viewer: Any
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.variables = variables
        self.dialect = dialect
        self.viewer = viewer
        self.steps = Steps()
        #: How many fields there are, all of them compiled.
        self.fields = 0

    def of_query(self) -> Object:
        """The shape of the whole answer."""
        chosen = self._noted(self.operation.chosen(self.variables))
        return Object(tuple((each.key, self._root_field(each)) for each in chosen))

    def of_row(self, chosen: Chosen, wanted: GraphQLObjectType | None = None) -> Shape:
        """The shape of one row, whose key is handed in, in the place of a field: of that type, or as the row says."""
        types = [wanted] if wanted is not None else self._possible(chosen)
        rows = self.steps.rows(by_id(view_of(types[0]).model), Root(), is_one=True)
        return First(rows, None, self._row_as(types, chosen, rows, ()), is_required=True)

    def chosen_below(self, owner: GraphQLObjectType, chosen: Chosen) -> list[Chosen]:
        """What is asked of an object of that type which stands for a field."""
        return self._noted(self.operation.chosen_below(self.variables, owner, chosen.details))

    def _noted(self, chosen: list[Chosen]) -> list[Chosen]:
        self.fields += len(chosen)
        if self.fields > MOST_FIELDS:
            raise CannotPlan(f"more than {MOST_FIELDS} fields")
        return chosen

    # Fields of the root type: their parent comes from the arguments.

    def _root_field(self, chosen: Chosen) -> Shape:
        if chosen.name == TYPENAME:
            assert self.operation.root is not None  # noqa: S101  a valid operation has one
            return Constant(self.operation.root.name)
        arguments = Arguments(self.schema, chosen.definition, chosen.node)
        alike = arguments_text(chosen.node)
        match chosen.source:
            case sources.One(listing, parent, order):
                rows = self.steps.rows(listing, Root(parent, arguments), alike=alike, order=order, is_one=True)
                is_required = isinstance(chosen.definition.type, GraphQLNonNull)
                return First(rows, None, self.row(chosen, rows, ()), is_required)
            case sources.Many() as many:
                rows = self.steps.rows(many.listing, Root(many.parent, arguments), alike=alike, order=many.order)
                return self._listed(chosen, rows, None, many.show)
            case sources.Pages() as pages:
                return ConnectionOf(self, chosen, pages, None).shape()
            case sources.ById() as ids:
                return self._by_id(chosen, ids, arguments)
            case sources.Pure(function, (), viewer):
                return Applied(function, (), made_of_result(self, chosen), arguments, viewer)
        raise CannotPlan(f"{chosen.name}: no word says how it gets its value")

    def _by_id(self, chosen: Chosen, source: sources.ById, arguments: Arguments) -> Shape:
        kinds: dict[type[Model], list[GraphQLObjectType]] = {}
        for each in self._possible(chosen):
            kinds.setdefault(view_of(each).model, []).append(each)
        found = {}
        for model, types in kinds.items():
            root = Root(_keys_of(model, source), arguments, several=True)
            rows = self.steps.rows(by_id(model), root, alike=arguments_text(chosen.node), is_one=True)
            found[model] = rows, self._row_as(types, chosen, rows, ())
        return OneOf(found, source.several, source.split, source.ids, arguments)

    # Rows: objects whose fields are cells, and more.

    def row(
        self, chosen: Chosen, rows: Rows, path: Path, exists: Cell | None = None, *, is_required: bool = False
    ) -> Shape:
        """The row that stands in `rows` at `path` from its table, as the value of a field."""
        return self._row_as(self._possible(chosen), chosen, rows, path, exists, is_required=is_required)

    def _possible(self, chosen: Chosen) -> list[GraphQLObjectType]:
        wanted: Any = get_named_type(chosen.definition.type)
        if isinstance(wanted, GraphQLObjectType):
            return [wanted]
        return list(self.schema._schema.get_possible_types(wanted))

    def _row_as(
        self,
        types: Sequence[GraphQLObjectType],
        chosen: Chosen,
        rows: Rows,
        path: Path,
        exists: Cell | None = None,
        *,
        is_required: bool = False,
    ) -> Shape:
        """The row as an object of one of these types: its columns say of which."""
        fields = {each.name: self._fields(each, chosen, rows, path) for each in types}
        first, *others = fields.values()
        if all(other == first for other in others):
            return Object(first, exists, is_required)
        [column] = {name for each in types for name in view_of(each).only}
        cases = {view_of(each).only[column].value: Object(fields[each.name]) for each in types}
        return Switch(rows.cell(path, column), cases, exists, is_required)

    def _fields(
        self, owner: GraphQLObjectType, chosen: Chosen, rows: Rows, path: Path
    ) -> tuple[tuple[str, Shape], ...]:
        return tuple((each.key, self._field(owner, each, rows, path)) for each in self.chosen_below(owner, chosen))

    def _field(self, owner: GraphQLObjectType, chosen: Chosen, rows: Rows, path: Path) -> Shape:
        if chosen.name == TYPENAME:
            return Constant(owner.name)
        wanted = chosen.definition.type
        match chosen.source:
            case None if chosen.strawberry.base_resolver is None:
                return self._value(rows, path, chosen.strawberry.python_name, wanted)
            case sources.Column(name):
                return self._value(rows, path, name, wanted)
            case sources.OfModel(table):
                return Value(rows.cell(path, "id"), values.Reader(table=table(rows.model_at(path))))
            case sources.Pure() as pure:
                return self._pure(chosen, rows, path, pure)
            case sources.Mine() as mine:
                return self._mine(chosen, rows, path, mine)
            case sources.Batch(loader, column, pick):
                lookup = self.steps.lookup(loader, rows.cell(path, column))
                return Looked(lookup, values.completed(wanted), pick)
            case sources.Same(unless):
                return self.row(chosen, rows, path, rows.cell(path, unless) if unless is not None else None)
            case sources.ToOne(relation):
                return self._joined(chosen, rows, path, relation, to_one(rows.model_at(path), path, relation))
            case sources.One(listing, None, ()):
                return self._joined(chosen, rows, path, chosen.name, Join(listing, path, "id"))
            case sources.Many() as many:
                parent = rows.cell(path, "id")
                return self._listed(chosen, self.steps.rows(many.listing, parent, order=many.order), parent, many.show)
            case sources.Named(listing, _, column, names):
                parent = rows.cell(path, column)
                below = self.steps.rows(listing, parent, alike=(names,), is_one=True, names=names)
                return Listed(below, parent, self.row(chosen, below, ()))
            case sources.Pages() as pages:
                return ConnectionOf(self, chosen, pages, rows.cell(path, "id")).shape()
            case sources.Counted(listing):
                parent = rows.cell(path, "id")
                return Counted(self.steps.count(listing, parent), parent)
        raise CannotPlan(f"{owner.name}.{chosen.name}: no word says how it gets its value")

    def _value(self, rows: Rows, path: Path, column: str, wanted: Any) -> Value:
        field = rows.model_at(path)._meta.fields_map[column]
        return Value(rows.cell(path, column), values.answered(field, wanted, self.dialect))

    def python_value(self, rows: Rows, path: Path, column: str) -> Value:
        """A cell as Python code works with it; `column` may begin with the relations that lead to it."""
        *relations, name = column.split(".")
        for relation in relations:
            path = self.steps.join(rows, path, relation, to_one(rows.model_at(path), path, relation))
        field = rows.model_at(path)._meta.fields_map[name]
        return Value(rows.cell(path, name), values.python(field, self.dialect, optional=bool(path)))

    def _pure(self, chosen: Chosen, rows: Rows, path: Path, pure: sources.Pure) -> Shape:
        given = tuple(self.python_value(rows, path, column) for column in pure.columns)
        if isinstance(pure.function, values.Memo):
            return Value(given[0].cell, values.Reader(table=pure.function))
        return Applied(
            pure.function,
            given,
            made_of_result(self, chosen),
            Arguments(self.schema, chosen.definition, chosen.node),
            pure.viewer,
            pure.facts,
        )

    def _mine(self, chosen: Chosen, rows: Rows, path: Path, mine: sources.Mine) -> Shape:
        leaf: Any = get_named_type(chosen.definition.type)
        otherwise = None if mine.otherwise is None else leaf.coerce_output_value(mine.otherwise)
        if user(self.viewer) is None:
            return Constant(otherwise)
        name = f"viewer's {mine.model.__name__}"
        listing = Listing(name, mine.model, lambda viewer, key: mine.rows(viewer, **{mine.key: key}))
        joined = self.steps.join(rows, path, name, Join(listing, path, "id", mine.in_hand))
        reader = values.answered(mine.model._meta.fields_map[mine.column], leaf, self.dialect)
        return Value(rows.cell(joined, mine.column), values.Reader(table={**(reader.table or {}), None: otherwise}))

    def _joined(self, chosen: Chosen, rows: Rows, path: Path, name: str, join: Join) -> Shape:
        """The row of a to-one relation, whose table is joined in."""
        joined = self.steps.join(rows, path, name, join)
        is_required = isinstance(chosen.definition.type, GraphQLNonNull)
        return self.row(chosen, rows, joined, rows.cell(joined, "id"), is_required=is_required)

    def _listed(self, chosen: Chosen, rows: Rows, parent: Cell | None, show: str | None) -> Shape:
        """All rows of a list, or what each of them shows."""
        if show is None:
            return Listed(rows, parent, self.row(chosen, rows, ()))
        wanted = get_named_type(chosen.definition.type)
        if is_leaf_type(wanted):
            return Listed(rows, parent, self._value(rows, (), show, GraphQLNonNull(wanted)))
        joined = self.steps.join(rows, (), show, to_one(rows.model, (), show))
        return Listed(rows, parent, self.row(chosen, rows, joined, rows.cell(joined, "id"), is_required=True))


def view_of(wanted: GraphQLObjectType) -> View:
    """Which rows a GraphQL type shows. Raises CannotPlan for a type that shows none."""
    origin = getattr(wanted.extensions.get("strawberry-definition"), "origin", None)
    view: View | None = None if origin is None else origin.__dict__.get("__view__")
    if view is None:
        raise CannotPlan(f"{wanted.name}: not said to show rows")
    return view


def type_of(schema: GraphQLSchema, wanted: GraphQLAbstractType, row: Model) -> GraphQLObjectType:
    """The object type of an interface that shows a row. Raises CannotPlan where there is none."""
    for view, each in _views(schema, wanted):
        if isinstance(row, view.model) and all(getattr(row, name) is value for name, value in view.only.items()):
            return each
    raise CannotPlan(f"{wanted.name}: no type of it shows this row")


@lru_cache(maxsize=100)
def _views(schema: GraphQLSchema, wanted: GraphQLAbstractType) -> list[tuple[View, GraphQLObjectType]]:
    return [(view_of(each), each) for each in schema.get_possible_types(wanted)]


def by_id(model: type[Model]) -> Listing[Any]:
    """The row of that id, if the viewer may see it."""
    return Listing(
        f"{model.__name__} by id",
        model,
        lambda viewer, key: visible(model, viewer).filter(**{model._meta.pk_attr: key}),
    )


def to_one(model: type[Model], path: Path, relation: str) -> Join:
    """The row that a foreign key names, if the viewer may see it."""
    field: Any = model._meta.fields_map[relation]
    return Join(by_id(field.related_model), path, field.source_field)


def _keys_of(model: type[Model], source: sources.ById) -> Callable[..., list[int]]:
    def keys(viewer: Any, **arguments: Any) -> list[int]:
        named = [source.split(each) for each in source.ids(viewer, **arguments)]
        return list(dict.fromkeys(each[1] for each in named if each is not None and each[0] is model))

    return keys
