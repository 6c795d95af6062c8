"""Tags, the other words for them, and which threads carry them."""

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from models.indexes import SortedIndex

if TYPE_CHECKING:
    from models.thread import Thread


class Tag(Model):
    """A word that threads are found by. Its name is lower-case and has no spaces."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=80, unique=True)
    description: str | None = fields.TextField(null=True)
    #: Visible threads that carry it.
    thread_count = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "tag"
        indexes = (SortedIndex(fields=("-thread_count", "name"), name="tag_by_count"),)


class TagSynonym(Model):
    """Another word for a tag: who writes it gets the tag."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=80, unique=True)
    tag: fields.ForeignKeyRelation["Tag"] = fields.ForeignKeyField(
        "models.Tag", related_name="synonyms", on_delete=fields.CASCADE, db_index=True
    )
    tag_id: int

    class Meta:
        table = "tag_synonym"


class ThreadTag(Model):
    """That a thread carries a tag, and at which place among its tags."""

    id = fields.BigIntField(primary_key=True)
    thread: fields.ForeignKeyRelation["Thread"] = fields.ForeignKeyField(
        "models.Thread", related_name="tag_links", on_delete=fields.CASCADE
    )
    thread_id: int
    tag: fields.ForeignKeyRelation["Tag"] = fields.ForeignKeyField(
        "models.Tag", related_name="thread_links", on_delete=fields.CASCADE
    )
    tag_id: int
    position = fields.SmallIntField(default=0, db_default=0)

    class Meta:
        table = "thread_tag"
        constraints = (UniqueConstraint(fields=("thread_id", "tag_id"), name="thread_tag_once"),)
        indexes = (SortedIndex(fields=("tag_id", "thread_id"), name="thread_tag_by_tag"),)
