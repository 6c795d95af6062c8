"""Documents, parsed and validated once, with the plans of their operations.

What is kept is bounded by its size: a stream of new documents pushes out the old, and huge ones do not stay. A document
that is not kept costs what it costs to read it, and no more.
"""

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse, specified_rules
from strawberry import Schema
from strawberry.schema.schema import validate_document

from planner.deeds import Deed
from planner.kept import Kept
from planner.plans import Library, Plans
from planner.selection import CannotPlan, Operation

#: Tokens of a document, comments not counted: some fifty times those of a large page.
MOST_TOKENS = 10_000
#: Characters of all documents that are kept; parsed, each takes some fifty bytes.
MOST_TEXT = 2_000_000


class Document:
    """A document that was parsed; `errors` are what validation found."""

    def __init__(self, schema: Schema, text: str, library: Library) -> None:
        self.schema = schema
        self.text = text
        self.node: DocumentNode = parse(text, max_tokens=MOST_TOKENS)
        self.operations = [each for each in self.node.definitions if isinstance(each, OperationDefinitionNode)]
        self.errors = tuple(validate_document(schema._schema, self.node, tuple(specified_rules)))
        self._library = library
        self._plans: dict[int, Plans] = {}
        self._deeds: dict[int, Deed | None] = {}

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
    """The documents that were seen lately."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._library = Library()
        self._kept: Kept[str, Document] = Kept(MOST_TEXT)

    def read(self, text: str) -> Document:
        """The document of that text. Raises GraphQLError where it does not parse."""
        document = self._kept.get(text)
        if document is None:
            document = Document(self._schema, text, self._library)
            # A short text has its cost too.
            self._kept.put(text, document, 1_000 + len(text))
        return document

    def __len__(self) -> int:
        return len(self._kept)
