"""`make load`: bounded load on a running VibeStream of this machine, and a report.

    python -m bench.load [--users 20] [--seconds 60] [--url http://localhost:8000]

Listeners play published music in real time with heartbeats, visitors browse; see bench/locustfile.py. The target must be
on the loopback interface, and the run ends by itself. Writes test-results/load/report.html and prints the summary.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vibestream.cli.story.visitor import Refused, Visitor, new_password
from vibestream.platform.config import load_settings

_MOST_USERS = 200
_MOST_SECONDS = 600
RESULTS = Path("test-results/load")
ACCOUNTS = RESULTS / "accounts.json"


def main() -> int:
    """Prepare accounts, run the scenarios, and return locust's exit code."""
    arguments = _arguments()
    _require_loopback(arguments.url)
    RESULTS.mkdir(parents=True, exist_ok=True)
    print(f"{_prepare_accounts(arguments.url, arguments.users)} accounts to listen with")
    command = [
        *(sys.executable, "-m", "locust", "--headless", "--locustfile", str(Path(__file__).with_name("locustfile.py"))),
        *("--host", arguments.url, "--users", str(arguments.users), "--spawn-rate", "5"),
        *("--run-time", f"{arguments.seconds}s", "--stop-timeout", "10", "--only-summary"),
        *("--html", str(RESULTS / "report.html"), "--csv", str(RESULTS / "load")),
    ]
    code = subprocess.run(command, check=False).returncode
    print(f"Report: {RESULTS / 'report.html'}")
    return code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Bounded load on a running VibeStream of this machine.")
    parser.add_argument("--users", type=int, default=20, help=f"people at once, at most {_MOST_USERS}")
    parser.add_argument("--seconds", type=int, default=60, help=f"how long, at most {_MOST_SECONDS}")
    parser.add_argument("--url", default=load_settings().base_url, help="where VibeStream answers")
    arguments = parser.parse_args()
    if not 1 <= arguments.users <= _MOST_USERS or not 1 <= arguments.seconds <= _MOST_SECONDS:
        parser.error(f"at most {_MOST_USERS} users for at most {_MOST_SECONDS} seconds")
    return arguments


def _require_loopback(url: str) -> None:
    host = urlsplit(url).hostname or ""
    addresses = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    if not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        sys.exit(f"{host} is not this machine: load is sent to the loopback interface only.")


def _prepare_accounts(url: str, wanted: int) -> int:
    """Make sure of accounts to listen with, kept for the next run; as many as the sign-up limit allows."""
    known = json.loads(ACCOUNTS.read_text()) if ACCOUNTS.exists() else {}
    accounts = known.get(url, [])
    while len(accounts) < wanted:
        account: dict[str, Any] = {
            "email": f"load-{len(accounts)}-{new_password()[:8].lower()}@load.example",
            "password": new_password(),
        }
        with Visitor(url) as visitor:
            try:
                visitor.sign_up(email=account["email"], password=account["password"], display_name="Load")
            except Refused as refused:
                print(f"  no more accounts for now: {refused}")
                break
            account["cookies"] = visitor.cookies()
        accounts.append(account)
        ACCOUNTS.touch(mode=0o600)
        ACCOUNTS.write_text(json.dumps({**known, url: accounts}))
    return len(accounts)


if __name__ == "__main__":
    sys.exit(main())
