"""Tagging: what tags are called, and what they are for. Which threads carry them is `reclassifying`'s."""

import models
from models import ModerationDeed
from models.database import execute, transaction
from models.raw import Statement, run
from services import changes, classification, log
from services.actors import Actor
from services.errors import Conflict, Findings, NotFound
from services.invariants import TAGGED
from services.permissions import manage_tags_refusal
from services.policy import Measured
from services.text import check_length

# Where a thread carries both tags, one link stays, in the place of the first of the two.
_MOVE_LINKS = (
    """UPDATE thread_tag SET position = other.position FROM thread_tag AS other
    WHERE thread_tag.tag_id = $1 AND other.tag_id = $2 AND other.thread_id = thread_tag.thread_id
    AND other.position < thread_tag.position""",
    """DELETE FROM thread_tag WHERE tag_id = $2
    AND thread_id IN (SELECT thread_id FROM thread_tag WHERE tag_id = $1)""",
    "UPDATE thread_tag SET tag_id = $1 WHERE tag_id = $2",
    "UPDATE tag_synonym SET tag_id = $1 WHERE tag_id = $2",
)
