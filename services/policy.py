"""The policy of the site as data: who may do what by default, how often, and how long things may be.

The figures are Question2Answer 1.8.8's: the matrix of permissions (`app/options.php`), the limits of an hour
(`app/limits.php`), the lengths (`app/options.php`). The setting PERMISSIONS changes lines of the matrix. What belongs
to a single post (its author may edit it, a closed thread takes no answers) is in `services.permissions`.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from models import UserLevel
from settings import settings


class Privilege(StrEnum):
    """What somebody may be trusted with."""

    ASK = "ask"
    ANSWER = "answer"
    COMMENT = "comment"
    VOTE = "vote"
    VOTE_DOWN = "vote_down"
    FLAG = "flag"
    EDIT_QUESTIONS = "edit_questions"
    EDIT_ANSWERS = "edit_answers"
    EDIT_COMMENTS = "edit_comments"
    EDIT_SILENTLY = "edit_silently"
    RETAG = "retag"
    MOVE = "move"
    CLOSE = "close"
    CHOOSE_BEST_ANSWER = "choose_best_answer"
    APPROVE = "approve"
    HIDE = "hide"
    DELETE = "delete"
    CONVERT = "convert"
    MANAGE_TAGS = "manage_tags"
    BLOCK = "block"
    SET_ASIDE_VOTES = "set_aside_votes"
    CHANGE_RULES = "change_rules"


@dataclass(frozen=True)
class Requirement:
    """What it takes: an account of that level, or none at all; a confirmed address; so many points.

    Experts need no points, and whoever is approved needs no confirmed address (Question2Answer, `app/users.php`).
    """

    level: UserLevel | None = UserLevel.REGISTERED
    confirmed: bool = False
    points: int = 0


_ANYONE = Requirement(level=None)
MATRIX = {
    Privilege.ASK: _ANYONE,
    Privilege.ANSWER: _ANYONE,
    Privilege.COMMENT: _ANYONE,
    Privilege.VOTE: Requirement(),
    Privilege.VOTE_DOWN: Requirement(),
    Privilege.FLAG: Requirement(confirmed=True),
    Privilege.EDIT_QUESTIONS: Requirement(UserLevel.EDITOR),
    Privilege.EDIT_ANSWERS: Requirement(UserLevel.EXPERT),
    Privilege.EDIT_COMMENTS: Requirement(UserLevel.EDITOR),
    Privilege.EDIT_SILENTLY: Requirement(UserLevel.MODERATOR),
    Privilege.RETAG: Requirement(UserLevel.EDITOR),
    Privilege.MOVE: Requirement(UserLevel.EDITOR),
    Privilege.CLOSE: Requirement(UserLevel.EDITOR),
    Privilege.CHOOSE_BEST_ANSWER: Requirement(UserLevel.EXPERT),
    Privilege.APPROVE: Requirement(UserLevel.EXPERT),
    Privilege.HIDE: Requirement(UserLevel.EDITOR),
    Privilege.DELETE: Requirement(UserLevel.MODERATOR),
    Privilege.CONVERT: Requirement(UserLevel.EDITOR),
    Privilege.MANAGE_TAGS: Requirement(UserLevel.MODERATOR),
    Privilege.BLOCK: Requirement(UserLevel.MODERATOR),
    Privilege.SET_ASIDE_VOTES: Requirement(UserLevel.ADMIN),
    Privilege.CHANGE_RULES: Requirement(UserLevel.ADMIN),
}


class Limited(StrEnum):
    """What is counted, hour by hour."""

    QUESTIONS = "questions"
    ANSWERS = "answers"
    COMMENTS = "comments"
    VOTES = "votes"
    FLAGS = "flags"
    SIGN_UPS = "sign_ups"
    SIGN_INS = "sign_ins"


@dataclass(frozen=True)
class Limit:
    """How often in an hour: by one user, None where there is none yet, and from one address.

    Sign-ins are limited to one account: those with its password do not count, and the others from all addresses do.
    """

    per_user: int | None
    per_address: int


LIMITS = {
    Limited.QUESTIONS: Limit(10, 20),
    Limited.ANSWERS: Limit(25, 50),
    Limited.COMMENTS: Limit(20, 40),
    Limited.VOTES: Limit(300, 600),
    Limited.FLAGS: Limit(5, 10),
    Limited.SIGN_UPS: Limit(None, 5),
    Limited.SIGN_INS: Limit(100, 20),
}


class Measured(StrEnum):
    """What is measured in characters (Unicode code points); tags by their number."""

    TITLE = "title"
    QUESTION = "question"
    ANSWER = "answer"
    COMMENT = "comment"
    DISPLAY_NAME = "display_name"
    USER_NAME = "user_name"
    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105  the word, not one
    TAGS = "tags"
    TAG = "tag"
    NOTE = "note"


#: The least and the most. Question2Answer's limit on bodies and tags is that of a database column, so Stack Exchange's
#: stand in, whose dumps are imported; the upper one of a password only bounds our work.
LENGTHS = {
    Measured.TITLE: (12, 120),
    Measured.QUESTION: (0, 30_000),
    Measured.ANSWER: (12, 30_000),
    Measured.COMMENT: (12, 30_000),
    Measured.DISPLAY_NAME: (0, 40),
    Measured.USER_NAME: (1, 20),
    Measured.EMAIL: (3, 80),
    Measured.PASSWORD: (8, 1_000),
    Measured.TAGS: (0, 5),
    Measured.TAG: (1, 35),
    Measured.NOTE: (0, 1_000),
}

#: So many flags hide a post by themselves.
FLAGS_THAT_HIDE = 5
#: The most posts that one batch of the staff takes.
MOST_IN_BATCH = 200


class UnknownPrivilege(Exception):
    """The setting PERMISSIONS names a privilege that there is not."""


@cache
def matrix() -> dict[Privilege, Requirement]:
    """The matrix in force: the one above, with what the settings say otherwise. Raises UnknownPrivilege."""
    if unknown := sorted(settings().permissions.keys() - set(Privilege)):
        raise UnknownPrivilege(
            f"PERMISSIONS: there is no privilege {', '.join(unknown)}. Choose of {', '.join(Privilege)}."
        )
    changed = {
        Privilege(name): Requirement(
            level=None if line.level is None else UserLevel[line.level.upper()],
            confirmed=line.confirmed,
            points=line.points,
        )
        for name, line in settings().permissions.items()
    }
    return MATRIX | changed


def requirement(privilege: Privilege) -> Requirement:
    """What a privilege takes."""
    return matrix()[privilege]
