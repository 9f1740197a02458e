"""Both stores, and the S3 server that one of them talks to: moto's, a process of its own on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.config import Config  # type: ignore[import-untyped]

from vibestream.platform.storage import ObjectStore
from vibestream.platform.storage.local import LocalObjectStore
from vibestream.platform.storage.s3 import S3ObjectStore

ACCESS = "testing"
SECRET = "testing-secret"
_buckets = count()


class Bucket:
    """A fresh bucket on the server, with a client that is not ours to look into it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.name = f"vibestream-{os.getpid()}-{next(_buckets)}"
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET,
            config=Config(retries={"max_attempts": 1}),
        )
        self.client.create_bucket(Bucket=self.name)

    def store(self, *, give_up_after_s: int = 60) -> S3ObjectStore:
        return S3ObjectStore(
            bucket=self.name,
            region="us-east-1",
            endpoint=self.endpoint,
            access_key_id=ACCESS,
            secret_access_key=SECRET,
            give_up_after_s=give_up_after_s,
        )


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("moto") / "log"
    program = Path(sys.executable).with_name("moto_server")
    with (
        log.open("wb") as out,
        subprocess.Popen([program, "-H", "127.0.0.1", "-p", "0"], stdout=out, stderr=out) as server,
    ):
        try:
            yield _address(log, server)
        finally:
            server.terminate()


def _address(log: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        for line in log.read_text().splitlines():
            if "Running on http://" in line:
                return line.split("Running on ")[1].strip()
        time.sleep(0.05)
    raise AssertionError("moto_server did not start: " + log.read_text())


@pytest.fixture
def bucket(s3_endpoint: str) -> Bucket:
    return Bucket(s3_endpoint)


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """Either store, empty."""
    if request.param == "local":
        return LocalObjectStore(tmp_path / "objects")
    made: ObjectStore = request.getfixturevalue("bucket").store()
    return made
