"""Three admins and somebody else, and what an admin does, each in a transaction of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.factories.users import User, make_user
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.administration import service
from vibestream.contexts.user.administration.service import Proposal, Step
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

NETWORK = "192.0.2.0/24"


@dataclass
class Office:
    """Who is there."""

    database: Database
    ana: User
    bea: User
    cara: User
    other: User

    async def asks(self, by: User, who: User, role: Role, *, grants: bool = True) -> Step:
        async with self.database.begin() as tx:
            return await service.change_role(
                tx, user_id=who.user_id, role=role, grants=grants, by=by.user_id, network=NETWORK, now=utc_now()
            )

    async def decides(self, by: User, proposal: Proposal, *, agrees: bool = True, **later: Any) -> Proposal:
        async with self.database.begin() as tx:
            decide = service.approve if agrees else service.refuse
            return await decide(
                tx, proposal_id=proposal.proposal_id, by=by.user_id, network=NETWORK, now=later.get("now", utc_now())
            )

    async def newest(self) -> Proposal:
        async with self.database.begin() as tx:
            return (await service.proposals(tx))[0]

    async def roles(self, who: User) -> set[str]:
        async with self.database.begin() as tx:
            return set(
                await tx.values("SELECT role FROM users.role_grant WHERE user_id = %s ORDER BY role", [who.user_id])
            )


@pytest.fixture
async def office(database: Database) -> Office:
    async with database.begin() as tx:
        ana, bea, cara = [await make_user(tx, display_name=name, roles=["admin"]) for name in ("Ana", "Bea", "Cara")]
        other = await make_user(tx, email="dora@example.org", display_name="Dora")
    return Office(database, ana, bea, cara, other)
