"""Plans as the tests look at them: made of a document, as the server makes them."""

import re
from typing import Any

from graphql.execution.values import VariableValues, get_variable_values

import models
from models.database import dialect
from planner.plans import Plan
from schema import schema


def coerced(query: str, variables: dict[str, Any] | None = None) -> VariableValues:
    """The variables of a document's operation as graphql-core coerces them."""
    [definition] = schema.documents.read(query).operations
    values = get_variable_values(schema._schema, definition.variable_definitions or (), variables or {})
    assert isinstance(values, VariableValues), values
    return values


def queries(statement: str) -> list[str]:
    """The queries that a statement is made of, one for each step that it reads."""
    return re.split(r'(?:WITH |,)"s\d+"\([^)]*\) AS MATERIALIZED ', statement)[1:] or [statement]


def plan_of(query: str, variables: dict[str, Any] | None = None, viewer: models.User | None = None) -> Plan:
    """The plan of a document with one query. Raises CannotPlan."""
    document = schema.documents.read(query)
    assert not document.errors, document.errors
    [definition] = document.operations
    return document.plans(definition).of_query(coerced(query, variables), viewer, dialect())
