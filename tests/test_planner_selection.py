"""What is selected: the fields that graphql-core collects, in its order, and the variables that decide which."""

from typing import Any

import pytest
from planned import coerced

from planner.selection import CannotPlan, Operation, arguments_text
from schema import schema


def operation(query: str) -> Operation:
    """The operation of a document with one."""
    document = schema.documents.read(query)
    assert not document.errors, document.errors
    return Operation(schema._schema, document.node, document.operations[0])


def below_thread(query: str, variables: dict[str, Any] | None = None) -> list[str]:
    """What is asked of the thread that stands first in a document."""
    known, given = operation(query), coerced(query, variables)
    thread: Any = schema._schema.type_map["Thread"]
    return [each.key for each in known.chosen_below(given, thread, known.chosen(given)[0].details)]


def test_fields_stand_where_they_are_first_asked_for() -> None:
    query = """
        { thread(number: 1) { title ...Number other: title } thread(number: 1) { slug title ... on Node { id } } }
        fragment Number on Thread { number title }
    """
    assert below_thread(query) == ["title", "number", "other", "slug", "id"]


def test_what_directives_leave_out_is_not_there() -> None:
    query = """
        query ($yes: Boolean!, $no: Boolean = false) {
          thread(number: 1) { title @skip(if: $yes) slug @include(if: $no) ... @include(if: $yes) { number } id }
        }
    """
    assert below_thread(query, {"yes": True}) == ["number", "id"]
    assert below_thread(query, {"yes": False, "no": True}) == ["title", "slug", "id"]


def test_a_plan_is_shaped_by_directives_and_orders_and_nothing_else() -> None:
    query = """
        query ($number: Int!, $more: Boolean!, $order: AnswerOrder!, $first: Int, $action: ThreadAction!) {
          thread(number: $number) {
            viewerCan(action: $action) { allowed }
            answers(orderBy: $order, first: $first) { nodes { id @include(if: $more) } }
          }
        }
    """
    known = operation(query)
    assert known.shaping == ("action", "more", "order")
    given = {"number": 1, "more": True, "order": "BEST", "action": "ANSWER"}
    shape = known.shape(coerced(query, given))
    for change, is_alike in (
        ({"number": 2}, True),
        ({"first": 3}, True),
        ({"more": False}, False),
        ({"order": "VOTES"}, False),
    ):
        assert (known.shape(coerced(query, given | change)) == shape) is is_alike


def test_a_variable_of_a_directive_in_a_fragment_shapes_too() -> None:
    query = (
        "query ($more: Boolean!) { site { ...S } } fragment S on Site { name ... on Site @skip(if: $more) { welcome } }"
    )
    assert operation(query).shaping == ("more",)


def test_introspection_is_left_to_graphql_core() -> None:
    for query in ("{ __schema { queryType { name } } }", '{ site { name } __type(name: "Tag") { name } }'):
        with pytest.raises(CannotPlan, match="introspection"):
            operation(query).chosen(coerced(query))


def test_arguments_are_alike_in_any_order() -> None:
    one, other, different = (
        operation(query).chosen(coerced(query))[0].node
        for query in (
            "{ threads(first: 2, orderBy: HOT) { totalCount } }",
            "{ threads(orderBy: HOT, first: 2) { totalCount } }",
            "{ threads(orderBy: HOT, first: 3) { totalCount } }",
        )
    )
    assert arguments_text(one) == arguments_text(other) != arguments_text(different)
