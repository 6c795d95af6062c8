"""CREATE TABLE is taken apart where its parts end, whatever stands inside them."""

import pytest

from models.engines.table_text import TableText, label_of

TRICKY = """CREATE TABLE "leaf, (new)" (
    "id" INTEGER PRIMARY KEY -- a comment, with a comma
    ,
    size DECIMAL(10, 2) DEFAULT (max(1, 2)) /* wide, (or long) */,
    /* the tree's, (own) */ "name, (full)" TEXT DEFAULT 'it''s, (so)', -- it's another
    text TEXT CHECK ([text] <> ',' AND `text` <> ')'),
    CONSTRAINT "leaf_size" CHECK (size > 0 AND size IN (1, 2)),
    UNIQUE (id, size)
) WITHOUT ROWID, STRICT;
CREATE INDEX leaf_by_size ON leaf (size, id);"""


def test_the_parts_are_columns_and_constraints() -> None:
    table = TableText.parse(TRICKY)
    labels = ["id", "size", "name, (full)", "text", "CONSTRAINT leaf_size", "CONSTRAINT "]
    assert [label_of(part) for part in table.parts] == labels
    assert table.columns == labels[:4]
    assert table.part("size") == "size DECIMAL(10, 2) DEFAULT (max(1, 2)) /* wide, (or long) */"
    assert (table.head, table.tail) == ('CREATE TABLE "leaf, (new)"', "WITHOUT ROWID, STRICT")


def test_a_change_leaves_the_other_parts_as_they_are() -> None:
    table = TableText.parse(TRICKY)
    changed = (
        table.without("size")
        .with_column('"colour" TEXT')
        .with_constraint('CONSTRAINT "leaf_text" CHECK (text > 1)')
        .replacing("CONSTRAINT leaf_size", 'CONSTRAINT "leaf_id" CHECK (id > 0)')
    )
    assert changed.columns == ["id", "name, (full)", "text", "colour"]
    assert [label_of(part) for part in changed.parts[4:]] == [
        "CONSTRAINT leaf_id",
        "CONSTRAINT ",
        "CONSTRAINT leaf_text",
    ]
    assert [part for part in table.parts if part not in changed.parts] == [table.parts[1], table.parts[4]]


def test_a_table_put_together_again_is_the_same_table() -> None:
    table = TableText.parse(TRICKY)
    again = table.named("leaf")
    assert TableText.parse(again).parts == table.parts
    assert again.startswith('CREATE TABLE "leaf" (')
    assert again.endswith(") WITHOUT ROWID, STRICT")


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        TableText.parse(TRICKY).part("colour")
    with pytest.raises(ValueError, match="neither a column nor a constraint"):
        label_of("")
