"""Growth: what a page costs as the answer grows, and as the forum grows; CPU and statements."""

from collections.abc import Sequence

from benchmarks import load
from benchmarks.databases import Kind
from benchmarks.forum import Shape
from benchmarks.load import Request
from benchmarks.pages import Page, request
from benchmarks.reading import read
from benchmarks.running import Line, Run, with_statements
from benchmarks.serving import Served
from benchmarks.variants import GROWING, Variant, counting

#: Sizes of the growing forum, in posts; a million takes minutes to make.
SMALL = (1_000, 10_000)
USUAL = (1_000, 100_000)
LARGE = (*USUAL, 1_000_000)
# A thread has so many posts on the average.
_POSTS_A_THREAD = 8.75
_PAGES = 10


def shape_of(posts: int) -> Shape:
    """A forum of about so many posts. The pages are alike in all of them."""
    others = (posts - _PAGES * 66) / _POSTS_A_THREAD
    return Shape(users=max(posts // 10, 100), threads=_PAGES + int(others), pages=((10, _PAGES),))


def grow(run: Run, database: Kind, pages: Sequence[Page], variants: Sequence[Variant], url: str) -> list[Line]:
    """The pages on the variants that the growth tables compare, over one connection, with statements counted."""
    chosen = [each for each in variants if each.name in GROWING]
    lines = read(run, database, pages, chosen, url, [1])
    counted: dict[tuple[str, str], int] = {}
    with run.servers([counting(each) for each in chosen], url) as running:
        for variant, served in running:
            for page in pages:
                counted[page.name, variant.name] = _statements(variant, served, page)
    return [with_statements(line, counted[line.page, line.variant]) for line in lines]


def _statements(variant: Variant, served: Served, page: Page) -> int:
    """How many statements one request takes, when the documents and connections are known already."""
    sent = request(page.asked[0], variant.ask)
    load.batch(served.port, [Request(sent)] * 20, 1)
    before = _seen(served)
    load.bodies(served.port, [sent])
    return _seen(served) - before


def _seen(served: Served) -> int:
    return int(load.bodies(served.port, [b"GET /statements HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"])[0])
