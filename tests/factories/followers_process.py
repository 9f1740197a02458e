"""A process that tells followers and is killed on the way: `python -m tests.factories.followers_process STEP WHEN ID DSN FOLDER`.

It dies in its STEP-th batch, WHEN: `told` (before they are noted), `noted` (before the commit), `committed` (behind it).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from vibestream.contexts.user.release_news import service as release_news
from vibestream.flows.tell_followers import tell_followers
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store


async def main(step: str, when: str, news_id: str, dsn: str, folder: str) -> None:
    """Tell followers, up to where it is to die."""
    settings = load_settings(environment=Environment.TEST, data_dir=Path(folder), database_url=dsn)
    note, look, noted = release_news.note, release_news.next_followers, 0

    async def killed_in_noting(*args: Any, **more: Any) -> None:
        nonlocal noted
        if when == "told" and noted + 1 == int(step):
            os.kill(os.getpid(), signal.SIGKILL)
        await note(*args, **more)
        noted += 1
        if when == "noted" and noted == int(step):
            os.kill(os.getpid(), signal.SIGKILL)

    async def killed_in_looking(*args: Any, **more: Any) -> Any:
        if when == "committed" and noted == int(step):
            os.kill(os.getpid(), signal.SIGKILL)
        return await look(*args, **more)

    release_news.note = killed_in_noting
    release_news.next_followers = killed_in_looking
    async with Database(dsn, max_size=2, application="killed") as database:
        runtime = Runtime(
            settings=settings,
            database=database,
            objects=open_store(settings),
            mailer=Mailer(settings),
            cpu=BoundedThreads(threads=1),
        )
        await tell_followers(runtime, news_id=news_id)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
