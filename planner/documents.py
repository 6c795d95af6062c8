"""Documents, parsed, measured and validated once, with the plans of their operations.

A document that is too large (`planner.measures`) has that as its error, and is not validated; those that are trusted
are as large as they are.

What is kept is bounded by its size: a stream of new documents pushes out the old, and huge ones do not stay. A document
that is not kept costs what it costs to read it, and no more.
"""

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse, specified_rules, validate
from strawberry import Schema
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from planner.asked import refused
from planner.costs import sent
from planner.deeds import Deed
from planner.kept import Kept
from planner.measures import Measure, TooLarge, counted, holds_others, measured
from planner.plans import Library, Plans
from planner.selection import CannotPlan, Operation
from planner.trusted import trusted
from settings import Limits, settings

#: Characters of all documents that are kept; parsed, each takes some fifty bytes.
MOST_TEXT = 2_000_000
#: Mistakes that validation tells of at once.
MOST_MISTAKES = 5
_ANY_NUMBER = 10**9
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


class Document:
    """A document that was parsed; `errors` are what validation found."""

    def __init__(self, schema: Schema, text: str, library: Library, *, is_trusted: bool = False) -> None:
        self.schema = schema
        self.text = text
        self.is_trusted = is_trusted
        self._limits = _unlimited() if is_trusted else limits_of_others()
        self.node: DocumentNode = parse(
            text,
            max_lexical_tokens=self._limits.tokens,
            max_comments=self._limits.tokens,
            max_source_length=self._limits.size,
        )
        self.operations = [each for each in self.node.definitions if isinstance(each, OperationDefinitionNode)]
        self._measures: dict[int, Measure] = {}
        self.errors = tuple(self._mistakes())
        self._library = library
        self._plans: dict[int, Plans] = {}
        self._deeds: dict[int, Deed | None] = {}

    @property
    def names(self) -> list[str | None]:
        """What its operations are called."""
        return [each.name.value if each.name else None for each in self.operations]

    def _mistakes(self) -> list[GraphQLError]:
        """What forbids to execute it."""
        core, shows_schema = self.schema._schema, settings().introspection
        try:
            self._measures = measured(core, self.node, self._limits)
        except GraphQLError as error:
            return [error]
        if not shows_schema and any(measure.asks_schema for measure in self._measures.values()):
            return [refused("INTROSPECTION_OFF", "This site does not tell its schema: INTROSPECTION is off.")]
        return validate(core, self.node, _RULES, max_errors=MOST_MISTAKES, hide_suggestions=not shows_schema)

    def asks(self, definition: OperationDefinitionNode, field: str) -> bool:
        """Whether one of its operations has that field at its root."""
        return field in self._measures[id(definition)].roots

    def cost(self, definition: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """What one of its operations costs, with these variables as they were sent. Raises TooLarge."""
        limits, cost = self._limits, self._measures[id(definition)].cost
        if holds_others(variables) and (values := counted(variables, limits.values)) > limits.values:
            raise TooLarge("values", limits.values, values)
        amount = cost.of(sent(definition, variables)) if cost.multiplied else cost.fixed
        if amount > limits.cost:
            raise TooLarge("cost", limits.cost, amount)
        return amount

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute, as the specification finds it (GetOperation). Raises GraphQLError."""
        if not self.operations:
            raise GraphQLError("There is no operation in the document.")
        if name is None and len(self.operations) > 1:
            raise GraphQLError("Give operationName: the document has several operations.")
        for each in self.operations:
            if name is None or (each.name and each.name.value == name):
                return each
        raise GraphQLError(f"There is no operation {(name or '')[:100]!r} in the document.")

    def deed(self, definition: OperationDefinitionNode) -> Deed | None:
        """The one mutation of an operation, if it can be done the short way."""
        if id(definition) not in self._deeds:
            plans = self.plans(definition)
            try:
                self._deeds[id(definition)] = Deed(self.schema, plans.operation, plans)
            except CannotPlan:
                self._deeds[id(definition)] = None
        return self._deeds[id(definition)]

    def plans(self, definition: OperationDefinitionNode) -> Plans:
        """The plans of one of its operations."""
        if id(definition) not in self._plans:
            operation = Operation(self.schema._schema, self.node, definition)
            self._plans[id(definition)] = Plans(self.schema, operation, self._library)
        return self._plans[id(definition)]


class Documents:
    """The documents that were seen lately, and the trusted ones that were ever seen."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._library = Library()
        self._kept: Kept[str, Document] = Kept(MOST_TEXT)
        self._trusted: dict[str, Document] = {}

    def known(self, text: str) -> Document | None:
        """The document of that text, if it was read before and is kept."""
        return self._kept.get(text) or self._trusted.get(text)

    def read(self, text: str) -> Document:
        """The document of that text. Raises GraphQLError where it does not parse."""
        document = self.known(text)
        if document is None:
            document = Document(self._schema, text, self._library, is_trusted=trusted().has(text))
            if document.is_trusted:
                self._trusted[text] = document
            else:
                # A short text has its cost too.
                self._kept.put(text, document, 1_000 + len(text))
        return document

    def __len__(self) -> int:
        return len(self._kept) + len(self._trusted)


def limits_of_others() -> Limits:
    """The limits of documents that are not trusted: the half, where trusted ones are preferred."""
    limits = settings().limits
    if settings().documents_policy != "prefer":
        return limits
    return Limits(**{name: (most + 1) // 2 for name, most in limits.model_dump().items()})


def _unlimited() -> Limits:
    """The limits of trusted documents: none but that of the cost, which their variables decide."""
    return Limits(**dict.fromkeys(Limits.model_fields, _ANY_NUMBER) | {"cost": settings().limits.cost})
