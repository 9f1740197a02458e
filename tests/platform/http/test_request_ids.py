"""How a request is called, from its caller to its last log line."""

from __future__ import annotations

import re

import pytest
import structlog

from vibestream.platform.access import ANYONE
from vibestream.platform.http.request_ids import identify
from vibestream.platform.http.routing import Router

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def identified(**headers: str):
    return identify(
        {"headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]}
    )


@pytest.mark.parametrize("value", ["4711-0815", "a.b_c-D9" * 16])
def test_a_callers_id_is_taken_over(value):
    assert identified(x_request_id=value).request == value


@pytest.mark.parametrize("value", ["short", "x" * 129, "with space", "new\nline-new", "<script>", "ünicode-ü", ""])
def test_what_is_no_id_is_replaced(value):
    assert re.fullmatch("[0-9a-f]{32}", identified(x_request_id=value).request)


def test_a_trace_is_taken_over():
    assert identified(traceparent=f"00-{TRACE}-00f067aa0ba902b7-01").trace == TRACE
    assert identified(traceparent=f"cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-will-bring").trace == TRACE


@pytest.mark.parametrize(
    "value",
    [
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-00f067aa0ba902b7",
        f"00-{TRACE[:-1]}-00f067aa0ba902b7-01",
        "",
    ],
)
def test_what_is_no_trace_is_replaced(value):
    made = identified(traceparent=value)
    assert re.fullmatch("[0-9a-f]{32}", made.trace)
    assert made.trace == made.request


async def test_the_answer_and_every_log_line_carry_it(serve):
    router = Router()

    @router.get("/logs", policy=ANYONE)
    async def logs() -> None:
        structlog.get_logger().info("test.line")

    client = await serve(router)
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await client.get(
            "/logs", headers={"X-Request-Id": "4711-0815", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        )
    assert answer.headers["x-request-id"] == "4711-0815"
    assert [(line["event"], line["request_id"], line["trace_id"]) for line in lines] == [
        ("test.line", "4711-0815", TRACE),
        ("http.request", "4711-0815", TRACE),
    ]
    assert structlog.contextvars.get_contextvars() == {}
