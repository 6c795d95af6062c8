"""What clients were promised (`contract.graphql`) is what is served, and all of it is described."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import Client
from graphql import (
    DangerousChangeType,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    get_introspection_query,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
    lexicographic_sort_schema,
    print_schema,
)

from commands.schema import SNAPSHOT
from schema import schema

# What the contract promises and later versions bring. Served early or listed in vain, it fails the test.
_FOLLOWING = """
    Mutation.follow Mutation.unfollow FollowInput FollowPayload FollowResult
    Thread.viewerFollows User.viewerFollows
"""
_NOTIFICATIONS = """
    Notification NotificationKind NotificationConnection NotificationEdge
    Viewer.notifications Viewer.unreadNotificationCount Subscription.notificationReceived
"""
_SEARCH = """
    Query.search SearchResult SearchResultConnection SearchResultEdge
    Query.similarThreads Thread.related
"""
_LATER = " ".join([_FOLLOWING, _NOTIFICATIONS, _SEARCH]).split()


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema((Path(__file__).parent / "contract.graphql").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def served() -> GraphQLSchema:
    return build_schema(schema.as_str())


def undescribed(served: GraphQLSchema) -> Iterator[str]:
    """The coordinates of what has no description: `Type`, `Type.field`, `Type.field(argument:)`, `@directive`."""
    for name, described in served.type_map.items():
        if is_introspection_type(described) or is_specified_scalar_type(described):
            continue
        if not described.description:
            yield name
        if isinstance(described, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, each in described.values.items() if not each.description)
        if isinstance(described, GraphQLInputObjectType):
            yield from (f"{name}.{field}" for field, each in described.fields.items() if not each.description)
        if isinstance(described, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in described.fields.items():
                if not each.description:
                    yield f"{name}.{field}"
                yield from (f"{name}.{field}({given}:)" for given, of in each.args.items() if not of.description)
    for directive in served.directives:
        if not is_specified_directive(directive) and not directive.description:
            yield f"@{directive.name}"


def test_what_was_promised_is_served_but_for_what_later_versions_bring(
    contract: GraphQLSchema, served: GraphQLSchema
) -> None:
    missing = {change.description for change in find_breaking_changes(contract, served)}
    assert missing == {f"Field {name} was removed." if "." in name else f"{name} was removed." for name in _LATER}


def test_nothing_is_listed_twice_among_what_later_versions_bring() -> None:
    assert sorted(_LATER) == sorted(set(_LATER))


def test_nothing_was_added_that_a_client_of_the_contract_could_stumble_over(
    contract: GraphQLSchema, served: GraphQLSchema
) -> None:
    changes = find_dangerous_changes(contract, served)
    # What may be left out of an input is left out by who does not know of it.
    assert [each for each in changes if each.type is not DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED] == []


def test_everything_has_a_description(served: GraphQLSchema) -> None:
    assert list(undescribed(served)) == []


def test_the_checked_in_schema_is_the_schema() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == schema.as_str() + "\n"


async def test_what_tools_read_of_the_running_server_is_the_schema(visitor: Client, served: GraphQLSchema) -> None:
    answer = await visitor.post(get_introspection_query(specified_by_url=True, input_value_deprecation=True))
    introspected = build_client_schema(answer["data"])
    assert print_schema(lexicographic_sort_schema(introspected)) == print_schema(lexicographic_sort_schema(served))
