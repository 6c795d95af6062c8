"""Values of the databases as the graph shows them: the same as Tortoise and graphql-core make of them."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLString
from hypothesis import given as for_all
from hypothesis import strategies
from tortoise import fields

import models
from planner import values
from planner.values import Unplanned
from schema import schema

TYPES = schema._schema.type_map
DATABASES = ("sqlite", "postgres")
MOMENTS = strategies.datetimes(datetime(1970, 1, 1), timezones=strategies.just(UTC))  # noqa: DTZ001  bounds have no zone


def column(model: type[Any], name: str) -> fields.Field[Any]:
    field: fields.Field[Any] = model._meta.fields_map[name]
    return field


@for_all(MOMENTS)
def test_sqlites_moments_are_written_as_the_scalar_writes_them(moment: datetime) -> None:
    stored = moment.isoformat(" ")
    kind: Any = TYPES["DateTime"]
    read = values.answered(column(models.Thread, "created_at"), GraphQLNonNull(kind), "sqlite")
    assert read(stored) == kind.coerce_output_value(moment)
    assert values.python(column(models.Thread, "created_at"), "sqlite")(stored) == moment


def test_a_moment_with_another_offset_is_the_same_moment() -> None:
    read = values.answered(column(models.Thread, "created_at"), TYPES["DateTime"], "sqlite")  # type: ignore[arg-type]
    assert read("2026-03-01 14:00:00+02:00") == "2026-03-01T12:00:00Z"


def test_postgresqls_moments_are_left_to_the_json_encoder() -> None:
    read = values.answered(column(models.Thread, "created_at"), TYPES["DateTime"], "postgres")  # type: ignore[arg-type]
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(microseconds=1)
    assert read(moment) is moment


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize(
    ("model", "name", "kind"),
    [
        (models.Post, "state", "PostState"),
        (models.User, "level", "UserLevel"),
        (models.PointsEntry, "reason", "PointsReason"),
        (models.Vote, "value", "VoteValue"),
    ],
)
def test_a_member_of_an_enum_is_shown_by_its_name(model: type[Any], name: str, kind: str, database: str) -> None:
    wanted = TYPES[kind]
    assert isinstance(wanted, GraphQLEnumType)
    answered = values.answered(column(model, name), GraphQLNonNull(wanted), database)
    python = values.python(column(model, name), database)
    members: type[Enum] = column(model, name).enum_type  # type: ignore[attr-defined]
    for member in members:
        assert answered(member.value) == wanted.coerce_output_value(member) == member.name
        assert python(member.value) is member


def test_sqlites_booleans_are_booleans() -> None:
    for read in (
        values.answered(column(models.Post, "is_best"), TYPES["Boolean"], "sqlite"),  # type: ignore[arg-type]
        values.python(column(models.Post, "is_best"), "sqlite"),
    ):
        assert [read(stored) for stored in (0, 1)] == [False, True]
        assert type(read(1)) is bool


@pytest.mark.parametrize("number", [2**31 - 1, -(2**31), 0])
def test_a_number_of_32_bits_is_shown(number: int) -> None:
    assert values.answered(column(models.Thread, "id"), GraphQLNonNull(GraphQLInt), "sqlite")(number) == number


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**62])
def test_a_number_beyond_32_bits_is_left_to_graphql_core(number: int) -> None:
    with pytest.raises(Unplanned):
        values.answered(column(models.Thread, "id"), GraphQLNonNull(GraphQLInt), "sqlite")(number)


@pytest.mark.parametrize("database", DATABASES)
def test_a_null_where_none_may_be_is_left_to_graphql_core(database: str) -> None:
    for model, name, kind in (
        (models.Thread, "closed_at", TYPES["DateTime"]),
        (models.Revision, "tags", GraphQLList(GraphQLString)),
        (models.Thread, "close_note", GraphQLString),
        (models.PointsRules, "question_max_gain", GraphQLInt),
    ):
        optional: Any = kind
        with pytest.raises(Unplanned):
            values.answered(column(model, name), GraphQLNonNull(optional), database)(None)
        assert values.answered(column(model, name), optional, database)(None) is None


def test_lists_in_a_column_are_lists() -> None:
    assert values.answered(column(models.Revision, "tags"), GraphQLList(GraphQLString), "sqlite")('["a","ß"]') == [
        "a",
        "ß",
    ]


def test_what_a_function_gives_is_checked_as_graphql_core_checks_it() -> None:
    texts = values.completed(GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLString))))
    assert texts(["a", "b"]) == ["a", "b"]
    for wrong in (None, ["a", None]):
        with pytest.raises(Unplanned):
            texts(wrong)
    assert values.completed(GraphQLInt)(None) is None
    assert values.completed(GraphQLString)(5) == "5"


def test_a_memo_asks_its_function_once_for_each_argument_and_holds_only_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(values.Memo, "MOST", 3)
    asked: list[int] = []

    def doubled(number: int) -> int:
        asked.append(number)
        return 2 * number

    memo = values.Memo(doubled)
    assert [memo[1], memo(1), memo[2], memo[1]] == [2, 2, 4, 2]
    assert asked == [1, 2]
    assert [memo[number] for number in range(100)] == [2 * number for number in range(100)]
    assert len(memo) <= 3
