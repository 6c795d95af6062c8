"""What a client may ask: the schema, assembled from the rooms of this folder."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.accounts import AccountMutations
from schema.approving import ApprovingMutations, ApprovingQueries
from schema.blocking import BlockingMutations, BlockingQueries
from schema.budget import BudgetQueries
from schema.categories import CategoryQueries
from schema.choosing import ChoosingMutations
from schema.claiming import ClaimingMutations
from schema.closing import ClosingMutations
from schema.converting import ConvertingMutations
from schema.editing import EditingMutations
from schema.errors import HANDLERS, Error
from schema.flagging import FlaggingMutations
from schema.hiding import HidingMutations
from schema.live import Subscription
from schema.log import LogQueries
from schema.moderating import ModeratingMutations
from schema.names import RememberedNames
from schema.nodes import Node
from schema.operation_log import WatchedSchema
from schema.points import PointsQueries
from schema.policy import PolicyQueries
from schema.posting import PostingMutations
from schema.posts import Answer, Comment, Post, Question, Revision
from schema.reclassifying import ReclassifyingMutations
from schema.rules import RulesMutations
from schema.scalars import SCALARS
from schema.setting_aside import SettingAsideMutations
from schema.site import SiteQueries
from schema.subscribing import SubscribingMutations
from schema.tagging import TaggingMutations
from schema.tags import TagQueries
from schema.threads import ThreadQueries
from schema.users import UserQueries
from schema.viewing import ViewingMutations
from schema.voting import VotingMutations


@strawberry.type(description="What can be read.")
class Query(
    SiteQueries,
    ThreadQueries,
    CategoryQueries,
    TagQueries,
    UserQueries,
    PointsQueries,
    PolicyQueries,
    BudgetQueries,
    ApprovingQueries,
    LogQueries,
    BlockingQueries,
):
    pass


@strawberry.type(
    description="What can be done. One input, one result: the payload with everything that changed, or an error."
)
class Mutation(
    AccountMutations,
    PostingMutations,
    ClaimingMutations,
    SubscribingMutations,
    VotingMutations,
    ChoosingMutations,
    EditingMutations,
    ReclassifyingMutations,
    ConvertingMutations,
    TaggingMutations,
    HidingMutations,
    ClosingMutations,
    FlaggingMutations,
    ApprovingMutations,
    ModeratingMutations,
    BlockingMutations,
    SettingAsideMutations,
    RulesMutations,
    ViewingMutations,
):
    pass


schema = WatchedSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Node, Post, Question, Answer, Comment, Revision, Error],
    config=StrawberryConfig(scalar_map=SCALARS, name_converter=RememberedNames()),
    exception_handlers=HANDLERS,
)
