"""The rows that every database begins with: the site's name, and the first version of the points rules."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0001_foundation")]

    operations = [
        ops.RunSQL(
            "INSERT INTO site (id, name, welcome) VALUES (1, 'Plainspoken', 'Ask, answer, and vote.')",
            "DELETE FROM site WHERE id = 1",
        ),
        # Question2Answer 1.8.8's defaults: see models/points.py, whose defaults may change while these do not.
        ops.RunSQL(
            "INSERT INTO points_rules (version, joined, question_posted, answer_posted, best_answer_chosen, "
            "chosen_as_best, vote_cast, question_upvoted, question_downvoted, question_max_gain, question_max_loss, "
            "answer_upvoted, answer_downvoted, answer_max_gain, answer_max_loss, comment_upvoted, comment_downvoted, "
            "comment_max_gain, comment_max_loss, hot_question_age, hot_answer_age, hot_answers, hot_votes, hot_views, "
            "created_at) VALUES (1, 100, 20, 40, 30, 300, 10, 10, -10, 100, 30, 20, -20, 200, 50, 0, 0, 100, 30, "
            "100, 100, 100, 100, 100, CURRENT_TIMESTAMP)",
            "DELETE FROM points_rules WHERE version = 1",
        ),
    ]
