"""Mail: who wants to be told of replies to a post, and what has yet to be sent."""

from datetime import datetime
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from models.indexes import SortedIndex

if TYPE_CHECKING:
    from models.post import Post
    from models.user import User


class ReplyNotice(Model):
    """That the writer of a post wants mail of replies to it: to their account's address, or to one given with it.

    The row is the subscription: it goes when that ends, and the address with it.
    """

    id = fields.BigIntField(primary_key=True)
    post: fields.OneToOneRelation["Post"] = fields.OneToOneField(
        "models.Post", related_name="reply_notice", on_delete=fields.CASCADE
    )
    post_id: int
    #: Whose account's address it is; null where an address was given.
    user: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="reply_notices", null=True, on_delete=fields.CASCADE, db_index=True
    )
    user_id: int | None
    #: The address that was given, encrypted.
    sealed_address: str | None = fields.TextField(null=True)
    #: A keyed hash of the address, by which two that are one are known.
    address_key = fields.CharField(max_length=64, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "reply_notice"


class OutgoingMail(Model):
    """A mail that a deed wants sent, written in the deed's transaction. The row goes when the mail has gone.

    Who it is for and what it says is encrypted: the row holds no address in clear.
    """

    id = fields.BigIntField(primary_key=True)
    #: The subscription that it is sent for: ending that takes back what has not gone yet.
    notice: fields.ForeignKeyNullableRelation["ReplyNotice"] = fields.ForeignKeyField(
        "models.ReplyNotice", related_name="mails", null=True, on_delete=fields.CASCADE, db_index=True
    )
    notice_id: int | None
    #: Its Message-ID: the same at every attempt.
    message_id = fields.CharField(max_length=200, unique=True)
    sealed: str = fields.TextField()
    attempts = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField()
    #: When it is tried next; who tries moves this ahead first, so that nobody else does meanwhile.
    due_at = fields.DatetimeField()
    #: What went wrong the last time, without addresses.
    trouble: str | None = fields.TextField(null=True)
    #: Set when it was given up.
    failed_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "outgoing_mail"
        indexes = (SortedIndex(fields=("failed_at", "due_at", "id"), name="outgoing_mail_by_due"),)
