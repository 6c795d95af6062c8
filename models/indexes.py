"""Indexes beyond Tortoise's own: descending columns, and uniqueness among some of the rows.

The schema editors of `models.engines` write them on both databases.
"""

from typing import Any

from tortoise.indexes import PartialIndex


class SortedIndex(PartialIndex):
    """An index whose columns may run backwards, and which may hold only the rows that meet a condition.

    `fields` are column names; a leading minus sorts that column in descending order, so `("-score", "id")`
    serves `ORDER BY score DESC, id`. `condition` is `{column: value}`, joined by AND. `unique` makes the
    columns unique among the rows that meet it. `name` is required: the generated ones collide.
    """

    def __init__(
        self,
        *,
        fields: tuple[str, ...] | list[str],
        name: str,
        condition: dict[str, Any] | None = None,
        unique: bool = False,
    ) -> None:
        super().__init__(fields=fields, name=name, condition=condition)
        self.unique = unique
        self.INDEX_TYPE = "UNIQUE" if unique else ""

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        if self.unique:
            kwargs["unique"] = True
        return path, args, kwargs
