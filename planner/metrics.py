"""How many operations ran as plans and how many graphql-core executed, and why: counters for Prometheus."""

from prometheus_client import Counter

from planner.selection import CannotPlan
from planner.values import Unplanned

_OPERATIONS = Counter(
    "graphql_operations",
    "Queries, and rows of mutations and subscriptions, by who answered: a plan or graphql-core; and why not a plan.",
    ("operation", "answered_by", "reason"),
)

_UNTRUSTED = Counter(
    "graphql_untrusted_documents", "Operations of documents that are not trusted, where such are preferred."
)

_PLANNED = {operation: _OPERATIONS.labels(operation, "plan", "") for operation in ("query", "mutation", "subscription")}


def planned(operation: str) -> None:
    """Count what a plan answered."""
    _PLANNED[operation].inc()


def fell_back(operation: str, reason: Exception) -> None:
    """Count what graphql-core answers, since a plan could not be made, gave up, or failed."""
    why = "unsupported" if isinstance(reason, CannotPlan) else "null" if isinstance(reason, Unplanned) else "error"
    _OPERATIONS.labels(operation, "graphql-core", why).inc()


def untrusted() -> None:
    """Count an operation whose document is not trusted."""
    _UNTRUSTED.inc()


def counted(answered_by: str, operation: str = "query") -> float:
    """How many operations of a kind were answered so since the process began."""
    return sum(
        sample.value
        for metric in _OPERATIONS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
        and (sample.labels["answered_by"], sample.labels["operation"]) == (answered_by, operation)
    )
