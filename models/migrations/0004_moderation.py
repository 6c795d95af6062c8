"""What moderation needs: states of posts, the log, flags, blocks, mail, views; see the models of these names."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.indexes import SortedIndex
from models.moderation import FlagReason, ModerationDeed
from models.post import HiddenBy
from models.vote import VoteValue
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint


class Migration(migrations.Migration):
    dependencies = [("models", "0003_wider_orders")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AddressBlock",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "lowest",
                    fields.CharField(
                        description="The ends as 32 hexadecimal digits; IPv4 as the IPv6 addresses ::ffff:a.b.c.d. They sort as addresses do.",
                        max_length=32,
                    ),
                ),
                ("highest", fields.CharField(max_length=32)),
                ("range", fields.CharField(description="As it was given: 203.0.113.0/24.", max_length=100)),
                ("reason", fields.TextField(null=True, unique=False)),
                (
                    "by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="by_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="address_blocks",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "address_block",
                "app": "models",
                "constraints": [UniqueConstraint(fields=("lowest", "highest"), name="address_block_once")],
                "pk_attr": "id",
                "table_description": "A range of IP addresses from which nobody may write, both ends in it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Flag",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "post",
                    fields.ForeignKeyField(
                        "models.Post",
                        source_field="post_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="flags",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="flags",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("reason", fields.CharEnumField(enum_type=FlagReason, max_length=11)),
                ("note", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "cleared_at",
                    fields.DatetimeField(
                        null=True,
                        description="When the staff found that nothing was wrong; such a flag no longer counts.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "flag",
                "app": "models",
                "constraints": [UniqueConstraint(fields=("post_id", "user_id"), name="flag_once")],
                "pk_attr": "id",
                "table_description": "That a user thinks the staff should look at a post. Taken back, the row goes; cleared by the staff, it stays.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ModerationBatch",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="by_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="moderation_batches",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("deed", fields.CharEnumField(enum_type=ModerationDeed, max_length=20)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("undone_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "moderation_batch",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Deeds on many posts that were done at once, and can be undone at once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ModerationEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("deed", fields.CharEnumField(enum_type=ModerationDeed, max_length=20)),
                (
                    "by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="by_id",
                        null=True,
                        db_index=True,
                        description="Null where nobody decided: flags that reached their threshold.",
                        db_constraint=True,
                        to_field="id",
                        related_name="moderation_entries",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "post",
                    fields.ForeignKeyField(
                        "models.Post",
                        source_field="post_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="moderation_entries",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "thread",
                    fields.ForeignKeyField(
                        "models.Thread",
                        source_field="thread_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="moderation_entries",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="moderated",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "tag",
                    fields.ForeignKeyField(
                        "models.Tag",
                        source_field="tag_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="moderation_entries",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "batch",
                    fields.ForeignKeyField(
                        "models.ModerationBatch",
                        source_field="batch_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="entries",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "reason",
                    fields.TextField(
                        null=True,
                        description="What the staff said of it. No words of the post itself: those may be hidden.",
                        unique=False,
                    ),
                ),
                (
                    "amount",
                    fields.IntField(
                        null=True, description="How many things it was about, where they are many: votes, users."
                    ),
                ),
                ("before", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "moderation_entry",
                "app": "models",
                "indexes": [SortedIndex(fields=["deed", "id"], name="moderation_entry_by_deed")],
                "pk_attr": "id",
                "table_description": "A line of the log. What it is about may be gone since, or hidden from who reads it: then that is null.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ReplyNotice",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "post",
                    fields.OneToOneField(
                        "models.Post",
                        source_field="post_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reply_notice",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        null=True,
                        db_index=True,
                        description="Whose account's address it is; null where an address was given.",
                        db_constraint=True,
                        to_field="id",
                        related_name="reply_notices",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "sealed_address",
                    fields.TextField(null=True, description="The address that was given, encrypted.", unique=False),
                ),
                (
                    "address_key",
                    fields.CharField(
                        null=True,
                        description="A keyed hash of the address, by which two that are one are known.",
                        max_length=64,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "reply_notice",
                "app": "models",
                "pk_attr": "id",
                "table_description": "That the writer of a post wants mail of replies to it: to their account's address, or to one given with it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "notice",
                    fields.ForeignKeyField(
                        "models.ReplyNotice",
                        source_field="notice_id",
                        null=True,
                        db_index=True,
                        description="The subscription that it is sent for: ending that takes back what has not gone yet.",
                        db_constraint=True,
                        to_field="id",
                        related_name="mails",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "message_id",
                    fields.CharField(
                        unique=True, description="Its Message-ID: the same at every attempt.", max_length=200
                    ),
                ),
                ("sealed", fields.TextField(unique=False)),
                ("attempts", fields.IntField(default=0, db_default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "due_at",
                    fields.DatetimeField(
                        description="When it is tried next; who tries moves this ahead first, so that nobody else does meanwhile.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "trouble",
                    fields.TextField(
                        null=True, description="What went wrong the last time, without addresses.", unique=False
                    ),
                ),
                (
                    "failed_at",
                    fields.DatetimeField(
                        null=True, description="Set when it was given up.", auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "outgoing_mail",
                "app": "models",
                "indexes": [SortedIndex(fields=["failed_at", "due_at", "id"], name="outgoing_mail_by_due")],
                "pk_attr": "id",
                "table_description": "A mail that a deed wants sent, written in the deed's transaction. The row goes when the mail has gone.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ThreadView",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("day", fields.DateField(db_index=True)),
                (
                    "thread",
                    fields.ForeignKeyField(
                        "models.Thread",
                        source_field="thread_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="views",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("viewer_key", fields.CharField(max_length=32)),
            ],
            options={
                "table": "thread_view",
                "app": "models",
                "constraints": [UniqueConstraint(fields=("thread_id", "viewer_key"), name="thread_view_once")],
                "pk_attr": "id",
                "table_description": "That somebody has read a thread today: forgotten when the day is over.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="PointsRules",
            name="settled_up_to",
            field=fields.BigIntField(
                null=True,
                description="While the points of users are brought under this version: the last user's id that was; null when all are.",
            ),
        ),
        ops.RemoveIndex(
            model_name="Post",
            name="post_by_parent",
            fields=None,
        ),
        ops.RemoveIndex(
            model_name="Post",
            name="post_by_kind",
            fields=None,
        ),
        ops.RemoveIndex(
            model_name="Post",
            name="post_by_thread_best",
            fields=None,
        ),
        ops.RemoveIndex(
            model_name="Post",
            name="post_by_thread_time",
            fields=None,
        ),
        ops.AddField(
            model_name="Post",
            name="child_count",
            field=fields.IntField(
                default=0,
                description="Posts of any state that stand under it: comments, and a question's answers.",
                db_default=0,
            ),
        ),
        ops.AddField(
            model_name="Post",
            name="flag_count",
            field=fields.IntField(default=0, description="Flags that stand.", db_default=0),
        ),
        ops.AddField(
            model_name="Post",
            name="hidden_by",
            field=fields.CharEnumField(null=True, enum_type=HiddenBy, max_length=9),
        ),
        ops.AddField(
            model_name="Post",
            name="hide_reason",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name="Post",
            name="is_buried",
            field=fields.BooleanField(
                default=False,
                description="Whether a post that this one stands under is not visible: its question, or what it comments on.",
                db_default=False,
            ),
        ),
        ops.AddField(
            model_name="Post",
            name="writer_key",
            field=fields.CharField(
                null=True,
                description="Of a post made without an account: the SHA-256 of the secret that the writer's browser keeps as a cookie.",
                max_length=64,
            ),
        ),
        ops.AddIndex(
            model_name="Post",
            index=SortedIndex(
                fields=["thread_id", "kind", "is_buried", "-is_best", "-score", "id", "state", "author_id"],
                name="post_by_thread_best",
            ),
        ),
        ops.AddIndex(
            model_name="Post",
            index=SortedIndex(
                fields=["thread_id", "kind", "is_buried", "created_at", "id", "state", "author_id"],
                name="post_by_thread_time",
            ),
        ),
        ops.AddIndex(
            model_name="Post",
            index=SortedIndex(
                fields=["parent_id", "is_buried", "created_at", "id", "state", "author_id"], name="post_by_parent"
            ),
        ),
        ops.AddIndex(
            model_name="Post",
            index=SortedIndex(fields=["kind", "state"], name="post_by_kind", condition={"is_buried": False}),
        ),
        ops.AddIndex(
            model_name="Post",
            index=SortedIndex(fields=["writer_key", "id"], name="post_by_writer"),
        ),
        ops.AddField(
            model_name="Revision",
            name="category_path",
            field=fields.CharField(
                null=True,
                description="The path of the thread's category then; null for answers and comments, and where there was none.",
                max_length=803,
            ),
        ),
        ops.AddField(
            model_name="Revision",
            name="is_silent",
            field=fields.BooleanField(
                default=False, description="Saved without a mark on the post that it was edited.", db_default=False
            ),
        ),
        ops.AddField(
            model_name="Thread",
            name="duplicate_count",
            field=fields.IntField(
                default=0, description="Threads that are closed as duplicates of this one.", db_default=0
            ),
        ),
        ops.AddField(
            model_name="Thread",
            name="writer_key",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="User",
            name="blocked_at",
            field=fields.DatetimeField(
                null=True,
                description="Since when the user may read only; null for nearly all.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="User",
            name="levels_in",
            field=fields.JSONField(
                null=True,
                description="Where the user is trusted further: levels by the id of the category, of those below it too.",
                encoder=JSON_DUMPS,
                decoder=loads,
            ),
        ),
        ops.AddField(
            model_name="Vote",
            name="set_aside",
            field=fields.IntEnumField(null=True, enum_type=VoteValue, generated=False),
        ),
        ops.AddField(
            model_name="Vote",
            name="set_aside_by",
            field=fields.ForeignKeyField(
                "models.ModerationEntry",
                source_field="set_aside_by_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="votes_set_aside",
                on_delete=OnDelete.SET_NULL,
            ),
        ),
        ops.RunSQL(
            "UPDATE post SET is_buried = TRUE WHERE kind <> 'question' AND EXISTS (SELECT 1 FROM post AS above WHERE "
            "above.state <> 'visible' AND (above.id = post.parent_id OR above.thread_id = post.thread_id "
            "AND above.kind = 'question'))",
            "",
        ),
        ops.RunSQL(
            "UPDATE post SET child_count = counted.amount FROM (SELECT COALESCE(below.parent_id, question.id) AS id, "
            "COUNT(*) AS amount FROM post AS below JOIN post AS question ON question.thread_id = below.thread_id "
            "AND question.kind = 'question' WHERE below.kind <> 'question' GROUP BY 1) AS counted "
            "WHERE counted.id = post.id",
            "",
        ),
        ops.RunSQL(
            "UPDATE thread SET duplicate_count = counted.amount FROM (SELECT duplicate_of_id AS id, COUNT(*) AS amount "
            "FROM thread WHERE duplicate_of_id IS NOT NULL GROUP BY 1) AS counted WHERE counted.id = thread.id",
            "",
        ),
    ]
