"""Accounts and the sessions they are signed in with."""

from datetime import datetime
from enum import IntEnum

from tortoise import fields
from tortoise.models import Model

from models.indexes import SortedIndex


class UserLevel(IntEnum):
    """How far a user is trusted. The figures are Question2Answer's (`app/users.php`): higher may do more."""

    REGISTERED = 0
    APPROVED = 10
    EXPERT = 20
    EDITOR = 50
    MODERATOR = 80
    ADMIN = 100
    OWNER = 120


class User(Model):
    """A person with an account. Points are the sum of their ledger entries, kept here so that lists can be ordered."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=80)
    #: The name as it sorts and is searched: NFKC, case-folded.
    name_folded = fields.CharField(max_length=240, db_index=True)
    #: The name's look: two names that a reader could mistake for each other have the same one.
    name_key = fields.CharField(max_length=240, unique=True)
    email = fields.CharField(max_length=254, null=True)
    email_folded = fields.CharField(max_length=254, null=True, unique=True)
    email_confirmed_at = fields.DatetimeField(null=True)
    #: argon2id, with its parameters and salt; null for imported users, who cannot sign in.
    password_hash = fields.CharField(max_length=200, null=True)
    level = fields.IntEnumField(UserLevel, db_default=UserLevel.REGISTERED, default=UserLevel.REGISTERED)
    #: Where the user is trusted further: levels by the id of the category, of those below it too.
    levels_in: dict[str, int] | None = fields.JSONField(null=True)
    #: Since when the user may read only; null for nearly all.
    blocked_at: datetime | None = fields.DatetimeField(null=True)
    points = fields.IntField(default=0, db_default=0)
    about = fields.TextField(null=True)
    about_html = fields.TextField(null=True)
    location = fields.CharField(max_length=200, null=True)
    website = fields.CharField(max_length=400, null=True)
    avatar_url = fields.CharField(max_length=400, null=True)
    #: Imported users begin with an opening entry in the ledger instead of the points for joining.
    is_imported = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField()
    #: Where their last deed ended, if there are replicas: see `models.replicas`. It comes with the session.
    wrote_until: int = 0

    class Meta:
        table = "users"  # `user` is a reserved word in PostgreSQL
        indexes = (
            SortedIndex(fields=("-points", "id"), name="users_by_points"),
            SortedIndex(fields=("created_at", "id"), name="users_by_creation"),
        )


class Session(Model):
    """One sign-in. The token itself is known to the client alone: the database holds its SHA-256."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    user: fields.ForeignKeyRelation["User"] = fields.ForeignKeyField(
        "models.User", related_name="sessions", on_delete=fields.CASCADE, db_index=True
    )
    user_id: int
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "session"
