"""What somebody may not see is nowhere in the graph: every field of the schema is asked, by every kind of viewer."""

from typing import Any

import pytest
from crowd import answered_by, asked_by, category_at, commented_by, member
from graphql import OperationType, TypeInfo, TypeInfoVisitor, Visitor, parse, visit
from whole_schema import Known, documents, fields_of_outputs

import models
from models import PostState, UserLevel
from models.database import transaction
from schema import schema
from schema.context import Context
from schema.nodes import NODE_MODELS, global_id
from services.actors import Actor
from services.settling import settled


async def known() -> Known:
    """All ids there are, and a name of each kind."""
    rows = [row for model in NODE_MODELS.values() for row in await model.all()]
    names = [user.name for user in await models.User.all()]
    return Known(
        [global_id(row) for row in rows],
        {
            "number": [thread.id for thread in await models.Thread.all()],
            "name": [*names, *(tag.name for tag in await models.Tag.all())],
            "path": [category.path for category in await models.Category.all()],
        },
    )


async def readable(viewer: Actor) -> str:
    """All that a viewer can read through the graph, in one text."""
    found = []
    for text, variables in documents(await known()):
        request: Any = None
        context = Context(request=request, viewer=viewer)
        answer = await schema.run(text, variables, None, context, (OperationType.QUERY,))
        assert answer.errors is None, (text, answer.errors)
        found.append(repr(answer.data))
    return "".join(found)


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

    for text, _ in documents(await known()):
        visit(parse(text), TypeInfoVisitor(info, Noting()))
    assert fields_of_outputs() - asked == {("Query", "node")}


@pytest.mark.usefixtures("forum")
async def test_no_hidden_word_can_be_read_by_who_may_not_see_it() -> None:
    ann, bob, eve = await member("ann"), await member("bob"), await member("eve")
    staff = await member("staff")
    await models.User.filter(id=staff.id).update(level=UserLevel.EDITOR)
    staff = await models.User.get(id=staff.id)
    await category_at("home")
    thread, question = await asked_by(ann, "A title with the word zebra", category="home", tags=("tag",))
    answer = await answered_by(bob, thread)
    comment = await commented_by(eve, answer)
    words = {question.id: "zebra", answer.id: "yak", comment.id: "xerus"}
    for post_id, word in words.items():
        await models.Post.filter(id=post_id).update(body=word, body_html=f"<p>{word}</p>", body_text=word)
    for hidden, unseen in (
        (comment, {"ann": "xerus", "bob": "xerus", None: "xerus"}),
        (answer, {"ann": "yak xerus", "eve": "yak xerus", "bob": "xerus", None: "yak xerus"}),
        (question, {"bob": "zebra yak xerus", "eve": "zebra yak xerus", "ann": "yak xerus", None: "zebra yak xerus"}),
    ):
        async with transaction(), settled(thread.id):
            await models.Post.filter(id=hidden.id).update(state=PostState.HIDDEN)
        for viewer in (None, ann, bob, eve):
            seen = await readable(viewer)
            name = viewer.name if viewer else None
            assert [word for word in words.values() if word not in seen] == [
                word for word in words.values() if word in unseen.get(name, "").split()
            ], (hidden.kind, name)
        seen = await readable(staff)
        assert [word for word in words.values() if word not in seen] == []
        async with transaction(), settled(thread.id):
            await models.Post.filter(id=hidden.id).update(state=PostState.VISIBLE)
