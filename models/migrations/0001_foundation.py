from tortoise import migrations
from tortoise.migrations import operations as ops
from models.indexes import SortedIndex
from models.points import PointsReason
from models.post import PostKind, PostState
from models.thread import ClosureReason
from models.user import UserLevel
from models.vote import VoteValue
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Category",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "models.Category",
                        source_field="parent_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="children",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=80)),
                ("slug", fields.CharField(max_length=200)),
                ("path", fields.CharField(unique=True, max_length=803)),
                ("depth", fields.SmallIntField(description="1 for a root.")),
                ("position", fields.IntField(default=0, db_default=0)),
                ("description", fields.CharField(null=True, max_length=800)),
                (
                    "thread_count",
                    fields.IntField(default=0, description="Visible threads in it and below it.", db_default=0),
                ),
            ],
            options={
                "table": "category",
                "app": "models",
                "constraints": [CheckConstraint(check="depth BETWEEN 1 AND 4", name="category_depth")],
                "pk_attr": "id",
                "table_description": "A place for threads. `path` holds the slugs from the root, joined by `/`, so a subtree is a prefix.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportedRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("source", fields.CharField(max_length=80)),
                ("kind", fields.CharField(max_length=20)),
                ("external_id", fields.CharField(max_length=80)),
                ("local_id", fields.BigIntField()),
            ],
            options={
                "table": "imported_row",
                "app": "models",
                "constraints": [UniqueConstraint(fields=("source", "kind", "external_id"), name="imported_row_once")],
                "pk_attr": "id",
                "table_description": "That a row of another system became a row of ours.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PointsRules",
            fields=[
                ("version", fields.IntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("joined", fields.IntField(default=100)),
                ("question_posted", fields.IntField(default=20)),
                ("answer_posted", fields.IntField(default=40)),
                ("best_answer_chosen", fields.IntField(default=30)),
                ("chosen_as_best", fields.IntField(default=300)),
                (
                    "vote_cast",
                    fields.IntField(
                        default=10, description="To the voter, for each vote that stands on a question or an answer."
                    ),
                ),
                ("question_upvoted", fields.IntField(default=10)),
                ("question_downvoted", fields.IntField(default=-10)),
                (
                    "question_max_gain",
                    fields.IntField(
                        null=True,
                        default=100,
                        description="What one question's votes can bring its author at the most, and cost them: counted apart.",
                    ),
                ),
                ("question_max_loss", fields.IntField(null=True, default=30)),
                ("answer_upvoted", fields.IntField(default=20)),
                ("answer_downvoted", fields.IntField(default=-20)),
                ("answer_max_gain", fields.IntField(null=True, default=200)),
                ("answer_max_loss", fields.IntField(null=True, default=50)),
                ("comment_upvoted", fields.IntField(default=0)),
                ("comment_downvoted", fields.IntField(default=0)),
                ("comment_max_gain", fields.IntField(null=True, default=100)),
                ("comment_max_loss", fields.IntField(null=True, default=30)),
                (
                    "hot_question_age",
                    fields.IntField(
                        default=100,
                        description="Hotness per second of the question's age and of its newest answer's, per 160,000 s an answer or a vote is",
                    ),
                ),
                ("hot_answer_age", fields.IntField(default=100)),
                ("hot_answers", fields.IntField(default=100)),
                ("hot_votes", fields.IntField(default=100)),
                ("hot_views", fields.IntField(default=100)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "points_rules",
                "app": "models",
                "pk_attr": "version",
                "table_description": "One version of the rules; the highest is in force. Amounts in points, a cap of null is no cap.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Site",
            fields=[
                ("id", fields.SmallIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=80)),
                ("welcome", fields.CharField(max_length=400)),
            ],
            options={
                "table": "site",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The one row of facts about this installation, written by its first migration.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Tag",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=80)),
                ("description", fields.TextField(null=True, unique=False)),
                (
                    "thread_count",
                    fields.IntField(default=0, description="Visible threads that carry it.", db_default=0),
                ),
            ],
            options={
                "table": "tag",
                "app": "models",
                "indexes": [SortedIndex(fields=["-thread_count", "name"], name="tag_by_count")],
                "pk_attr": "id",
                "table_description": "A word that threads are found by. Its name is lower-case and has no spaces.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TagSynonym",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=80)),
                (
                    "tag",
                    fields.ForeignKeyField(
                        "models.Tag",
                        source_field="tag_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="synonyms",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "tag_synonym",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Another word for a tag: who writes it gets the tag.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=80)),
                (
                    "name_folded",
                    fields.CharField(
                        db_index=True,
                        description="The name as it sorts and is searched: NFKC, case-folded.",
                        max_length=240,
                    ),
                ),
                (
                    "name_key",
                    fields.CharField(
                        unique=True,
                        description="The name's look: two names that a reader could mistake for each other have the same one.",
                        max_length=240,
                    ),
                ),
                ("email", fields.CharField(null=True, max_length=254)),
                ("email_folded", fields.CharField(null=True, unique=True, max_length=254)),
                ("email_confirmed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "password_hash",
                    fields.CharField(
                        null=True,
                        description="argon2id, with its parameters and salt; null for imported users, who cannot sign in.",
                        max_length=200,
                    ),
                ),
                (
                    "level",
                    fields.IntEnumField(
                        default=UserLevel.REGISTERED,
                        description="REGISTERED: 0\nAPPROVED: 10\nEXPERT: 20\nEDITOR: 50\nMODERATOR: 80\nADMIN: 100\nOWNER: 120",
                        db_default=UserLevel.REGISTERED,
                        enum_type=UserLevel,
                        generated=False,
                    ),
                ),
                ("points", fields.IntField(default=0, db_default=0)),
                ("about", fields.TextField(null=True, unique=False)),
                ("about_html", fields.TextField(null=True, unique=False)),
                ("location", fields.CharField(null=True, max_length=200)),
                ("website", fields.CharField(null=True, max_length=400)),
                ("avatar_url", fields.CharField(null=True, max_length=400)),
                (
                    "is_imported",
                    fields.BooleanField(
                        default=False,
                        description="Imported users begin with an opening entry in the ledger instead of the points for joining.",
                        db_default=False,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "users",
                "app": "models",
                "indexes": [
                    SortedIndex(fields=["-points", "id"], name="users_by_points"),
                    SortedIndex(fields=["created_at", "id"], name="users_by_creation"),
                ],
                "pk_attr": "id",
                "table_description": "A person with an account. Points are the sum of their ledger entries, kept here so that lists can be ordered.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "session",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One sign-in. The token itself is known to the client alone: the database holds its SHA-256.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Thread",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("slug", fields.CharField(max_length=240)),
                ("title", fields.CharField(max_length=800)),
                (
                    "category",
                    fields.ForeignKeyField(
                        "models.Category",
                        source_field="category_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="threads",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "author",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="author_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="threads",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=PostState.VISIBLE,
                        description="VISIBLE: visible\nQUEUED: queued\nHIDDEN: hidden",
                        enum_type=PostState,
                        max_length=8,
                    ),
                ),
                ("score", fields.IntField(default=0, db_default=0)),
                ("answer_count", fields.IntField(default=0, db_default=0)),
                ("view_count", fields.IntField(default=0, db_default=0)),
                ("hotness", fields.FloatField(default=0.0, db_default=0.0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_activity_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "close_reason",
                    fields.CharEnumField(
                        null=True,
                        description="DUPLICATE: duplicate\nOFF_TOPIC: off_topic\nUNCLEAR: unclear\nRESOLVED: resolved\nOTHER: other",
                        enum_type=ClosureReason,
                        max_length=9,
                    ),
                ),
                ("close_note", fields.TextField(null=True, unique=False)),
                (
                    "closed_by",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="closed_by_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="closed_threads",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "duplicate_of",
                    fields.ForeignKeyField(
                        "models.Thread",
                        source_field="duplicate_of_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="duplicates",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
            ],
            options={
                "table": "thread",
                "app": "models",
                "indexes": [
                    SortedIndex(fields=["created_at", "id"], name="thread_by_creation"),
                    SortedIndex(fields=["last_activity_at", "id"], name="thread_by_activity"),
                    SortedIndex(fields=["-hotness", "id"], name="thread_by_hotness"),
                    SortedIndex(fields=["-score", "id"], name="thread_by_score"),
                    SortedIndex(fields=["-answer_count", "id"], name="thread_by_answers"),
                    SortedIndex(fields=["-view_count", "id"], name="thread_by_views"),
                    SortedIndex(fields=["author_id", "created_at", "id"], name="thread_by_author"),
                ],
                "pk_attr": "id",
                "table_description": "A question with all that was said about it. Its id is the number in its address.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Post",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "thread",
                    fields.ForeignKeyField(
                        "models.Thread",
                        source_field="thread_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="posts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="QUESTION: question\nANSWER: answer\nCOMMENT: comment",
                        enum_type=PostKind,
                        max_length=8,
                    ),
                ),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "models.Post",
                        source_field="parent_id",
                        null=True,
                        description="A comment's question or answer; null for those.",
                        db_constraint=True,
                        to_field="id",
                        related_name="comments",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "author",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="author_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="posts",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "author_name",
                    fields.CharField(
                        null=True,
                        description="The name given without an account, or left behind by one that is gone.",
                        max_length=80,
                    ),
                ),
                ("body", fields.TextField(unique=False)),
                (
                    "body_html",
                    fields.TextField(
                        description="The body rendered and sanitised, and its plain text: made on write, since reads are many.",
                        unique=False,
                    ),
                ),
                ("body_text", fields.TextField(unique=False)),
                (
                    "state",
                    fields.CharEnumField(
                        default=PostState.VISIBLE,
                        description="VISIBLE: visible\nQUEUED: queued\nHIDDEN: hidden",
                        enum_type=PostState,
                        max_length=8,
                    ),
                ),
                ("score", fields.IntField(default=0, db_default=0)),
                ("up_votes", fields.IntField(default=0, db_default=0)),
                ("down_votes", fields.IntField(default=0, db_default=0)),
                ("imported_up_votes", fields.IntField(default=0, db_default=0)),
                ("imported_down_votes", fields.IntField(default=0, db_default=0)),
                ("comment_count", fields.IntField(default=0, description="Visible comments.", db_default=0)),
                ("version", fields.IntField(default=1, db_default=1)),
                ("is_best", fields.BooleanField(default=False, db_default=False)),
                (
                    "is_imported",
                    fields.BooleanField(
                        default=False,
                        description="Imported posts earn no points for being there: their author's opening entry holds what they earned.",
                        db_default=False,
                    ),
                ),
                (
                    "is_best_imported",
                    fields.BooleanField(
                        default=False,
                        description="The same for having been chosen as best before the import.",
                        db_default=False,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("edited_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "editor",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="editor_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="edited_posts",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
            ],
            options={
                "table": "post",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="score = up_votes - down_votes", name="post_score"),
                    CheckConstraint(check="up_votes >= 0 AND down_votes >= 0", name="post_votes"),
                    CheckConstraint(check="(kind = 'comment') = (parent_id IS NOT NULL)", name="post_parent"),
                    CheckConstraint(check="NOT is_best OR kind = 'answer'", name="post_best"),
                ],
                "indexes": [
                    SortedIndex(fields=["thread_id", "kind", "-is_best", "-score", "id"], name="post_by_thread_best"),
                    SortedIndex(fields=["thread_id", "kind", "created_at", "id"], name="post_by_thread_time"),
                    SortedIndex(fields=["parent_id", "created_at", "id"], name="post_by_parent"),
                    SortedIndex(fields=["author_id", "kind", "created_at", "id"], name="post_by_author"),
                    SortedIndex(fields=["kind", "state"], name="post_by_kind"),
                    SortedIndex(
                        fields=["thread_id"], name="post_one_question", condition={"kind": "question"}, unique=True
                    ),
                    SortedIndex(fields=["thread_id"], name="post_one_best", condition={"is_best": True}, unique=True),
                ],
                "pk_attr": "id",
                "table_description": "One contribution. One table for all three kinds, so that votes, revisions and permissions exist once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PointsEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="points_entries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("amount", fields.IntField()),
                ("total", fields.IntField(description="The user's points after this entry.")),
                (
                    "reason",
                    fields.CharEnumField(
                        description="JOINED: joined\nQUESTION_POSTED: question_posted\nANSWER_POSTED: answer_posted\nBEST_ANSWER_CHOSEN: best_answer_chosen\nCHOSEN_AS_BEST: chosen_as_best\nVOTE_CAST: vote_cast\nVOTE_RECEIVED: vote_received\nADJUSTMENT: adjustment\nIMPORTED: imported\nRULES_CHANGED: rules_changed",
                        enum_type=PointsReason,
                        max_length=18,
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
                        related_name="points_entries",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "rules",
                    fields.ForeignKeyField(
                        "models.PointsRules",
                        source_field="rules_id",
                        db_constraint=True,
                        to_field="version",
                        related_name="entries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "points_entry",
                "app": "models",
                "indexes": [SortedIndex(fields=["user_id", "id"], name="points_entry_by_user")],
                "pk_attr": "id",
                "table_description": "One change of a user's points: how much, why, under which rules. Entries are only ever added.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Revision",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "post",
                    fields.ForeignKeyField(
                        "models.Post",
                        source_field="post_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="revisions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("number", fields.IntField(description="1 is how it was written.")),
                ("title", fields.CharField(null=True, max_length=800)),
                ("body", fields.TextField(unique=False)),
                ("body_html", fields.TextField(unique=False)),
                ("tags", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                (
                    "editor",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="editor_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="revisions",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("comment", fields.TextField(null=True, unique=False)),
                ("edited_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "revision",
                "app": "models",
                "constraints": [UniqueConstraint(fields=("post_id", "number"), name="revision_number")],
                "pk_attr": "id",
                "table_description": "One saved state of a post. A post that nobody edited has none: its first state is the post itself.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ThreadTag",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "thread",
                    fields.ForeignKeyField(
                        "models.Thread",
                        source_field="thread_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="tag_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "tag",
                    fields.ForeignKeyField(
                        "models.Tag",
                        source_field="tag_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="thread_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("position", fields.SmallIntField(default=0, db_default=0)),
            ],
            options={
                "table": "thread_tag",
                "app": "models",
                "constraints": [UniqueConstraint(fields=("thread_id", "tag_id"), name="thread_tag_once")],
                "indexes": [SortedIndex(fields=["tag_id", "thread_id"], name="thread_tag_by_tag")],
                "pk_attr": "id",
                "table_description": "That a thread carries a tag, and at which place among its tags.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Vote",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="votes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "post",
                    fields.ForeignKeyField(
                        "models.Post",
                        source_field="post_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="votes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "value",
                    fields.IntEnumField(description="UP: 1\nDOWN: -1\nNONE: 0", enum_type=VoteValue, generated=False),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "vote",
                "app": "models",
                "constraints": [
                    UniqueConstraint(fields=("user_id", "post_id"), name="vote_once"),
                    CheckConstraint(check="value IN (-1, 0, 1)", name="vote_value"),
                ],
                "pk_attr": "id",
                "table_description": "A user's standing vote on a post (Question2Answer's `uservotes`): taken back, it stays as NONE.",
            },
            bases=["Model"],
        ),
    ]
