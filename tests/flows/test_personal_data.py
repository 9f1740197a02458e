"""What every capability holds of people: told, erased, erased again."""

from __future__ import annotations

import json

import pytest

from tests.factories.users import make_user
from vibestream.flows.personal_data import PERSONAL_DATA
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData

EVERY = pytest.mark.parametrize("held", PERSONAL_DATA, ids=lambda held: held.name)


def test_each_has_a_name_of_its_own():
    assert len({held.name for held in PERSONAL_DATA}) == len(PERSONAL_DATA)


@EVERY
async def test_of_nobody_nothing_is_told_and_nothing_is_erased(tx: Tx, held: PersonalData):
    nobody = new_id()
    assert list(await held.export(tx, nobody)) == []
    await held.erase(tx, nobody)
    await held.erase(tx, nobody)


async def test_what_is_told_of_somebody_is_json_and_is_gone_after_they_were_erased(tx: Tx):
    user, other = await make_user(tx), await make_user(tx)
    told = {held.name: [dict(one) for one in await held.export(tx, user.user_id)] for held in PERSONAL_DATA}
    assert user.email in json.dumps(told)
    assert other.email not in json.dumps(told)
    for _ in range(2):
        for held in PERSONAL_DATA:
            await held.erase(tx, user.user_id)
    left = {held.name: [dict(one) for one in await held.export(tx, user.user_id)] for held in PERSONAL_DATA}
    assert user.email not in json.dumps(left)
    assert other.email in json.dumps(
        [dict(one) for held in PERSONAL_DATA for one in await held.export(tx, other.user_id)]
    )
