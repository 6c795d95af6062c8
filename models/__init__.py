"""What the system remembers: one module per thing, all of them reached as `models.Post`."""

from models.category import Category
from models.imported import ImportedRow
from models.mail import OutgoingMail, ReplyNotice
from models.moderation import (
    AddressBlock,
    Flag,
    FlagReason,
    ModerationBatch,
    ModerationDeed,
    ModerationEntry,
)
from models.points import PointsEntry, PointsReason, PointsRules
from models.post import HiddenBy, Post, PostKind, PostState, Revision
from models.site import Site
from models.tag import Tag, TagSynonym, ThreadTag
from models.thread import ClosureReason, Thread, ThreadView
from models.user import Session, User, UserLevel
from models.vote import Vote, VoteValue

__all__ = [
    "AddressBlock",
    "Category",
    "ClosureReason",
    "Flag",
    "FlagReason",
    "HiddenBy",
    "ImportedRow",
    "ModerationBatch",
    "ModerationDeed",
    "ModerationEntry",
    "OutgoingMail",
    "PointsEntry",
    "PointsReason",
    "PointsRules",
    "Post",
    "PostKind",
    "PostState",
    "ReplyNotice",
    "Revision",
    "Session",
    "Site",
    "Tag",
    "TagSynonym",
    "Thread",
    "ThreadTag",
    "ThreadView",
    "User",
    "UserLevel",
    "Vote",
    "VoteValue",
]
