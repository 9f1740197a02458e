"""Arrays written as text are read by PostgreSQL as what they were."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.ledger.store.arrays import id_array, plain_array, quoted_array
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Tx

NASTY = ["", "NULL", "null", "a,b", "{", "}", '"', "\\", '\\"', " ", "\n", "';--", "é", "\U0001f3b5", "a\\,b", "{a}"]


async def test_texts_arrive_as_they_were(tx: Tx):
    given_texts = [*NASTY, None, "end"]
    assert await tx.value("SELECT %s::text[]", [quoted_array(given_texts)]) == given_texts


async def test_instants_ids_and_numbers_arrive_as_they_were(tx: Tx):
    instant, one = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), new_id()
    assert await tx.value("SELECT %s::timestamptz[]", [quoted_array([instant, None])]) == [instant, None]
    assert await tx.value("SELECT %s::uuid[]", [id_array([one, None])]) == [one, None]
    assert await tx.value("SELECT %s::bigint[]", [plain_array([-(2**63), 0])]) == [-(2**63), 0]


async def test_nothing_is_an_empty_array(tx: Tx):
    assert await tx.value("SELECT cardinality(%s::text[])", [quoted_array([])]) == 0
    assert await tx.value("SELECT cardinality(%s::uuid[])", [id_array([])]) == 0


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_every_text_is_one_quoted_element(texts: list[str]):
    written = quoted_array(texts)
    assert _elements(written) == texts


def _elements(written: str) -> list[str]:
    """Read an array as the documentation says: between quotes a backslash takes the next character as it is."""
    assert (written[0], written[-1]) == ("{", "}")
    found: list[str] = []
    rest = iter(written[1:-1])
    for opening in rest:
        assert opening == '"'
        element = ""
        for character in rest:
            if character == '"':
                break
            element += next(rest) if character == "\\" else character
        found.append(element)
        assert next(rest, ",") == ","
    return found
