"""The metrics of calls to gateways. Labels are closed: no person, no reference, no amount."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

CALLS: Final = Counter(
    "vibestream_gateway_calls_total",
    "Calls to payment gateways, by outcome: well, declined, unsupported, unavailable, unknown or held_back.",
    ["gateway", "operation", "outcome"],
)
SECONDS: Final = Histogram(
    "vibestream_gateway_call_duration_seconds",
    "Time of one attempt of a call to a payment gateway.",
    ["gateway", "operation"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40),
)
RETRIES: Final = Counter(
    "vibestream_gateway_retries_total",
    "Further attempts with the same key, by whether the retry budget granted them.",
    ["gateway", "granted"],
)
HELD_BACK: Final = Gauge(
    "vibestream_gateway_breaker_open",
    "1 while this process holds calls to a payment gateway back, 0 while they go through.",
    ["gateway"],
)
