"""Somebody's eyes: what of an answer they ought to have been shown by the rules of `access_rules`, and what was not so.

An answer is one to the documents of `whole_schema`, in which every object says its type, every thing its id, and every
alias which field it is of which type, and by which arguments. So whatever way led to a thing, it is judged alike.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from access_permissions import letter_of, permission
from access_rules import DECIDED, SEEN_BY, TOLD, TRUST, Person, rules
from access_world import COUNTED, RELATED, World, browser_key_of
from tortoise.models import Model
from whole_schema import PAGE

import models
from models import PostState, UserLevel, VoteValue
from schema.nodes import NODE_MODELS, global_id, split_id

RULES = rules()
#: Types that are no rows of their own: looked at as a whole.
_WHOLES = {owner for owner, _ in RULES} - {owner for (owner, _), rule in RULES.items() if rule != "value"}
_POSTS = {"Question", "Answer", "Comment"}
#: What is said of addresses is in these lines of the log.
_OF_ADDRESSES = {"addresses_blocked", "addresses_unblocked"}


@dataclass
class Seen:
    """What was judged so far, for whoever asks whether all was, and whether it could have been otherwise."""

    #: The first value that was shown of each field that is alike for all.
    alike: dict[Any, Any] = field(default_factory=dict)
    #: The fields that were judged, and whether something was shown and withheld by each.
    shown: set[tuple[str, str]] = field(default_factory=set)
    withheld: set[tuple[str, str]] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Eyes:
    """The eyes of a person in a world, under what its policy takes for each kind of trust."""

    world: World
    person: Person
    seen: Seen = field(default_factory=Seen)
    #: What each kind of trust takes; the tables of permissions are those of TRUST.
    trust: dict[str, tuple[UserLevel, bool, int]] = field(default_factory=lambda: TRUST)

    # Who somebody is to a thing.

    def may(self, deed: str, path: str | None = None) -> bool:
        """Whether they are trusted with that in the category at `path`, or where nobody says."""
        least, takes_address, points = self.trust[deed]
        level = self.person.level_at(path)
        if level is None or level < least or self.person.is_blocked:
            return False
        if takes_address and level < UserLevel.APPROVED and not self.person.is_confirmed:
            return False
        account = self.world.account(self.person)
        return level >= UserLevel.EXPERT or (account is not None and account.points >= points)

    def wrote(self, written: models.Post | models.Thread) -> bool:
        """Whether it is theirs: their account's, or their browser's alone."""
        if self.person.is_writer:
            return written.author_id is None and written.writer_key == browser_key_of(self.person.name)
        account = self.world.account(self.person)
        return account is not None and written.author_id == account.id

    def is_who(self, who: str, post: models.Post | None = None) -> bool:
        """Whether a viewer is among those that the rules name, in view of a post."""
        path = self.world.rows.category_path(post) if post is not None else None
        match who:
            case "everybody":
                return True
            case "its writer":
                return post is not None and self.wrote(post)
            case "who may approve it":
                return self.may("approve", path)
            case "who may hide it":
                return self.may("hide", path)
        assert who == "who may block", who
        return self.may("block")

    def sees(self, row: Model | None) -> bool:
        """Whether they are to see a thing, by `SEEN_BY`."""
        rows = self.world.rows
        if isinstance(row, models.Thread):
            row = rows.question(row.id)
        if isinstance(row, models.Revision):
            row = rows.get(models.Post, row.post_id)
        post = rows.get(models.Post, row.post_id) if isinstance(row, models.Flag) else row
        if isinstance(row, models.Post):
            kind = f"a {row.state.value} post"
            if rows.is_under_something_unseen(row):
                kind = "a post under one that is not visible"
        else:
            kind = "a flag" if isinstance(row, models.Flag) else "anything else"
            kind = "blocked addresses" if isinstance(row, models.AddressBlock) else kind
        if row is None or (isinstance(row, models.Flag) and row.cleared_at is not None):
            return False
        said = SEEN_BY[kind].split(", ")
        # Who may hide a post sees it in whatever state it is.
        also = ["who may hide it"] if isinstance(row, models.Post) else []
        post = post if isinstance(post, models.Post) else None
        return any(self.is_who(who, post) for who in said + also)

    def of(self, rows: Iterable[Any]) -> list[Any]:
        """What they see of these."""
        return [row for row in rows if self.sees(row)]

    # What an answer says.

    def judge(self, answer: dict[str, Any], given: dict[str, Any], way: str = "") -> None:
        """Compare an answer to a document of `whole_schema` with the rules; what is wrong is noted."""
        if "nodes" in answer:
            for wanted, node in zip(given["ids"], answer["nodes"], strict=True):
                self._node(wanted, node, way)
            return
        self._fields("Query", None, answer, given, way)

    def judge_subscription(self, name: str, id: str, value: dict[str, Any] | None) -> None:
        """The same of what a subscription to the thing of that id sends first; None where it is refused."""
        row = self.row(id)
        if (value is not None) != self.sees(row):
            self._wrong(name, row, value and "shown", "shown" if self.sees(row) else None)
        elif value is not None:
            self._fields(value["__typename"], row, value, {}, name)

    def _node(self, id: str, node: dict[str, Any] | None, way: str) -> None:
        row = self.row(id)
        self._note("Query", "nodes", node is not None)
        if (node is not None) != self.sees(row):
            self._wrong(f"{way}nodes", row, node and "shown", "shown" if self.sees(row) else None)
        elif node and row is not None:
            self._fields(node["__typename"], row, node, {}, f"{way}nodes")

    def row(self, id: str) -> Any:
        """What an id names."""
        named = split_id(id)
        return None if named is None else self.world.rows.get(NODE_MODELS[named[0]], named[1])

    def _fields(self, owner: str, row: Any, shown: dict[str, Any], given: dict[str, Any], way: str) -> None:
        for alias, value in shown.items():
            if alias != "__typename":
                name, _, number = alias.split("_")
                self._field(owner, row, name, int(number), value, given, f"{way}/{owner}.{name}")

    def _field(self, owner: str, row: Any, name: str, number: int, value: Any, given: dict[str, Any], way: str) -> None:
        rule = RULES[owner, name]
        self._note(owner, name, value is not None and value != "NONE")
        known = f"{'Post' if owner in _POSTS else owner}.{name}"
        if rule == "alike" or rule == "value":
            first = self.seen.alike.setdefault((owner, row and row.pk, name, number), _shape(value))
            self._compare(way, row, _shape(value), first)
        elif rule == "seen":
            wanted = self._asked_for(name, given) if owner == "Query" else RELATED[known](self.world.rows, row)
            self._compare(way, row, value and _id(value), next(map(global_id, self.of(wanted)), None))
        elif rule == "listed" or rule == "decided":
            found = self.of(RELATED[known](self.world.rows, row))
            if rule == "decided":
                paths = ((post, self.world.rows.category_path(post)) for post in found)
                found = [post for post, path in paths if self.may(DECIDED[name], path)]
            self._page(way, owner, name, row, value, [global_id(each) for each in found])
        elif rule == "counted":
            self._compare(way, row, value, len(self.of(RELATED[known](self.world.rows, row))))
        elif rule == "public":
            self._compare(way, row, value, self._visible(owner, COUNTED[known](self.world.rows, row)))
        elif rule == "told":
            self._compare(way, row, value, self._told(name, row))
        elif rule == "own":
            self._compare(way, row, _shape(value), self._own(name, row))
        elif name == "viewerCan" and self.trust is not TRUST:
            return
        elif name == "viewerCan":
            self._compare(way, row, *self._permission(owner, row, number, value))
            for each in value:
                self._note("Permission", each.partition("_")[0], True)
            return
        self._below(value, row, way)

    def _below(self, value: Any, row: Any, way: str) -> None:
        """Judge the objects in a value: by their own rows where they have ids, else as parts of the thing."""
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and each["__typename"] in _WHOLES:
                for alias, inner in each.items():
                    self._note(each["__typename"], alias.partition("_")[0], is_shown=True)
                    self._below(inner, row, way)
            elif isinstance(each, dict) and "edges" not in _names(each):
                owner = each["__typename"]
                self._fields(owner, self.row(_id(each)) if "id_ID_0" in each else row, each, {}, way)

    def _asked_for(self, name: str, given: dict[str, Any]) -> list[Any]:
        """What a field of the root asks for by its arguments."""
        rows = self.world.rows
        [value] = given.values()
        model: type[Model] = {
            "thread": models.Thread, "category": models.Category, "tag": models.Tag, "user": models.User
        }[name]  # fmt: skip
        column = {"thread": "id", "category": "path"}.get(name, "name")
        return rows.those(model, **{column: value})

    def _page(self, way: str, owner: str, name: str, row: Any, page: dict[str, Any], ids: list[str]) -> None:
        """The beginning of a list of these: no other thing is in it, none is left out, and no more are counted."""
        parts = {alias.partition("_")[0]: value for alias, value in page.items()}
        nodes = [_id(each) for each in parts.get("nodes", ())]
        self._note(owner, name, bool(ids))
        if nodes and None not in nodes:
            self._compare(f"{way}: not to be seen", row, sorted(set(nodes) - set(ids)), [])
            self._compare(f"{way}: nodes", row, len(set(nodes)), len(parts["edges"]))
        edges = [{alias.partition("_")[0]: each for alias, each in edge.items()} for edge in parts["edges"]]
        self._compare(f"{way}: edges", row, [_id(edge["node"]) for edge in edges if "node" in edge], nodes)
        self._compare(f"{way}: page", row, len(edges), min(len(ids), PAGE))
        self._compare(f"{way}: totalCount", row, parts["totalCount"], len(ids))
        page_info = parts["pageInfo"]
        info = {alias.partition("_")[0]: each for alias, each in page_info.items()}
        self._compare(f"{way}: hasNextPage", row, info["hasNextPage"], len(ids) > len(edges))
        self._compare(f"{way}: cursors", row, info["startCursor"] is not None, bool(ids))
        for told in (page, page_info, *parts["edges"]):
            for alias in told:
                self._note(told["__typename"], alias.partition("_")[0], is_shown=True)
        self._below([*parts.get("nodes", ()), *(edge["node"] for edge in edges if "node" in edge)], row, way)

    # What the rules say.

    def _visible(self, owner: str, counted: Iterable[Any]) -> int:
        rows = self.world.rows
        found = [each for each in counted if each.state is PostState.VISIBLE]
        return len([each for each in found if owner != "User" or not rows.is_under_something_unseen(each)])

    def _told(self, name: str, row: Any) -> Any:
        if name == "flagCount":
            is_told = self.is_who(TOLD[name], row)
            return len(self.world.rows.those(models.Flag, post_id=row.id, cleared_at=None)) if is_told else None
        is_secret = row.deed.value in _OF_ADDRESSES
        if name == "range":
            return row.before["range"] if is_secret and self.is_who(TOLD[name]) else None
        return row.reason if not is_secret or self.is_who(TOLD[name]) else None

    def _own(self, name: str, row: Any) -> Any:
        rows, account = self.world.rows, self.world.account(self.person)
        if name == "viewerVote":
            votes = rows.those(models.Vote, post_id=row.id, user_id=account.id) if account else []
            return votes[0].value.name if votes else VoteValue.NONE.name
        if name == "viewerFlag":
            flags = rows.those(models.Flag, post_id=row.id, user_id=account.id, cleared_at=None) if account else []
            return flags[0].reason.name if flags else None
        if account is None:
            return None
        own = {"user": global_id(account), "email": account.email, "emailConfirmed": self.person.is_confirmed}
        return own[name] if name != "viewer" else "Viewer"

    def _permission(self, owner: str, row: Any, number: int, value: dict[str, Any]) -> tuple[Any, Any]:
        told = {alias.partition("_")[0]: each for alias, each in value.items() if alias != "__typename"}
        letter = permission(self, owner, row, number)
        allowed = letter == "."
        self._compare(f"{owner}.viewerCan", row, told["message"] is None, allowed)
        return (told["allowed"], letter_of(told["reason"])), (allowed, letter)

    # Notes.

    def _note(self, owner: str, name: str, is_shown: bool) -> None:
        (self.seen.shown if is_shown else self.seen.withheld).add((owner, name))

    def _compare(self, way: str, row: Any, found: Any, right: Any) -> None:
        if found != right:
            self._wrong(way, row, found, right)

    def _wrong(self, way: str, row: Any, found: Any, right: Any) -> None:
        name = f"{type(row).__name__} {row.pk}" if isinstance(row, Model) else "the site"
        self.seen.wrong.append(f"{self.person.name} at {way} of {name}: {found!r} instead of {right!r}")


def _names(value: dict[str, Any]) -> Iterator[str]:
    return (alias.partition("_")[0] for alias in value)


def _id(value: dict[str, Any]) -> Any:
    return value.get("id_ID_0")


def _shape(value: Any) -> Any:
    """What is compared of a value: a thing by its id, since its fields are judged by themselves."""
    if isinstance(value, list):
        return [_shape(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value["__typename"] in _WHOLES:
        return {alias: _shape(each) for alias, each in value.items()}
    return _id(value) or value["__typename"]
