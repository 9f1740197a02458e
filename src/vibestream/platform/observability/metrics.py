"""The metrics of the edge and of the process, in the default Prometheus registry.

What waits in tables (events, jobs, sagas) is measured by `platform.backlog`, what is worked on by who works on it. Labels are few and closed: a route's template, never its path; a problem's code, never its text; no person.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

HTTP_REQUESTS: Final = Counter(
    "vibestream_http_requests_total", "Requests answered, by route template and status.", ["method", "route", "status"]
)
HTTP_SECONDS: Final = Histogram(
    "vibestream_http_request_duration_seconds",
    "From the request's first byte here to the response's last, event streams excluded.",
    ["method", "route"],
    buckets=_SECONDS,
)
HTTP_IN_PROGRESS: Final = Gauge("vibestream_http_requests_in_progress", "Requests being handled now.")
HTTP_RETRIED: Final = Counter(
    "vibestream_http_transactions_retried_total", "Handlers run again after losing a database race.", ["route"]
)
PROBLEMS: Final = Counter("vibestream_problems_total", "Problems answered, by code.", ["code", "status"])
RATE_LIMITED: Final = Counter("vibestream_rate_limited_total", "Calls refused by a rate limit.", ["limit"])
IDEMPOTENT: Final = Counter(
    "vibestream_idempotency_total", "Idempotency keys seen: first, replayed, reused or in_progress.", ["outcome"]
)
LIVE_STREAMS: Final = Gauge("vibestream_live_streams", "Event streams open now.")
LIVE_SENT: Final = Counter("vibestream_live_announcements_total", "Announcements passed to event streams.")
LIVE_ENDED: Final = Counter("vibestream_live_streams_ended_total", "Event streams ended, by reason.", ["reason"])
LIVE_LISTENING: Final = Gauge("vibestream_live_listening", "1 while the database's announcements reach this process.")
LOOP_LAG: Final = Gauge("vibestream_event_loop_lag_seconds", "How late the event loop woke in the last sample.")
POOL: Final = Gauge("vibestream_database_pool_connections", "Pooled connections, by state: used or free.", ["state"])
POOL_WAITING: Final = Gauge("vibestream_database_pool_waiting", "Requests that wait for a pooled connection now.")
DATABASE_UP: Final = Gauge("vibestream_database_up", "1 while the database answers within its deadline.")
BUILD: Final = Gauge("vibestream_build_info", "1, labelled with the version that runs.", ["version"])
