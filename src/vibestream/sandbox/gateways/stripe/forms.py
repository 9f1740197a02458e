"""Stripe's form encoding: nested objects and lists as bracketed names, `line_items[0][price_data][currency]=usd`."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

from vibestream.sandbox.gateways.stripe.errors import StripeError

Form: TypeAlias = dict[str, Any]

_NAME: Final = re.compile(r"(?P<first>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)")
_INSIDE: Final = re.compile(r"\[([^\[\]]*)\]")


def read_form(encoded: str) -> Form:
    """Return the nested dicts and lists of an encoded form; every leaf is text.

    Raises:
        StripeError: a name's brackets do not close, or one name is both a value and an object.
    """
    root: Form = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        match = _NAME.fullmatch(name)
        if match is None:
            raise StripeError(f"Invalid parameter name: {name}", code="parameter_unknown", param=name)
        _place(root, [match["first"], *_INSIDE.findall(match["rest"])], value, name)
    return {key: _as_lists(value) for key, value in root.items()}


def _place(node: Form, path: list[str], value: str, name: str) -> None:
    for key in path[:-1]:
        child = node.setdefault(_key(node, key), {})
        if not isinstance(child, dict):
            raise StripeError(f"Invalid object: {name}", param=name)
        node = child
    last = _key(node, path[-1])
    if isinstance(node.get(last), dict):
        raise StripeError(f"Invalid string: {name}", param=name)
    node[last] = value


def _key(node: Form, key: str) -> str:
    """Return the key; an empty one (`expand[]`) is the next of a list."""
    return key or str(len(node))


def _as_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    below = {key: _as_lists(child) for key, child in value.items()}
    if below and all(key.isdecimal() for key in below):
        return [below[key] for key in sorted(below, key=int)]
    return below
