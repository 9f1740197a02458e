"""A process that sends payouts, one after the other, until it is killed: `python -m tests.factories.payout_process ID...`

Its settings come from the environment, as a worker's do. It says each id when it begins with it.
"""

from __future__ import annotations

import asyncio
import sys

from vibestream.contexts.payment.gateways.service import Gateways, open_gateways
from vibestream.contexts.payment.payouts import service
from vibestream.platform.config import load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store


async def main(payout_ids: list[str]) -> None:
    settings = load_settings()
    assert settings.database_url is not None
    async with Database(settings.database_url, application="payouts") as database:
        runtime = Runtime(
            settings=settings,
            database=database,
            objects=open_store(settings),
            mailer=Mailer(settings),
            cpu=BoundedThreads(threads=1),
            parts={Gateways: open_gateways(settings)},
        )
        for payout_id in payout_ids:
            print(payout_id, flush=True)
            await service.send_payout(runtime, payout_id=payout_id)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
