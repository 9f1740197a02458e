"""What is personal of a payer stands in a stream only under the payer's key, and goes with it."""

from __future__ import annotations

from typing import Final

from tests.factories.checkout import NOW, make_started
from vibestream.contexts.payment.checkout.domain.events import Started
from vibestream.contexts.payment.checkout.store import codec, personal
from vibestream.platform import person_keys
from vibestream.platform.database import Tx

PERSONAL: Final = {"payer_email": "ana@example.org", "network": "198.51.100.7", "device": "Firefox on Linux"}


async def test_an_event_is_stored_unreadable_and_read_as_it_was(tx: Tx):
    started = make_started(**PERSONAL)
    stored = await personal.sealed(tx, started.payment_id, started)
    text = codec.encode(stored)

    assert all(word not in text for word in PERSONAL.values())
    assert await personal.opened(tx, [(started.payment_id, codec.decode("started", text))]) == [started]


async def test_without_its_key_the_rest_of_an_event_stays(tx: Tx):
    started = make_started(**PERSONAL)
    stored = await personal.sealed(tx, started.payment_id, started)
    await person_keys.destroy(tx, user_id=started.user_id, now=NOW)
    (read,) = await personal.opened(tx, [(started.payment_id, stored)])

    assert isinstance(read, Started)
    assert (read.payer_email, read.network, read.device) == (None, None, None)
    assert (read.amount, read.user_id, read.subject) == (started.amount, started.user_id, started.subject)


async def test_what_was_never_given_is_not_made_up(tx: Tx):
    started = make_started()
    assert await personal.sealed(tx, started.payment_id, started) == started
