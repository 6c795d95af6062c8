"""What becomes of every row of a dump: brought in, here already, or skipped for a reason."""

from commands.importing.report import Report
from commands.importing.staging import Staging

_ON_NOTHING = "PostId IS NULL OR PostId NOT IN (SELECT Id FROM Posts)"
_ON_IMPORTED = "PostId IN (SELECT Id FROM LocalPost)"

# For each kind: which staged rows are of it, and why they are skipped. NULL is the reason of those that are here.
_KINDS = {
    "users": ("Users", "CASE WHEN Id NOT IN (SELECT Id FROM LocalUser) THEN 'that were not reached' END"),
    "tags": ("Tags", "CASE WHEN Id NOT IN (SELECT Id FROM LocalTag) THEN 'without a name' END"),
    "questions": (
        "Posts WHERE PostTypeId = 1",
        "CASE WHEN Id NOT IN (SELECT Id FROM LocalPost) THEN 'that were not reached' END",
    ),
    "answers": (
        "Posts WHERE PostTypeId = 2",
        "CASE WHEN Id NOT IN (SELECT Id FROM LocalPost) THEN 'without a question in the dump' END",
    ),
    "tag wikis": (
        "Posts WHERE PostTypeId IN (4, 5)",
        """CASE WHEN Id NOT IN (
            SELECT ExcerptPostId FROM Tags JOIN LocalTag USING (Id) WHERE ExcerptPostId IS NOT NULL
            UNION SELECT WikiPostId FROM Tags JOIN LocalTag USING (Id) WHERE WikiPostId IS NOT NULL
        ) THEN 'that belong to no tag' END""",
    ),
    "other posts": (
        "Posts WHERE PostTypeId IS NULL OR PostTypeId NOT IN (1, 2, 4, 5)",
        """CASE PostTypeId
            WHEN 3 THEN 'that are orphaned tag wikis'
            WHEN 6 THEN 'that nominate moderators'
            WHEN 7 THEN 'that are placeholders of wikis'
            WHEN 8 THEN 'that describe privileges'
            ELSE 'of a type that is not known'
        END""",
    ),
    "comments": (
        "Comments",
        f"""CASE
            WHEN Id IN (SELECT Id FROM LocalComment) THEN NULL
            WHEN {_ON_NOTHING} THEN 'on posts that are not in the dump'
            ELSE 'on posts that are not imported'
        END""",  # noqa: S608
    ),
    "votes": (
        "Votes",
        f"""CASE
            WHEN {_ON_NOTHING} THEN 'on posts that are not in the dump'
            WHEN VoteTypeId IN (1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
                THEN 'neither up nor down: acceptances, bounties, deletions and the like'
            WHEN VoteTypeId IS NULL OR VoteTypeId NOT IN (2, 3) THEN 'of a type that is not known'
            WHEN {_ON_IMPORTED} THEN NULL
            ELSE 'on posts that are not imported'
        END""",
    ),
    "rows of history": (
        "PostHistory",
        f"""CASE
            WHEN {_ON_NOTHING} THEN 'on posts that are not in the dump'
            WHEN COALESCE(PostHistoryTypeId, 0) NOT BETWEEN 1 AND 11
                THEN 'of what is not kept here: locks, notices, migrations and the like'
            WHEN {_ON_IMPORTED} THEN NULL
            ELSE 'on posts that are not imported'
        END""",
    ),
    "links": (
        "PostLinks",
        f"""CASE
            WHEN {_ON_NOTHING} OR RelatedPostId IS NULL OR RelatedPostId NOT IN (SELECT Id FROM Posts)
                THEN 'from or to posts that are not in the dump'
            WHEN LinkTypeId = 1 THEN 'that are mentions: the texts themselves hold them'
            WHEN LinkTypeId IS NULL OR LinkTypeId <> 3 THEN 'of a type that is not known'
            WHEN PostId IN (SELECT Id FROM LocalDuplicate) THEN NULL
            ELSE 'of questions that are not closed as duplicates'
        END""",  # noqa: S608
    ),
}
_UNMET_ACCEPTANCES = """
    SELECT COUNT(*) FROM Posts AS Question WHERE PostTypeId = 1 AND AcceptedAnswerId IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM Posts AS Answer
        WHERE Answer.Id = Question.AcceptedAnswerId AND Answer.ParentId = Question.Id AND Answer.PostTypeId = 2
    )
"""


def count_present(staging: Staging, report: Report) -> None:
    """Count which rows are here already. Call it before anything is brought in."""
    for kind in _KINDS:
        report[kind].present = _reasons(staging, kind).get(None, 0)


def count_rest(staging: Staging, report: Report) -> None:
    """Count which rows were brought in, and which were skipped. Call it when all steps are done."""
    for kind in _KINDS:
        for reason, amount in _reasons(staging, kind).items():
            if reason is None:
                report[kind].imported = amount - report[kind].present
            else:
                report[kind].skipped[reason] = amount
    report.note(
        "accepted answers that are not among the answers to their question: they are best nowhere",
        staging.count(_UNMET_ACCEPTANCES),
    )


def _reasons(staging: Staging, kind: str) -> dict[str | None, int]:
    """How many rows of a kind are skipped for each reason; None is the reason of those that are here."""
    rows, reasons = _KINDS[kind]
    query = f"SELECT {reasons} AS Reason, COUNT(*) AS Amount FROM {rows} GROUP BY Reason"  # noqa: S608
    return {row["Reason"]: row["Amount"] for row in staging.rows(query)}
