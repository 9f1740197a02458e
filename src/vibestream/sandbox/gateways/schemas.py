"""JSON Schema as OpenAPI 3.0 uses it, as much as the gateways' definitions need: what is wrong with a body, and where.

Stricter than the definitions in one thing: a property that no part of a schema names is refused, because a misspelt one would be
silently ignored by the provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong."""

    field: str
    """JSON pointer."""
    issue: str
    """The providers' word for it."""
    description: str
    value: Any = None


class Definitions:
    """Schemas that refer to each other as `#/components/schemas/name`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def wrong(self, name: str, body: Any) -> list[Wrong]:
        """Return what is wrong with a body by the schema of a name; nothing when it is right."""
        return list(self._check({"$ref": f"#/components/schemas/{name}"}, body, ""))

    def _check(self, schema: Schema, value: Any, at: str, *, known: frozenset[str] = frozenset()) -> Iterator[Wrong]:
        schema = self._resolved(schema)
        kind = schema.get("type") or ("object" if "properties" in schema else None)
        if kind is not None and not _is(kind, value):
            yield Wrong(at or "/", "INVALID_PARAMETER_SYNTAX", f"The value of a field is not a {kind}.", value)
            return
        if isinstance(value, str):
            yield from _text(schema, value, at)
        elif isinstance(value, list):
            yield from self._list(schema, value, at)
        elif isinstance(value, dict):
            yield from self._object(schema, value, at, known)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield from _number(schema, value, at)
        yield from self._branches(schema, value, at, known)

    def _branches(self, schema: Schema, value: Any, at: str, known: frozenset[str]) -> Iterator[Wrong]:
        known |= self._named(schema)
        for part in schema.get("allOf", ()):
            yield from self._check(part, value, at, known=known)
        for word in ("anyOf", "oneOf"):
            tried = [list(self._check(part, value, at, known=known)) for part in schema.get(word, ())]
            if tried and all(tried):
                yield from min(tried, key=len)

    def _object(self, schema: Schema, value: dict[str, Any], at: str, known: frozenset[str]) -> Iterator[Wrong]:
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield Wrong(f"{at}/{name}", "MISSING_REQUIRED_PARAMETER", "A required field / parameter is missing.")
        allowed = known | self._named(schema)
        free = schema.get("additionalProperties")
        for name, item in value.items():
            if name in properties:
                yield from self._check(properties[name], item, f"{at}/{name}")
            elif isinstance(free, dict):
                yield from self._check(free, item, f"{at}/{name}")
            elif name not in allowed and allowed and not free:
                yield Wrong(f"{at}/{name}", "UNKNOWN_PARAMETER", "The definition has no such field.", item)

    def _list(self, schema: Schema, value: list[Any], at: str) -> Iterator[Wrong]:
        if len(value) < schema.get("minItems", 0):
            yield Wrong(at, "INVALID_ARRAY_MIN_ITEMS", "The number of items in an array parameter is too small.")
        if len(value) > schema.get("maxItems", len(value)):
            yield Wrong(at, "INVALID_ARRAY_MAX_ITEMS", "The number of items in an array parameter is too large.")
        for number, item in enumerate(value):
            yield from self._check(schema.get("items", {}), item, f"{at}/{number}")

    def _named(self, schema: Schema) -> frozenset[str]:
        """Return every property that the schema, or a part of it, names."""
        schema = self._resolved(schema)
        parts = [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, ())]
        return frozenset(schema.get("properties", {})).union(*(self._named(part) for part in parts))

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            node: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            schema = node
        return schema


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _text(schema: Schema, value: str, at: str) -> Iterator[Wrong]:
    if "enum" in schema and value not in schema["enum"]:
        yield Wrong(at, "INVALID_PARAMETER_VALUE", f"The value is not one of {', '.join(schema['enum'])}.", value)
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield Wrong(at, "INVALID_STRING_LENGTH", "The value of a field is either too short or too long.", value)
    if "pattern" in schema and not _pattern(schema["pattern"]).search(value):
        yield Wrong(at, "INVALID_PARAMETER_SYNTAX", f"The value does not match {schema['pattern']}.", value)


def _number(schema: Schema, value: float, at: str) -> Iterator[Wrong]:
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield Wrong(at, "INVALID_PARAMETER_VALUE", "The value of a field is out of range.", value)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    # In a schema `.` matches any character of the text and `$` only its end.
    return re.compile(pattern.replace("$", r"\Z") if pattern.endswith("$") else pattern, re.DOTALL)
