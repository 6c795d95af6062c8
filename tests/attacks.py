"""Documents and variables that are made to hurt: of the OWASP GraphQL cheat sheet, and some for graphql-core."""

from collections.abc import Iterator
from typing import Any

#: A name, a document, its variables.
Attack = tuple[str, str, dict[str, Any]]
_DEEP = 3_000


def attacks() -> Iterator[Attack]:
    """All of them."""
    yield from _fragments()
    yield from _floods()
    yield from _nested()
    yield from _values()
    yield from _introspection()


def _fragments() -> Iterator[Attack]:
    def chain(length: int, spread: str) -> str:
        links = (f"fragment F{each} on Query {{ {spread.replace('@', str(each + 1))} }}" for each in range(length))
        return f"{{ ...F0 }} {' '.join(links)} fragment F{length} on Query {{ site {{ name }} }}"

    yield "a chain of fragments", chain(98, "...F@"), {}
    yield "a long chain of fragments", chain(350, "...F@"), {}
    yield "a chain that doubles", chain(27, "...F@ ...F@"), {}
    yield "a long chain that doubles", chain(98, "...F@ ...F@ ...F@"), {}
    yield (
        "a chain that doubles further down",
        chain(27, "a: site { ...S } ...F@ ...F@") + " fragment S on Site {name}",
        {},
    )
    yield "a fragment in itself", "{ ...A } fragment A on Query { ...A }", {}
    circle = " ".join(f"fragment F{each} on Query {{ ...F{(each + 1) % 90} site {{ name }} }}" for each in range(90))
    yield "a circle of fragments", f"{{ ...F0 }} {circle}", {}
    names = " ".join(f"...F{each}" for each in range(25))
    web = " ".join(f"fragment F{each} on Query {{ {names} }}" for each in range(25))
    yield "fragments each in each", f"{{ {names} }} {web}", {}
    many = range(99)
    spread = " ".join(f"...F{each}" for each in many)
    side = " ".join(f"fragment F{each} on Query {{ a{each}: site {{ n{each}: name }} }}" for each in many)
    yield "many fragments side by side", f"{{ {spread} }} {side}", {}
    alike = " ".join(f"fragment F{each} on Query {{ site {{ name }} }}" for each in many)
    yield "many fragments alike", f"{{ {spread} }} {alike}", {}
    places = " ".join(f"a{each}: site {{ ...F0 }}" for each in range(30))
    links = " ".join(f"fragment F{each} on Site {{ ...F{each + 1} }}" for each in range(98))
    yield "a chain in many places", f"{{ {places} }} {links} fragment F98 on Site {{ name }}", {}
    unused = " ".join(f"fragment U{each} on Site {{ name }}" for each in many)
    yield "fragments that nobody spreads", f"{{ site {{ name }} }} {unused}", {}
    yield "fragments of fragments that are not there", "{ " + " ".join(f"...N{each}" for each in range(990)) + " }", {}
    inline = "... on Query { " * 90 + "site { name }" + " }" * 90
    yield "inline fragments in each other", f"{{ {inline} }}", {}


def _floods() -> Iterator[Attack]:
    yield "aliases", "{ " + " ".join(f"a{each}: __typename" for each in range(990)) + " }", {}
    yield (
        "aliases of pages",
        "{ " + " ".join(f"a{each}: threads {{ nodes {{ id }} }}" for each in range(370)) + " }",
        {},
    )
    yield "aliases on a deep field", "{ site { " + " ".join(f"a{each}: name" for each in range(990)) + " } }", {}
    yield "one field again and again", "{ " + "__typename " * 990 + "}", {}
    yield "one root field again and again", "{ " + "site { name } " * 400 + "}", {}
    yield "overlapping fields further down", "{ site { " + "name " * 990 + "} }", {}
    fields = " ".join("site { " + "name " * 12 + "}" for _ in range(40))
    yield "overlapping fields with overlapping fields", f"{{ {fields} }}", {}
    long = ", ".join(f'"{each}"' for each in range(80))
    yield "overlapping fields with long arguments", "{ " + f"nodes(ids: [{long}]) {{ id }} " * 40 + "}", {}
    types = ("Question", "Answer", "Comment", "Thread", "User", "Tag", "Category")
    parts = " ".join(f"... on {name} {{ id __typename }}" for name in types)
    yield "overlapping fields of types that exclude each other", '{ node(id: "x") { ' + f"{parts} " * 30 + "} }", {}
    yield "directives", "{ site { name " + "@include(if: true) " * 500 + "} }", {}
    yield "directives that are not there", "{ site { name " + "@aa " * 1_490 + "} }", {}
    yield "operations", " ".join(f"query Q{each} {{ site {{ name }} }}" for each in range(500)), {}
    yield "mistakes", "{ " + " ".join(f"nonsens{each}" for each in range(990)) + " }", {}
    yield "mistakes that nearly are fields", "{ site { " + " ".join(f"nam{each}e" for each in range(990)) + " } }", {}
    yield "one long name", "{ " + "a" * 90_000 + " }", {}
    yield "comments", "#\n" * 45_000 + "{ site { name } }", {}
    yield "commas", "{ site { name } }" + "," * 99_000, {}
    yield "a document too long", "{ site { name } }" + " " * 900_000, {}
    yield "words", "{ " + "a " * 45_000 + "}", {}
    yield "one long string", '{ tag(name: "' + "a" * 90_000 + '") { id } }', {}
    yield "arguments", "{ tags(" + " ".join(f"a{each}: 1" for each in range(990)) + ") { totalCount } }", {}
    yield "one argument again and again", "{ tags(" + "first: 1 " * 990 + ") { totalCount } }", {}
    yield (
        "fields of an input that are not there",
        ("{ threads(filter: {" + " ".join(f"tag{each}: 1" for each in range(990)) + "}) { totalCount } }"),
        {},
    )
    yield "types that are not there", "{ " + "... on Nowhere { a } " * 480 + "}", {}
    yield "lines of a block string", '{ tag(name: """' + "\n  a" * 22_000 + '""") { id } }', {}
    yield "quotes of a block string", '{ tag(name: """' + '\\"""' * 20_000 + '""") { id } }', {}
    yield "unicode names", "{ ｓｉｔｅ { name } }", {}
    yield "escapes", '{ tag(name: "' + "\\u{10FFFF}" * 5_000 + '") { id } }', {}


def _nested() -> Iterator[Attack]:
    yield "fields in fields", "{ " + "a { " * _DEEP + "b" + " }" * _DEEP + " }", {}
    path = "posts: answers { nodes { thread { "
    yield "threads in threads", "{ thread(number: 1) { " + path * 20 + "id" + " } } }" * 20 + " } }", {}
    big = "answers(first: 100) { nodes { comments(first: 100) { nodes { id } } } }"
    yield "large pages in large pages", "{ threads(first: 100) { nodes { " + big + " } } }", {}
    yield "lists in lists", "{ tags(first: " + "[" * _DEEP + "]" * _DEEP + ") { totalCount } }", {}
    yield "objects in objects", "{ threads(filter: " + "{a: " * 1_500 + "1" + "}" * 1_500 + ") { totalCount } }", {}
    yield "types in types", "query ($x: " + "[" * _DEEP + "Int" + "]" * _DEEP + ") { site { name } }", {}
    yield "brackets that do not close", "{ a " * 3_900, {}


def _values() -> Iterator[Attack]:
    nodes, page = (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        "query ($n: Int) { tags(first: $n) { totalCount } }",
    )
    yield "a list of variables too long", nodes, {"ids": ["x"] * 200_000}
    yield "a list of variables that are not ids", nodes, {"ids": [{}] * 990}
    yield "lists in lists of variables", nodes, {"ids": [[["x"] * 30] * 30] * 30}
    yield "a variable many lists deep", nodes, {"ids": _within_lists(900)}
    wide = "query ($filter: ThreadFilter) { threads(filter: $filter) { totalCount } }"
    yield "a variable many objects deep", wide, {"filter": _within_objects(900)}
    yield "fields of a variable that are not there", wide, {"filter": {f"tag{each}": each for each in range(990)}}
    for moment in ("9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00+14:00", "9" * 50_000, "1" + ":" * 50_000):
        yield f"the moment {moment[:20]}", wide, {"filter": {"since": moment}}
    conditions = " ".join(f"a{each}: name @include(if: $on)" for each in range(59))
    yield "one variable in many conditions", f"query ($on: Boolean!) {{ site {{ {conditions} }} }}", {"on": True}
    yield "an object of variables too large", nodes, {"ids": {f"a{each}": each for each in range(50_000)}}
    yield "variables that nobody declared", "{ site { name } }", {f"a{each}": [each] for each in range(40_000)}
    yield "one long variable", "query ($id: ID!) { node(id: $id) { id } }", {"id": "a" * 900_000}
    declared = " ".join(f"$a{each}: Int" for each in range(700))
    yield "variables declared and not used", f"query ({declared}) {{ site {{ name }} }}", {}
    literal = ", ".join(f'"{each}"' for each in range(2_900))
    yield "a long list in the document", f"{{ nodes(ids: [{literal}]) {{ id }} }}", {}
    for number in (2**31, -(2**31) - 1, 2**63, 10**300, 1e308, -0.0, 0.5):
        yield f"the number {number:.3g}", page, {"n": number}
    for digits in ("9" * 5_000, "-" + "9" * 5_000, "1e400", "1e-400", "0x10"):
        yield f"the literal {digits[:10]}", f"{{ tags(first: {digits}) {{ totalCount }} }}", {}


def _within_lists(depth: int) -> Any:
    return [_within_lists(depth - 1)] if depth else "x"


def _within_objects(depth: int) -> Any:
    return {"a": _within_objects(depth - 1)} if depth else 1


def bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies of requests that are made to hurt whoever reads them: a name, and the body."""
    one = b'{"query": "{ site { name } }"}'
    yield "a batch", b"[" + b",".join([one] * 30_000) + b"]"
    yield "lists in lists", b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 500_000 + b"]" * 500_000 + b"}}"
    yield "objects in objects", b'{"a":' * 160_000 + b"1" + b"}" * 160_000
    yield "lists that do not close", b"[" * 1_000_000
    yield "one name again and again", b'{"query": "{ __typename }"' + b', "query": ""' * 70_000 + b"}"
    yield "names", b"{" + b",".join(b'"a%d":1' % each for each in range(90_000)) + b"}"
    yield "digits", b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 1_000_000 + b"}}"
    yield "escapes", b'{"query": "' + rb"\u0041" * 170_000 + b'"}'


def _introspection() -> Iterator[Attack]:
    path = "fields { type { " * 8 + "name" + " } }" * 8
    yield "circular introspection", f"{{ __schema {{ types {{ {path} }} }} }}", {}
    yield (
        "introspection through possible types",
        ("{ __schema { types { possibleTypes { interfaces { possibleTypes { name } } } } } }"),
        {},
    )
    pair = "{ __schema { types { fields { type { fields { name } } } } } }"
    yield "introspection twice down", pair, {}
    schemas = " ".join(f"a{each}: __schema {{ types {{ fields {{ name args {{ name }} }} }} }}" for each in range(30))
    yield "introspection side by side", f"{{ {schemas} }}", {}
