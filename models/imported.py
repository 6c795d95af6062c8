"""Where imported rows came from, so that importing again does not import twice."""

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class ImportedRow(Model):
    """That a row of another system became a row of ours.

    `source` names the site it came from, `kind` what it is (`user`, `post`, `comment` ...), `external_id` its id
    there and `local_id` the id of our row.
    """

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=80)
    kind = fields.CharField(max_length=20)
    external_id = fields.CharField(max_length=80)
    local_id = fields.BigIntField()

    class Meta:
        table = "imported_row"
        constraints = (UniqueConstraint(fields=("source", "kind", "external_id"), name="imported_row_once"),)
