"""The documents that the tests ask everything by do ask everything: see `whole_schema` and `test_access_matrix.py`."""

from typing import Any

import pytest
from crowd import asked_by, category_at, member
from graphql import TypeInfo, TypeInfoVisitor, Visitor, parse, visit
from life import everything
from whole_schema import documents, fields_of_outputs

from schema import schema


@pytest.mark.usefixtures("forum")
async def test_the_documents_ask_every_field_there_is() -> None:
    await category_at("home")
    await asked_by(await member("ann"), category="home", tags=("tag",))
    asked: set[tuple[str, str]] = set()
    info = TypeInfo(schema._schema)

    class Noting(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            owner = info.get_parent_type()
            if owner is not None:
                asked.add((owner.name, node.name.value))

    for text, _ in documents(await everything()):
        visit(parse(text), TypeInfoVisitor(info, Noting()))
    assert fields_of_outputs() - asked == {("Query", "node")}
