"""A process that makes an export and is killed on the way: `python -m tests.factories.export_process WHERE ID DSN FOLDER`.

WHERE is `parts` (five are told), `signed` (nothing is stored yet), `stored` (its row does not say so) or `ready` (all is done).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from vibestream.contexts.user.exports import service as exports
from vibestream.flows import export_person
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store


def kill() -> None:
    """End this process as the machine would: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


async def main(where: str, export_id: str, dsn: str, folder: str) -> None:
    """Make the export, up to where it is to die."""
    settings = load_settings(environment=Environment.TEST, data_dir=Path(folder), database_url=dsn)
    objects = open_store(settings)
    progress, put_file, ready = exports.progress, objects.put_file, exports.ready

    async def killed_in_parts(*args: Any, done: int, **more: Any) -> bool:
        if where == "parts" and done == 6:
            kill()
        return await progress(*args, done=done, **more)

    async def killed_in_storing(*args: Any, **more: Any) -> Any:
        if where == "signed":
            kill()
        return await put_file(*args, **more)

    async def killed_in_publishing(*args: Any, **more: Any) -> Any:
        if where == "stored":
            kill()
        return await ready(*args, **more)

    exports.progress = killed_in_parts
    exports.ready = killed_in_publishing
    objects.put_file = killed_in_storing  # type: ignore[method-assign]
    async with Database(dsn, max_size=3, application="killed") as database:
        runtime = Runtime(
            settings=settings,
            database=database,
            objects=objects,
            mailer=Mailer(settings),
            cpu=BoundedThreads(threads=1),
        )
        await export_person.make_export(runtime, export_id=export_id)
        kill()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
