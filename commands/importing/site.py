"""What the steps of an import share, and how each of them remembers what it brought in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import models
from commands.importing.numbers import Numbers
from commands.importing.report import Report
from commands.importing.staging import Row, Staging
from commands.importing.writing import insert
from models.database import after_commit

#: Told how many more rows of a step are done.
Advance = Callable[[int], None]

#: Rows that are written in one transaction; of posts, which are long, fewer.
ROWS_AT_A_TIME = 1_000
POSTS_AT_A_TIME = 250


@dataclass(frozen=True)
class Site:
    """The site that is being imported."""

    source: str
    staging: Staging
    numbers: Numbers
    rules: models.PointsRules
    report: Report

    async def keep(self, kind: str, local_ids: Mapping[int, int]) -> None:
        """Remember, in the transaction that writes them, which rows of ours rows of the dump become."""
        await insert(
            "imported_row",
            (
                {"source": self.source, "kind": kind.lower(), "external_id": str(external_id), "local_id": local_id}
                for external_id, local_id in local_ids.items()
            ),
        )
        after_commit(partial(self.staging.remember, kind, local_ids))


def ids(rows: Sequence[Row]) -> list[int]:
    """The Ids of rows of the dump."""
    return [row["Id"] for row in rows]
