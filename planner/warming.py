"""Plans made before they are asked for: of the documents that clients are known to send."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from graphql.execution.values import VariableValues, get_variable_values

import models
from models import UserLevel
from models.database import dialect
from planner.described import Describer
from planner.documents import Document, Documents
from planner.foreseen import parts, samples
from settings import settings

#: Who most requests come from; others' plans are made when they first ask.
_VIEWERS = (None, models.User(id=0, level=UserLevel.REGISTERED))


def documents_in(paths: list[Path]) -> dict[str, str]:
    """The documents in these files, and in the .graphql files of these folders and those below, by the file's path.

    Raises OSError and UnicodeDecodeError for what cannot be read.
    """
    files = [file for path in paths for file in (sorted(path.rglob("*.graphql")) if path.is_dir() else [path])]
    return {str(file): file.read_text(encoding="utf-8") for file in files}


def warm(documents: Documents, texts: Mapping[str, str]) -> list[str]:
    """Read, validate and plan these documents, given by name, in the dialect of the configured database.

    Gives a line for whatever is wrong with one, and for what has no plan: that will be answered by graphql-core.
    """
    return [f"{name}: {note}" for name, text in texts.items() for note in _notes(documents, text)]


def _notes(documents: Documents, text: str) -> Iterator[str]:
    try:
        document = documents.read(text)
    except GraphQLError as error:
        yield error.message
        return
    yield from (error.message for error in document.errors)
    for definition in document.operations if not document.errors else ():
        schema = document.schema._schema
        given = samples(schema, definition, {})
        variables = get_variable_values(schema, definition.variable_definitions or (), given)
        assert isinstance(variables, VariableValues), variables  # noqa: S101  samples are of their types
        name = f" {definition.name.value}" if definition.name else ""
        if definition.operation is OperationType.MUTATION:
            document.deed(definition)
        for reason in sorted(set(_without_plan(document, definition, variables))):
            yield f"{definition.operation.value}{name} has no plan: {reason}"


def _without_plan(document: Document, definition: OperationDefinitionNode, variables: VariableValues) -> Iterator[str]:
    """Make the plans of an operation and their statements; why there is none, of each part that has none."""
    for viewer in _VIEWERS:
        # A visitor's answer is kept, where answers are: the plan notes what it read.
        noting = viewer is None and settings().response_cache
        for part in parts(document.plans(definition), variables, viewer, dialect(), noting=noting):
            if part.plan is None:
                yield f"{part.place}: {part.reason}" if part.place else part.reason
                continue
            # To describe a plan, its statements are made. Some arguments may be refused: they are made up.
            with suppress(Exception):
                Describer(part.plan, viewer, variables).steps()
