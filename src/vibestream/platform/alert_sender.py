"""The process that tells operators by apprise: `python -m vibestream.platform.alert_sender`, its orders on standard input.

Each receiver has a thread of its own and a line of the answer: its number and `sent`, `failed` or `unusable`.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import Any

import apprise

from vibestream.platform.processes import die_with_parent


def main() -> None:
    """Tell each receiver, and say what became of it."""
    die_with_parent(signal.SIGKILL)
    orders = json.loads(sys.stdin.read())
    threads = [
        threading.Thread(target=_tell, args=(number, address, orders))
        for number, address in enumerate(orders["addresses"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _tell(number: int, address: str, orders: dict[str, Any]) -> None:
    became = "failed"
    try:
        became = _became(address, orders)
    finally:  # a client's defect is a failure of this receiver alone
        sys.stdout.write(f"{number} {became}\n")
        sys.stdout.flush()


def _became(address: str, orders: dict[str, Any]) -> str:
    asset = apprise.AppriseAsset(
        app_id="VibeStream",
        app_desc="VibeStream",
        app_url="",
        async_mode=False,
        http_redirects=False,  # an answer does not decide where a secret is sent
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,  # nothing of it is left on a disk
        image_url_mask="",
        image_url_logo="",
    )
    receivers = apprise.Apprise(asset=asset)
    if not receivers.add(address):
        return "unusable"
    kind = apprise.NotifyType.FAILURE if orders["wrong"] else apprise.NotifyType.SUCCESS
    told = receivers.notify(
        title=orders["title"], body=orders["text"], notify_type=kind, body_format=apprise.NotifyFormat.TEXT
    )
    return "sent" if told else "failed"


if __name__ == "__main__":
    main()
