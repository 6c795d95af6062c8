"""The function of a plan: what it makes of rows, told by shapes made by hand."""

from types import SimpleNamespace
from typing import Any

import pytest
from planned import plan_of

import models
from planner.function import MOST_DEPTH, Writer
from planner.selection import CannotPlan
from planner.shapes import Constant, First, Listed, Object, Root, Rows, Shape, Switch, Value
from planner.sources import Listing
from planner.values import AS_IT_IS, Reader, Unplanned

THREADS = Listing("threads", models.Thread, lambda *_: models.Thread.all())
POSTS = Listing("posts", models.Post, lambda *_: models.Post.all())


def made(shape: Shape, **groups: Any) -> Any:
    """What the function of a shape makes of rows: `groups` are those of the steps 0, 1 .., each by parent."""
    function, _ = Writer().function(shape)
    return function(SimpleNamespace(groups=list(groups.values())))


def value(rows: Rows, column: str) -> Value:
    return Value(rows.cell((), column), AS_IT_IS)


def test_lists_inside_lists_are_sorted_to_their_parents() -> None:
    threads, posts = Rows(0, THREADS, root=Root()), Rows(1, POSTS)
    title, key = value(threads, "title"), threads.cell((), "id")
    answers = Listed(posts, key, Object((("body", value(posts, "body")),)))
    shape = Listed(threads, None, Object((("title", title), ("answers", answers))))
    assert made(shape, threads={None: [("one", 1), ("two", 2)]}, posts={2: [("a", 2), ("b", 2)]}) == [
        {"title": "one", "answers": []},
        {"title": "two", "answers": [{"body": "a"}, {"body": "b"}]},
    ]


def test_the_first_row_may_be_missing_where_null_may_stand() -> None:
    threads = Rows(0, THREADS, root=Root())
    item = Object((("title", value(threads, "title")),))
    assert made(First(threads, None, item, is_required=False), threads={}) is None
    assert made(First(threads, None, item, is_required=False), threads={None: [("one",)]}) == {"title": "one"}
    with pytest.raises(Unplanned):
        made(First(threads, None, item, is_required=True), threads={})


def test_an_object_without_its_row_is_null_or_unplanned() -> None:
    posts = Rows(0, POSTS, root=Root())
    name, author = value(posts, "body"), posts.cell(("author",), "id")
    for is_required in (False, True):
        shape = Listed(posts, None, Object((("name", name),), author, is_required))
        assert made(shape, posts={None: [("ann", 1)]}) == [{"name": "ann"}]
        if is_required:
            with pytest.raises(Unplanned):
                made(shape, posts={None: [("ann", None)]})
        else:
            assert made(shape, posts={None: [("ann", None)]}) == [None]


def test_a_row_is_shown_as_the_type_that_its_column_says() -> None:
    posts = Rows(0, POSTS, root=Root())
    kind = posts.cell((), "kind")
    cases = {name: Object((("__typename", Constant(name.title())),)) for name in ("question", "answer")}
    rows = {None: [("answer",), ("question",)]}
    assert made(Listed(posts, None, Switch(kind, cases)), posts=rows) == [
        {"__typename": "Answer"},
        {"__typename": "Question"},
    ]


def test_values_go_through_their_readers() -> None:
    threads = Rows(0, THREADS, root=Root())
    title, state = threads.cell((), "title"), threads.cell((), "state")
    shape = Object(
        (("title", Value(title, Reader(function=str.upper))), ("state", Value(state, Reader(table={0: "OPEN"}))))
    )
    assert made(Listed(threads, None, shape), threads={None: [("one", 0)]}) == [{"title": "ONE", "state": "OPEN"}]


def test_nothing_but_keys_becomes_part_of_the_text() -> None:
    secret = "'); import os #"
    _, text = Writer().function(Object((("key", Constant(secret)),)))
    assert secret not in text
    assert made(Object((("key", Constant(secret)),))) == {"key": secret}


def test_the_text_of_a_document_holds_no_value_of_it(forum: str) -> None:
    plan = plan_of(
        '{ user(name: "zqxj") { name threads(first: 47) { nodes { viewerCan(action: ANSWER) { message } } } } }'
    )
    assert "zqxj" not in plan.text
    assert "47" not in plan.text


def test_what_is_too_deep_is_not_planned() -> None:
    shape: Shape = Constant(1)
    for _ in range(MOST_DEPTH - 1):
        shape = Object((("deeper", shape),))
    assert made(shape)
    with pytest.raises(CannotPlan):
        Writer().function(Object((("deeper", shape),)))
