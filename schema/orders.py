"""The orders of lists: each is columns, the last of which no two rows share."""

from enum import Enum

from schema.describing import described


class ThreadOrder(Enum):
    NEWEST = ("-created_at", "-id")
    ACTIVE = ("-last_activity_at", "-id")
    HOT = ("-hotness", "id")
    VOTES = ("-score", "id")
    ANSWERS = ("-answer_count", "id")
    VIEWS = ("-view_count", "id")


class AnswerOrder(Enum):
    BEST = ("-is_best", "-score", "id")
    VOTES = ("-score", "id")
    OLDEST = ("created_at", "id")
    NEWEST = ("-created_at", "-id")


class UserOrder(Enum):
    POINTS = ("-points", "id")
    NEWEST = ("-created_at", "-id")
    NAME = ("name_folded", "id")


described(
    ThreadOrder,
    "The order of a list of threads. Where two are equal, the older one is first unless the order is by time.",
    NEWEST="Latest question first.",
    ACTIVE="Latest answer, comment or edit first.",
    HOT="Hottest first.",
    VOTES="Highest score of the question first.",
    ANSWERS="Most answers first.",
    VIEWS="Most views first.",
)
described(
    AnswerOrder,
    "The order of a list of answers.",
    BEST="The best answer, then the highest score first; where two are equal, the older one.",
    VOTES="Highest score first; where two are equal, the older one.",
    OLDEST="Oldest first.",
    NEWEST="Newest first.",
)
described(
    UserOrder,
    "The order of a list of users.",
    POINTS="Most points first; where two are equal, the older account.",
    NEWEST="Latest to join first.",
    NAME="By name, without regard to case.",
)
