"""What the system remembers: one module per thing, all of them reached as `models.Post`."""

from models.category import Category
from models.imported import ImportedRow
from models.points import PointsEntry, PointsReason, PointsRules
from models.post import Post, PostKind, PostState, Revision
from models.site import Site
from models.tag import Tag, TagSynonym, ThreadTag
from models.thread import ClosureReason, Thread
from models.user import Session, User, UserLevel
from models.vote import Vote, VoteValue

__all__ = [
    "Category",
    "ClosureReason",
    "ImportedRow",
    "PointsEntry",
    "PointsReason",
    "PointsRules",
    "Post",
    "PostKind",
    "PostState",
    "Revision",
    "Session",
    "Site",
    "Tag",
    "TagSynonym",
    "Thread",
    "ThreadTag",
    "User",
    "UserLevel",
    "Vote",
    "VoteValue",
]
