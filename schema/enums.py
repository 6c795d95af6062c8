"""The enums of the graph: those of models and services, described for the client; and, from their own room, orders."""

from models import ClosureReason, FlagReason, ModerationDeed, PointsReason, PostState, UserLevel, VoteValue
from schema.describing import described
from schema.orders import AnswerOrder, ThreadOrder, UserOrder
from services.converting import Target
from services.differences import Fate
from services.errors import RefusalReason
from services.happenings import ActivityKind
from services.moderating import BatchDeed
from services.permissions import PostAction, ThreadAction, UserAction
from services.policy import Limited, Measured, Privilege

__all__ = [
    "ActivityKind",
    "AnswerOrder",
    "BatchDeed",
    "ClosureReason",
    "Fate",
    "FlagReason",
    "Limited",
    "Measured",
    "ModerationDeed",
    "PointsReason",
    "PostAction",
    "PostState",
    "Privilege",
    "RefusalReason",
    "Target",
    "ThreadAction",
    "ThreadOrder",
    "UserAction",
    "UserLevel",
    "UserOrder",
    "VoteValue",
]

described(
    VoteValue,
    "A vote on a post.",
    UP="Counts 1 in the score.",
    DOWN="Counts -1 in the score.",
    NONE="No vote, or one taken back.",
)
described(
    ActivityKind,
    "What can happen in a thread.",
    STATE="Nothing yet: the thread as it is. It comes first, and again where news was lost.",
    ANSWERED="There is a new answer.",
    COMMENTED="There is a new comment.",
    EDITED="A post was written anew, or became another kind of post.",
    BEST_ANSWER_CHOSEN="An answer was chosen as the best; without a post, the choice was taken back.",
    CLOSED="The thread takes no more answers.",
    REOPENED="The thread takes answers again.",
    HIDDEN="A post was hidden, or deleted; only who still sees it is shown which.",
    RESTORED="A hidden post is shown again.",
)
described(
    PostState,
    "Who may see a post.",
    VISIBLE="Everybody.",
    QUEUED="Its author and those who approve posts, until one of them does.",
    HIDDEN="Its author and those who may hide posts.",
)
described(
    ClosureReason,
    "Why a thread takes no more answers.",
    DUPLICATE="The question was asked before.",
    OFF_TOPIC="It does not belong on this site.",
    UNCLEAR="It cannot be answered as it stands.",
    RESOLVED="It has its answer.",
    OTHER="Something else: see the note.",
)
described(
    FlagReason,
    "What is wrong with a post.",
    SPAM="It advertises.",
    ABUSE="It hurts somebody.",
    OFF_TOPIC="It does not belong here.",
    DUPLICATE="It was said before.",
    LOW_QUALITY="Nobody is helped by it.",
    OTHER="Something else: see the note.",
)
described(
    UserLevel,
    "How far a user is trusted; each level may do all that the ones before it may.",
    REGISTERED="Has an account.",
    APPROVED="Is known to be a person.",
    EXPERT="Chooses best answers and approves posts.",
    EDITOR="Edits, closes and hides posts.",
    MODERATOR="Deletes posts and blocks users.",
    ADMIN="Changes the rules.",
    OWNER="Runs the site.",
)
described(
    PointsReason,
    "What points were given or taken for.",
    JOINED="Signing up.",
    QUESTION_POSTED="Asking a question.",
    ANSWER_POSTED="Answering.",
    BEST_ANSWER_CHOSEN="Choosing the best answer to one's question.",
    CHOSEN_AS_BEST="Having one's answer chosen as best.",
    VOTE_CAST="Voting.",
    VOTE_RECEIVED="Votes on one's post.",
    ADJUSTMENT="A correction by the staff.",
    IMPORTED="What the user had earned where they were imported from.",
    RULES_CHANGED="The difference that new rules made.",
)
described(
    RefusalReason,
    "Why somebody may not do something.",
    name="Refusal",
    SIGN_IN="They are not signed in, or not as who they say.",
    CONFIRM_EMAIL="Their e-mail address is not confirmed.",
    LEVEL="Their level is too low.",
    POINTS="They have too few points.",
    OWN_POST="It is their own post.",
    CLOSED="The thread is closed.",
    HIDDEN="The post is hidden.",
    QUEUED="The post waits for approval.",
    BLOCKED="They are blocked.",
    RATE_LIMIT="They did it too often lately.",
    DISABLED="This server does not offer it.",
    ALREADY_DONE="It was done already.",
)
described(
    Fate,
    "What became of a piece of text.",
    name="TextFate",
    EQUAL="It stayed.",
    DELETE="It went.",
    INSERT="It came.",
)
described(
    Target,
    "What a post can become.",
    name="ConversionTarget",
    ANSWER="An answer to the thread's question.",
    COMMENT="A comment on the question, or on an answer to it.",
)
described(
    ThreadAction,
    "What can be done with a thread.",
    ANSWER="Answer its question.",
    CLOSE="Close it to answers.",
    REOPEN="Open it again.",
    MOVE="Move it to another category.",
    RETAG="Change its tags.",
    CHOOSE_BEST_ANSWER="Choose its best answer.",
    FOLLOW="Be told of what happens in it.",
)
described(
    PostAction,
    "What can be done with a post.",
    VOTE_UP="Vote it up.",
    VOTE_DOWN="Vote it down.",
    COMMENT="Comment on it.",
    EDIT="Edit it.",
    FLAG="Flag it to the staff.",
    HIDE="Hide it.",
    RESTORE="Show it again.",
    DELETE="Delete it for good.",
    APPROVE="Approve it.",
    CLAIM="Claim it into one's account.",
    CONVERT="Make a comment of an answer, or an answer of a comment.",
)


described(
    Privilege,
    "What somebody may be trusted with.",
    ASK="Ask questions.",
    ANSWER="Answer.",
    COMMENT="Comment.",
    VOTE="Vote.",
    VOTE_DOWN="Vote down: it takes VOTE too.",
    FLAG="Flag posts to the staff.",
    EDIT_QUESTIONS="Edit the questions of others.",
    EDIT_ANSWERS="Edit the answers of others.",
    EDIT_COMMENTS="Edit the comments of others.",
    EDIT_SILENTLY="Edit without a mark on the post.",
    RETAG="Change the tags of others' threads.",
    MOVE="Move others' threads to another category.",
    CLOSE="Close and reopen others' threads.",
    CHOOSE_BEST_ANSWER="Choose the best answers to others' questions.",
    APPROVE="Approve posts that wait for it, and reject them.",
    HIDE="Hide and restore others' posts, see hidden ones, and clear flags.",
    DELETE="Delete hidden posts for good.",
    CONVERT="Make comments of answers, and answers of comments.",
    MANAGE_TAGS="Give tags synonyms, and merge them.",
    BLOCK="Block users and addresses.",
    SET_ASIDE_VOTES="Set aside the votes of who cheats.",
    CHANGE_RULES="Change what deeds are worth.",
)
described(
    Limited,
    "What is counted, hour by hour.",
    QUESTIONS="Questions asked.",
    ANSWERS="Answers given.",
    COMMENTS="Comments made.",
    VOTES="Votes set, also to NONE.",
    FLAGS="Posts flagged.",
    SIGN_UPS="Accounts made.",
    SIGN_INS="Tries to sign in.",
)
described(
    Measured,
    "What is measured.",
    TITLE="A question's title.",
    QUESTION="A question's body.",
    ANSWER="An answer's body.",
    COMMENT="A comment's body.",
    DISPLAY_NAME="The name to display of somebody without an account.",
    USER_NAME="A user's name.",
    EMAIL="An e-mail address.",
    PASSWORD="A password.",  # noqa: S106  the word, not one
    TAGS="The tags of a thread: how many.",
    TAG="A tag.",
    NOTE="A note or a reason.",
)
described(
    UserAction,
    "What can be done about a user.",
    BLOCK="Have them read only.",
    UNBLOCK="Let them write again.",
    SET_LEVEL="Change how far they are trusted: at least to some level.",
)
described(
    BatchDeed,
    "What can be done with many posts at once.",
    HIDE="Hide them.",
    RESTORE="Show them again.",
    APPROVE="Approve them.",
    REJECT="Reject them.",
    CLEAR_FLAGS="Have the flags on them count no longer.",
)
described(
    ModerationDeed,
    "What the staff did.",
    HIDDEN="Hid a post.",
    RESTORED="Showed a hidden post again.",
    DELETED="Deleted a hidden post for good.",
    CLOSED="Closed a thread.",
    REOPENED="Opened a thread again.",
    EDITED="Edited a post.",
    MOVED="Moved a thread to another category.",
    RETAGGED="Changed the tags of a thread.",
    CONVERTED="Made a comment of an answer, or an answer of a comment.",
    FLAGS_CLEARED="Found that the flags on a post need nothing done.",
    APPROVED="Approved a post that waited.",
    REJECTED="Rejected a post that waited.",
    BEST_ANSWER_CHOSEN="Chose the best answer to another's question, or took the choice back.",
    USER_BLOCKED="Blocked a user.",
    USER_UNBLOCKED="Let a blocked user write again.",
    LEVEL_CHANGED="Changed how far a user is trusted.",
    ADDRESSES_BLOCKED="Blocked addresses.",
    ADDRESSES_UNBLOCKED="Let blocked addresses write again.",
    VOTES_SET_ASIDE="Set votes aside.",
    VOTES_RESTORED="Had votes that were set aside count again.",
    TAGS_MERGED="Made one tag of two.",
    SYNONYM_ADDED="Gave a tag a synonym.",
    SYNONYM_REMOVED="Took a synonym from a tag.",
    RULES_CHANGED="Changed what deeds are worth.",
    UNDONE="Put back what a batch had changed.",
)
