"""A person's browser as far as the public API is concerned: cookies, JSON, tus, HLS. Nothing here knows the database."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urljoin

import httpx

from vibestream.kernel.errors import Unavailable

_CHUNK: Final = 1 << 20
_CODE: Final = re.compile(r"\b(\d{4}) ?(\d{4})\b")
_MAIL_WITHIN_S: Final = 30
Progress = Callable[[int, int], None]


class Refused(Unavailable):
    """The platform answered with a problem; the message is its own."""

    code = "story.refused"

    def __init__(self, response: httpx.Response) -> None:
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        said = problem.get("detail") or problem.get("title") or response.text[:200]
        super().__init__(f"{response.request.method} {response.request.url.path}: {response.status_code} {said}")
        self.status = response.status_code
        self.problem = problem


class MailDidNotCome(Unavailable):
    """The code that was asked for did not arrive at the sandbox's mail page."""

    code = "story.mail_did_not_come"


@dataclass(frozen=True, slots=True)
class Stream:
    """What a player is told: the rungs of the ladder and the segments of one of them."""

    init_url: str
    segment_urls: tuple[str, ...]
    segment_ms: tuple[int, ...]


class Visitor:
    """One browser. Use as a context manager."""

    def __init__(self, base_url: str, *, timeout_s: float = 30) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s, headers={"Origin": base_url})
        self._password = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON at a path.

        Raises:
            Refused: the answer was a problem.
        """
        return _json(self._http.get(path, params=params))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send JSON and return the JSON that answers, None when there is none.

        Raises:
            Refused: the answer was a problem.
        """
        return _json(self._http.post(path, json=body or {}))

    def order(self, path: str, body: dict[str, Any]) -> Any:
        """Send JSON that must have its effect once, however often it is sent, and return the JSON that answers.

        Raises:
            Refused: the answer was a problem.
        """
        return _json(self._http.post(path, json=body, headers={"Idempotency-Key": secrets.token_hex(16)}))

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """Set what stands at a path and return the JSON that answers.

        Raises:
            Refused: the answer was a problem.
        """
        return _json(self._http.put(path, json=body))

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """Send a change as JSON and return the JSON that answers.

        Raises:
            Refused: the answer was a problem.
        """
        return _json(self._http.patch(path, json=body))

    def sign_up(self, *, email: str, password: str, display_name: str) -> None:
        """Make an account and verify its address by the code that arrives at the sandbox's mail page."""
        self.post("/api/v1/sign-up", {"email": email, "password": password, "display_name": display_name})
        self.post("/api/v1/verify-email", {"code": self._mailed_code(email)})
        self._password = password

    def sign_in(self, *, email: str, password: str) -> None:
        """Sign in to an account."""
        self.post("/api/v1/sessions", {"email": email, "password": password})
        self._password = password

    def step_up(self) -> None:
        """Show by the password that it is oneself, which is asked for before money is sent somewhere."""
        self.post("/api/v1/me/step-up", {"proof": self._password})

    def cookies(self) -> dict[str, str]:
        """Return the cookies that it holds, to go on elsewhere as the same browser."""
        return {cookie.name: cookie.value or "" for cookie in self._http.cookies.jar}

    def upload(self, file: Path, *, progress: Progress | None = None, chunk: int = _CHUNK) -> str:
        """Upload a file by tus and return the upload's id; a connection that is cut is taken up where it was.

        Raises:
            Refused: the platform does not take it.
        """
        size = file.stat().st_size
        name = base64.b64encode(file.name.encode()).decode()
        tus = {"Tus-Resumable": "1.0.0"}
        began = self._http.post(
            "/api/v1/tus", headers=tus | {"Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
        )
        if began.is_error:
            raise Refused(began)
        address = began.headers["Location"]
        with file.open("rb") as source:
            offset = 0
            while offset < size:
                source.seek(offset)
                offset = self._send_chunk(address, source.read(chunk), offset, tus)
                if progress is not None:
                    progress(offset, size)
        return str(address).rsplit("/", 1)[-1]

    def stream(self, master_url: str) -> Stream:
        """Read the playlists that a player would, and return the segments of the first rung."""
        master_url = urljoin(self.base_url, master_url)
        rungs = [line for line in self._text(master_url).splitlines() if line and not line.startswith("#")]
        playlist_url = urljoin(master_url, rungs[0])
        lines = self._text(playlist_url).splitlines()
        init = next(line for line in lines if line.startswith("#EXT-X-MAP:"))
        lasts = [float(line[8:].split(",")[0]) for line in lines if line.startswith("#EXTINF:")]
        segments = [line for line in lines if line and not line.startswith("#")]
        return Stream(
            init_url=urljoin(playlist_url, init.split('URI="')[1].split('"')[0]),
            segment_urls=tuple(urljoin(playlist_url, one) for one in segments),
            segment_ms=tuple(round(seconds * 1000) for seconds in lasts),
        )

    def fetch(self, url: str) -> bytes:
        """Return the bytes at an address.

        Raises:
            Refused: the answer was a problem.
        """
        response = self._http.get(url)
        if response.is_error:
            raise Refused(response)
        return response.content

    def _text(self, url: str) -> str:
        return self.fetch(url).decode()

    def _send_chunk(self, address: str, data: bytes, offset: int, tus: dict[str, str]) -> int:
        headers = tus | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        try:
            sent = self._http.patch(address, content=data, headers=headers)
        except httpx.TransportError:
            return self._offset(address, tus)
        if sent.is_error:
            raise Refused(sent)
        return int(sent.headers["Upload-Offset"])

    def _offset(self, address: str, tus: dict[str, str]) -> int:
        for pause_s in _pauses():
            try:
                standing = self._http.head(address, headers=tus)
            except httpx.TransportError:
                time.sleep(pause_s)  # noqa: TID251 - the story has no event loop
                continue
            if standing.is_error:
                raise Refused(standing)
            return int(standing.headers["Upload-Offset"])
        raise Unavailable("The server went away during an upload and did not come back.")

    def _mailed_code(self, email: str) -> str:
        deadline = time.monotonic() + _MAIL_WITHIN_S
        while time.monotonic() < deadline:
            for message in self.get("/sandbox/mail/messages", to=email)["messages"]:
                found = _CODE.search(message["text"])
                if found:
                    return found[1] + found[2]
            time.sleep(0.1)  # noqa: TID251 - the story has no event loop
        raise MailDidNotCome(
            f"No code for {email} arrived at /sandbox/mail within {_MAIL_WITHIN_S} s. Is the worker running?"
        )


def new_password() -> str:
    """Return a password that nobody could guess and that the policy takes."""
    return secrets.token_urlsafe(18)


def _json(response: httpx.Response) -> Any:
    if response.is_error:
        raise Refused(response)
    return response.json() if response.content else None


def _pauses() -> Iterator[float]:
    yield from (0.1, 0.2, 0.5, *[1] * 120)
