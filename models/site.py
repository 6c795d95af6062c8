"""The site itself: what it calls itself."""

from tortoise import fields
from tortoise.models import Model


class Site(Model):
    """The one row of facts about this installation, written by its first migration."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    name = fields.CharField(max_length=80)
    welcome = fields.CharField(max_length=400)

    class Meta:
        table = "site"
