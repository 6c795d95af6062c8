"""Indexes that hold what lists are filtered by: see models/thread.py and models/post.py."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.indexes import SortedIndex


class Migration(migrations.Migration):
    dependencies = [("models", "0002_first_rows")]

    operations = [
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
        ops.AddIndex(
            model_name="Post",
            index=SortedIndex(
                fields=["thread_id", "kind", "state", "-is_best", "-score", "id"], name="post_by_thread_best"
            ),
        ),
        ops.AddIndex(
            model_name="Post",
            index=SortedIndex(fields=["thread_id", "kind", "state", "created_at", "id"], name="post_by_thread_time"),
        ),
        ops.RemoveIndex(
            model_name="Thread",
            name="thread_by_creation",
            fields=None,
        ),
        ops.RemoveIndex(
            model_name="Thread",
            name="thread_by_activity",
            fields=None,
        ),
        ops.RemoveIndex(
            model_name="Thread",
            name="thread_by_hotness",
            fields=None,
        ),
        ops.RemoveIndex(
            model_name="Thread",
            name="thread_by_score",
            fields=None,
        ),
        ops.RemoveIndex(
            model_name="Thread",
            name="thread_by_answers",
            fields=None,
        ),
        ops.RemoveIndex(
            model_name="Thread",
            name="thread_by_views",
            fields=None,
        ),
        ops.AddIndex(
            model_name="Thread",
            index=SortedIndex(
                fields=["created_at", "id", "state", "category_id", "answer_count", "closed_at"],
                name="thread_by_creation",
            ),
        ),
        ops.AddIndex(
            model_name="Thread",
            index=SortedIndex(
                fields=["last_activity_at", "id", "state", "category_id", "created_at", "answer_count", "closed_at"],
                name="thread_by_activity",
            ),
        ),
        ops.AddIndex(
            model_name="Thread",
            index=SortedIndex(
                fields=["-hotness", "id", "state", "category_id", "created_at", "answer_count", "closed_at"],
                name="thread_by_hotness",
            ),
        ),
        ops.AddIndex(
            model_name="Thread",
            index=SortedIndex(
                fields=["-score", "id", "state", "category_id", "created_at", "answer_count", "closed_at"],
                name="thread_by_score",
            ),
        ),
        ops.AddIndex(
            model_name="Thread",
            index=SortedIndex(
                fields=["-answer_count", "id", "state", "category_id", "created_at", "closed_at"],
                name="thread_by_answers",
            ),
        ),
        ops.AddIndex(
            model_name="Thread",
            index=SortedIndex(
                fields=["-view_count", "id", "state", "category_id", "created_at", "answer_count", "closed_at"],
                name="thread_by_views",
            ),
        ),
    ]
