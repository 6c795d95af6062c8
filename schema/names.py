"""The names of the graph: Python's in camel case, as GraphQL writes them."""

from functools import lru_cache

from strawberry.schema.name_converter import NameConverter


class RememberedNames(NameConverter):
    """Strawberry's names. It makes those of an input's fields anew for each request, which costs more than the rest."""

    @lru_cache(maxsize=2_000)  # noqa: B019  there is one of these for the life of the process
    def apply_naming_config(self, name: str) -> str:
        return super().apply_naming_config(name)
