"""How far read replicas are behind, and where queries were read: for Prometheus."""

from prometheus_client import Counter, Gauge

_READS = Counter("graphql_reads", "Queries by where they were read, where there are replicas.", ("place",))
_SECONDS = Gauge(
    "replica_behind_seconds",
    "Since when a replica may lack something that was committed at the primary.",
    ("replica",),
    multiprocess_mode="livemax",
)
_BYTES = Gauge(
    "replica_behind_bytes",
    "How much of the primary's log it has not replayed.",
    ("replica",),
    multiprocess_mode="livemax",
)
_SERVES = Gauge("replica_serves", "Whether a replica is read from.", ("replica",), multiprocess_mode="livemin")

_AT = {place: _READS.labels(place) for place in ("primary", "replica")}


def read_at(place: str) -> None:
    """Count a query that was read at the `primary`, or at a `replica`."""
    _AT[place].inc()


def told(number: int, seconds: float, behind: int, *, serves: bool) -> None:
    """Note how far a replica is behind."""
    _SECONDS.labels(number).set(seconds)
    _BYTES.labels(number).set(behind)
    _SERVES.labels(number).set(serves)


def lost(number: int) -> None:
    """Note that a replica is away: how far it is behind is not known."""
    _SERVES.labels(number).set(0)


def counted(place: str) -> float:
    """How many queries were read there since the process began."""
    return float(_AT[place]._value.get())
