"""How live the live pages are: counters for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

LISTENERS = Gauge("live_listeners", "Subscriptions that listen now.")
DELIVERIES = Counter("live_deliveries", "Answers that were handed to a listener's connection.")
COALESCED = Counter("live_coalesced", "Changes that a later one took the place of before they were shown.")
DROPPED = Counter("live_dropped", "Answers that a listener who read too slowly was not shown.")
LAG = Histogram(
    "live_lag_seconds",
    "From the commit of a change to the hand-over of its answer to the last listener's connection.",
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
