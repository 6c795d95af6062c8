"""Categories: a tree, at most four levels deep."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

#: Question2Answer's limit (`app/db/maxima.php`, QA_CATEGORY_DEPTH).
MAX_DEPTH = 4


class Category(Model):
    """A place for threads. `path` holds the slugs from the root, joined by `/`, so a subtree is a prefix."""

    id = fields.BigIntField(primary_key=True)
    parent: fields.ForeignKeyNullableRelation["Category"] = fields.ForeignKeyField(
        "models.Category", related_name="children", null=True, on_delete=fields.RESTRICT, db_index=True
    )
    parent_id: int | None
    name = fields.CharField(max_length=80)
    slug = fields.CharField(max_length=200)
    path = fields.CharField(max_length=803, unique=True)
    #: 1 for a root.
    depth = fields.SmallIntField()
    position = fields.IntField(default=0, db_default=0)
    description = fields.CharField(max_length=800, null=True)
    #: Visible threads in it and below it.
    thread_count = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "category"
        constraints = (CheckConstraint(check=f"depth BETWEEN 1 AND {MAX_DEPTH}", name="category_depth"),)
