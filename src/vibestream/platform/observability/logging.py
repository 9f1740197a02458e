"""Log lines: structured, one record a line whatever a value holds, and without personal data.

Ids of requests, routes, codes and figures are logged; names, addresses, query strings, bodies and tokens are not. What
slips in by an exception's text is masked by pattern: see `platform.quoted`. Loggers of libraries are written by the same rules.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from vibestream.platform.config import Settings
from vibestream.platform.quoted import MASKED, unquoted

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SECRET: Final = re.compile(r"(^|_)(password|secret|token|cookie|authorization|email|display_name)$", re.IGNORECASE)
_CHATTY: Final = ("granian.access", "httpx", "botocore", "aiosmtpd", "mail.log")


def configure_logging(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Send every log line of this process, libraries' included, to standard error as the settings say.

    Called once, first thing in a process; a later call replaces what the earlier one set.
    """
    stream = stream or sys.stderr
    level = getattr(logging, settings.log_level.upper())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask,
    ]
    renderer = _renderer(settings, stream)
    structlog.configure(
        processors=[*before, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("_granian", "granian.access"):  # granian gave them handlers of their own before it loaded us
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def mask(_: Any, __: str, event: EventDict) -> EventDict:
    """Mask personal data in a record, and make each of its texts one line; a traceback's lines begin with a bar."""
    for key, value in event.items():
        if key in {"exception", "stack"}:
            event[key] = "\n".join(f"  | {_one_line(line)}" for line in unquoted(str(value)).splitlines())
        elif _SECRET.search(key):
            event[key] = MASKED
        else:
            event[key] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    match value:
        case str():
            return _one_line(unquoted(value))
        case None | bool() | int() | float():
            return value
        case dict():
            return {str(key): MASKED if _SECRET.search(str(key)) else _masked(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(inner) for inner in value]
        case _:
            return _one_line(unquoted(str(value)))


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _renderer(settings: Settings, stream: TextIO) -> Processor:
    if settings.log_format == "json":
        return _json_line
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)


_to_json = structlog.processors.JSONRenderer(ensure_ascii=False)


def _json_line(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
    return str(_to_json(logger, name, event))
