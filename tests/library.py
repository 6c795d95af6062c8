"""A small schema for the database floor's tests: authors and books, with one of each promise that a Meta can make."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from models.indexes import SortedIndex


class Author(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)

    class Meta:
        table = "author"


class Book(Model):
    id = fields.BigIntField(primary_key=True)
    title = fields.CharField(max_length=50, db_index=True)
    author: fields.ForeignKeyRelation[Author] = fields.ForeignKeyField(
        "models.Author", related_name="books", on_delete=fields.CASCADE, db_index=True
    )
    author_id: int
    shelf = fields.CharField(max_length=10, null=True)
    copies = fields.IntField(default=0, db_default=0)
    is_lost = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "book"
        constraints = (
            CheckConstraint(check="copies >= 0", name="book_copies"),
            UniqueConstraint(fields=("author_id", "title"), name="book_once"),
            UniqueConstraint(fields=("shelf",), name="book_shelf", condition="is_lost = FALSE"),
        )
        indexes = (
            SortedIndex(fields=("-copies", "id"), name="book_by_copies"),
            SortedIndex(fields=("title",), name="book_lost", condition={"is_lost": True}),
        )
