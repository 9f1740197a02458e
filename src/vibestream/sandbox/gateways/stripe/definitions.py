"""Requests read by Stripe's own definitions: the typed parameters that its library is generated with.

The library's classes (`stripe.params`) are walked lazily, only where the request has something, which costs under a
millisecond where building validators of whole classes costs a second. Where the library allows any text beside the known
words, only so that older libraries take newer words, the words are taken as all there are.
"""

from __future__ import annotations

import importlib
import re
import sys
import types
import typing
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin

from vibestream.sandbox.gateways.stripe.errors import StripeError, missing

_INTEGER: Final = re.compile(r"[+-]?\d{1,19}")
_OPTIONS: Final = frozenset(
    (
        *("api_key", "stripe_version", "stripe_account", "stripe_context", "max_network_retries", "idempotency_key"),
        *("content_type", "headers"),
    )
)
"""What the library's classes take beside the request's own parameters; never sent."""


def read_params(definition: str, raw: dict[str, Any], *, form: bool) -> dict[str, Any]:
    """Return the parameters with their types, read by a class of `stripe.params`, such as `_refund_create_params:RefundCreateParams`.

    In a form every leaf is text and is read as what the definition says; in JSON the types must be right.

    Raises:
        StripeError: a parameter is unknown, missing, or not of its type, as Stripe says it.
    """
    return _Reader(form=form).typed_dict(_definition(definition), raw, "")


class _Reader:
    def __init__(self, *, form: bool) -> None:
        self._form = form

    def typed_dict(self, cls: Any, raw: Any, path: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise StripeError(f"Invalid object: {path}", param=path)
        allowed = set(cls.__annotations__) - _OPTIONS
        for key in raw:
            if key not in allowed:
                raise StripeError(
                    f"Received unknown parameter: {_below(path, key)}",
                    code="parameter_unknown",
                    param=_below(path, key),
                )
        for key in sorted(cls.__required_keys__ - _OPTIONS):
            if key not in raw:
                raise missing(_below(path, key))
        return {key: self.value(_hint(cls, key), value, _below(path, key)) for key, value in raw.items()}

    def value(self, hint: Any, raw: Any, path: str) -> Any:
        origin = get_origin(hint)
        if origin in (Union, types.UnionType):
            return self._one_of(get_args(hint), raw, path)
        if origin is Literal:
            return self._word(get_args(hint), raw, path)
        if origin in (list, dict):
            return self._several(origin, get_args(hint)[-1], raw, path)
        if _is_typed_dict(hint):
            return self.typed_dict(hint, raw, path)
        return self._scalar(hint, raw, path)

    def _several(self, origin: Any, hint: Any, raw: Any, path: str) -> Any:
        if not isinstance(raw, origin):
            raise StripeError(f"Invalid {'array' if origin is list else 'object'}: {path}", param=path)
        if isinstance(raw, dict):
            return {key: self.value(hint, item, _below(path, key)) for key, item in raw.items()}
        return [self.value(hint, item, f"{path}[{at}]") for at, item in enumerate(raw)]

    def _one_of(self, options: tuple[Any, ...], raw: Any, path: str) -> Any:
        words = tuple(word for option in options if get_origin(option) is Literal for word in get_args(option))
        if raw in ("", None) and "" in words:
            return ""
        shaped = [option for option in options if self._fits(option, raw)]
        known = [word for word in words if word != ""]
        if known and all(option is str or get_origin(option) is Literal for option in shaped):
            return self._word(tuple(known), raw, path)
        if not shaped:
            raise StripeError(f"Invalid value: {path}", param=path)
        for option in shaped[:-1]:
            try:
                return self.value(option, raw, path)
            except StripeError:
                continue
        return self.value(shaped[-1], raw, path)

    def _fits(self, option: Any, raw: Any) -> bool:
        origin = get_origin(option)
        if isinstance(raw, dict):
            return origin is dict or _is_typed_dict(option)
        if isinstance(raw, list):
            return origin is list
        return origin is Literal or (origin is None and not _is_typed_dict(option) and option is not type(None))

    def _word(self, words: tuple[Any, ...], raw: Any, path: str) -> Any:
        if raw not in words:
            raise StripeError(f"Invalid {path}: must be one of {', '.join(map(str, words))}", param=path)
        return raw

    def _scalar(self, hint: Any, raw: Any, path: str) -> Any:
        if isinstance(raw, (dict, list)):
            raise StripeError(f"Invalid {'string' if hint is str else 'value'}: {path}", param=path)
        if hint is bool:
            if raw not in (("true", "false") if self._form else (True, False)):
                raise StripeError(f"Invalid boolean: {raw}", param=path)
            return raw in ("true", True)
        if hint is int:
            return self._integer(raw, path)
        if hint in (float, Decimal):
            try:
                return str(Decimal(str(raw)))
            except InvalidOperation:
                raise StripeError(f"Invalid decimal: {raw}", param=path) from None
        if not isinstance(raw, str):
            raise StripeError(f"Invalid string: {raw}", param=path)
        return raw

    def _integer(self, raw: Any, path: str) -> int:
        right = isinstance(raw, str) and _INTEGER.fullmatch(raw) if self._form else type(raw) is int
        if not right:
            raise StripeError(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=path)
        return int(raw)


@cache
def _definition(name: str) -> Any:
    module, _, cls = name.partition(":")
    return getattr(importlib.import_module(f"stripe.params.{module}"), cls)


@cache
def _hint(cls: Any, key: str) -> Any:
    """Return the evaluated type of one field; the other fields' types stay unread."""
    bare = type("One", (), {"__annotations__": {key: cls.__annotations__[key]}})
    return typing.get_type_hints(bare, globalns=vars(sys.modules[cls.__module__]))[key]


def _below(path: str, key: str) -> str:
    return f"{path}[{key}]" if path else key


def _is_typed_dict(hint: Any) -> bool:
    # The library's are of typing_extensions, which typing's own question does not know.
    return hasattr(hint, "__required_keys__")
