"""What policy says of who sees what, as rules to be read: nothing here was written down from what the server answered.

The rules are those of the descriptions in `schema/schema.graphql` and of Question2Answer (a4, a5, a13, a14): experts
approve, editors hide, moderators block; a writer without an account is their browser; and whoever is blocked reads,
and no more, so that none of the staff's rights is left to them. What is done with posts and threads is in the tables of
`test_permission_table.py`, all else in `test_access_deeds.py`.
"""

from dataclasses import dataclass

from models import UserLevel

HOME, AWAY = "home", "away"


@dataclass(frozen=True)
class Person:
    """Somebody who looks and acts."""

    name: str
    #: None: they have no account.
    level: UserLevel | None = UserLevel.REGISTERED
    is_confirmed: bool = False
    is_blocked: bool = False
    #: How far they are trusted in the categories of these paths.
    levels_in: tuple[tuple[str, UserLevel], ...] = ()
    #: Whether they have a browser by which they are known without an account.
    is_writer: bool = False
    points: int = 100

    def level_at(self, path: str | None) -> UserLevel | None:
        """How far they are trusted in a category."""
        return None if self.level is None else max(self.level, dict(self.levels_in).get(path or "", self.level))


def _people() -> list[Person]:
    level = UserLevel
    return [
        Person("visitor", level=None),
        Person("stranger", level=None, is_writer=True),
        Person("registered"),
        Person("confirmed", is_confirmed=True),
        Person("approved", level.APPROVED),
        Person("expert", level.EXPERT),
        Person("editor", level.EDITOR),
        Person("moderator", level.MODERATOR),
        Person("admin", level.ADMIN),
        Person("owner", level.OWNER),
        Person("expert_here", levels_in=((HOME, level.EXPERT),)),
        Person("editor_here", levels_in=((HOME, level.EDITOR),)),
        Person("editor_there", levels_in=((AWAY, level.EDITOR),)),
        Person("blocked", is_confirmed=True, is_blocked=True),
        Person("blocked_owner", level.OWNER, is_blocked=True),
        # These wrote something in every state.
        Person("author", is_confirmed=True),
        Person("blocked_author", is_confirmed=True, is_blocked=True),
        Person("editing_author", level.EDITOR),
        Person("anonymous_author", level=None, is_writer=True),
    ]


PEOPLE = {person.name: person for person in _people()}
AUTHORS = ("author", "blocked_author", "editing_author", "anonymous_author")

#: What it takes (Question2Answer, a4): a level, everywhere or in the post's category; an address confirmed; so many
#: points, which experts need none of. Nobody who is blocked has any of it.
TRUST: dict[str, tuple[UserLevel, bool, int]] = {
    "approve": (UserLevel.EXPERT, False, 0),
    "hide": (UserLevel.EDITOR, False, 0),
    "block": (UserLevel.MODERATOR, False, 0),
}

#: Of each kind of thing, who sees it, in `PostState`'s words and README's; all others are told that there is none.
SEEN_BY = {
    "a visible post": "everybody",
    "a queued post": "its writer, who may approve it",
    "a hidden post": "its writer, who may hide it",
    "a post under one that is not visible": "who may hide it",
    "a flag": "who may hide it",
    "blocked addresses": "who may block",
    "anything else": "everybody",
}

#: Of every field of the graph, the rule by which a viewer who sees the thing is shown the field.
#:
#: alike      all are shown the same, by whichever way they come to the thing
#: value      the same, of things that have no id and are no rows
#: seen       what it leads to if they see that, else null
#: listed     those that they see of what belongs there; no more are counted
#: counted    how many of them they see
#: decided    those that they see and may decide about, which is nothing for all who may not
#: public     how many are there that are visible: for all the same
#: own        what the viewer themselves has there
#: permitted  what the tables of permissions say
#: told       what is there, if they are who is named in TOLD, else null
#: given      of a deed, to who did it, and of a moment: that no hidden word is in it, `test_life.py` tries
FIELDS = """
Query
    value       pointsRules policy rateLimit site categories
    seen        node thread category tag user
    listed      nodes threads tags users moderationLog addressBlocks
    decided     moderationQueue flaggedPosts hiddenPosts
    own         viewer
Site
    alike       name welcome
    counted     threadCount answerCount commentCount userCount
Thread
    alike       id slug title viewCount createdAt lastActivityAt hotness number category tags closure
    public      answerCount
    seen        question bestAnswer
    listed      answers duplicates
    permitted   viewerCan
Closure
    alike       reason note by at
    seen        duplicateOf
Question Answer Comment
    alike       id body bodyHtml bodyText createdAt editedAt score upVotes downVotes version state
    alike       author displayName editor
    public      commentCount
    seen        thread
    listed      revisions comments flags
    own         viewerVote viewerFlag
    told        flagCount
    permitted   viewerCan
Answer
    alike       isBest
Comment
    seen        parent
Revision
    alike       id number title body bodyHtml tags editedAt comment categoryPath isSilent editor changesSince
RevisionChanges
    alike       title body tagsAdded tagsRemoved category
    seen        since
TextSegment
    value       fate text
CategoryChange
    value       before after
Category
    alike       id name slug path description parent ancestors children
    public      threadCount
    listed      threads
Tag
    alike       id name description synonyms
    public      threadCount
    listed      threads
User
    alike       id name about aboutHtml location website avatarUrl createdAt level isBlocked
    alike       points title pointsCompact rank bestAnswerCount
    public      questionCount answerCount commentCount
    listed      pointsHistory threads answers
    permitted   viewerCan
Viewer
    own         user email emailConfirmed
PointsEntry
    alike       id amount total reason createdAt user rulesVersion
    seen        post
PointsRules
    alike       version joined questionPosted answerPosted bestAnswerChosen chosenAsBest voteCast settling
    alike       questionUpvoted questionDownvoted questionMaxGain questionMaxLoss
    alike       answerUpvoted answerDownvoted answerMaxGain answerMaxLoss
    alike       commentUpvoted commentDownvoted commentMaxGain commentMaxLoss
    alike       hotQuestionAge hotAnswerAge hotAnswers hotVotes hotViews
Settling
    value       done total
Policy
    value       requirements rateLimits lengths flagsThatHide mostInBatch
Requirement
    value       privilege level confirmed points
RateLimit
    value       limited perUser perAddress
Length
    value       measured least most
CostBudget
    value       cost limit used remaining resetAt
Flag
    alike       id reason note createdAt
AddressBlock
    alike       id range reason createdAt by
ModerationEntry
    alike       id deed amount createdAt by user tag batch
    seen        post thread
    told        reason range
ModerationBatch
    alike       id deed createdAt undoneAt by
Permission
    permitted   allowed reason message pointsRequired remaining resetsAt
Subscription
    seen        votesChanged threadActivity threadAsked pointsChanged
ThreadActivity
    given       kind at
    seen        thread post
SignUpPayload SignInPayload
    given       viewer token
ConfirmEmailPayload ResendConfirmationPayload
    given       viewer
SignOutPayload
    given       signedOut
AskQuestionPayload
    given       thread claimToken
PostAnswerPayload
    given       answer answerEdge thread claimToken
PostCommentPayload
    given       comment commentEdge parent claimToken
ClaimPostsPayload
    given       posts
SetReplyNoticePayload
    given       post notify
CastVotePayload HidePostPayload RestorePostPayload FlagPostPayload ClearFlagsPayload
    given       post
ApprovePostPayload RejectPostPayload
    given       post
ChooseBestAnswerPayload CloseThreadPayload ViewThreadPayload
    given       thread
ReopenThreadPayload
    given       thread formerDuplicateOf
EditPostPayload RestoreRevisionPayload
    given       post revision formerCategory formerTags
MoveThreadPayload
    given       thread revision formerCategory
RetagThreadPayload
    given       thread revision formerTags
ConvertPostPayload
    given       post thread formerParent movedComments
DeletePostPayload
    given       deletedPostId thread parent
AddTagSynonymPayload RemoveTagSynonymPayload DescribeTagPayload
    given       tag
MergeTagsPayload
    given       tag mergedTagId
ModeratePostsPayload UndoModerationPayload
    given       batch posts refusals
PostRefusal
    given       postId reason message
BlockUserPayload UnblockUserPayload SetUserLevelPayload
    given       user
BlockAddressesPayload
    given       addressBlock
UnblockAddressesPayload
    given       range
SetAsideVotesPayload RestoreVotesPayload
    given       user amount entryId
PreviewPointsRulesPayload
    given       gaining gained losing lost changes
PointsChange
    given       user before after
UpdatePointsRulesPayload
    given       pointsRules
NotFound Conflict
    given       message
NotPermitted
    given       message permission
InvalidInput
    given       message fields
FieldError
    given       path message
RateLimited
    given       message retryAt
"""

#: Who is told what not everybody is who sees the thing itself; of the log, what is said of addresses.
TOLD = {
    "flagCount": "who may hide it",
    "reason": "who may block",
    "range": "who may block",
}

#: Lists to work through: what is decided there, and what somebody must be trusted with.
DECIDED = {"moderationQueue": "approve", "flaggedPosts": "hide", "hiddenPosts": "hide"}


def rules() -> dict[tuple[str, str], str]:
    """The rule of each field, by the names of its type and itself."""
    found: dict[tuple[str, str], str] = {}
    owners: list[str] = []
    for line in FIELDS.strip().splitlines():
        if not line.startswith(" "):
            owners = line.split()
            continue
        rule, *names = line.split()
        for owner in owners:
            for name in names:
                assert (owner, name) not in found, f"{owner}.{name} has two rules"
                found[owner, name] = rule
    return found
