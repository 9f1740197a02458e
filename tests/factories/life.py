"""Somebody who uses everything, under names that are found nowhere else, and the search for any trace of them.

life = await live(client, runtime, gateways, folder)  # a worker has to be running: `working(runtime)`
found = traces_in(rows["users.session"])              # which of their words stand there, of `every_row(connection)`
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import httpx2
import PIL.Image
import psycopg
from psycopg import sql

from tests.contexts.user.conftest import code_in
from tests.factories.bus import until
from tests.factories.chain_wallets import wallet
from tests.factories.gateways import Sandbox
from tests.factories.music import make_music
from tests.factories.passkeys import Authenticator
from tests.factories.payouts import earn, usd
from tests.factories.pictures import photo
from tests.factories.sounds import tone
from tests.factories.users import PASSWORD, make_artist
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.checkout.service.noting import apply
from vibestream.contexts.payment.gateways.domain.port import ObjectKind
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.service import Origin
from vibestream.contexts.payment.webhooks import store as webhooks
from vibestream.contexts.payment.webhooks.domain import InboxState, Received
from vibestream.contexts.user.identities.domain.values import Claimed
from vibestream.contexts.user.identities.service import link
from vibestream.contexts.user.sessions.service import Device
from vibestream.kernel.ids import PaymentId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.mail import letterbox

ADDRESS: Final = "203.0.113.77"
HTML: Final = {"Accept": "text/html"}
WORDS: Final = {
    "name": "Quillfeather Marrowby",
    "email": "quillfeather@marrowby.example",
    "wanted_email": "gossamer@marrowby.example",
    "network": "203.0.113.0/24",
    "address": ADDRESS,
    "user_agent": "Zzyzx-Browser/7.7",
    "artist": "Marrowby Quartet",
    "handle": "marrowby-quartet",
    "bio": "Four cousins from Ambervale",
    "file_name": "zanzibar-take-nine.flac",
    "unfinished": "yonderlight-rough.flac",
    "tag_title": "Gloamsong Nocturne",
    "release": "Vespertine Ledger",
    "description": "Recorded in the Ambervale granary",
    "payee": "treasurer@quartet.example",
    "earlier_payee": "cashbox@quartet.example",
    "perk": "Moonquilt rehearsal tape",
    "perk_text": "Fetch it from the Ambervale cellar",
    "tip_message": "for the zephyrine solo",
    "app": "Larkspur Widget",
    "app_address": "https://larkspur.example/back",
    "passkey": "Thimblewick phone",
    "elsewhere": "quillfeather@elsewhere.example",
    "wallet": wallet(0x7A7A).address.lower(),
    "player": "player-brontide-7",
    "about": "Keeps bees above Thistlemere",
    "evidence": "The Ambervale Gazette wrote of us",
    "reported": "Somebody copied our zephyrine waltz",
    "token": "Nettlecombe backup",
    "zone": "Antarctica/Troll",
    "former_handle": "brackenfold-trio",
    "fan_handle": "thistlewight",
    "said_of_them": "They borrowed the brindlewick reel",
    "judged": "Of the brindlewick family it is",
    "refused": "The Gazette wrote of another quartet",
    "lock_note": "Seen at the Ambervale internet cafe",
}
"""What is distinctive of them, by what it is: each stands somewhere before they are erased."""
HIDDEN: Final = {"push": "cloudberry-endpoint-9", "gateway_email": "ledgers@marrowby.example"}
"""What stands nowhere as it is, neither before nor after: under their key, or with others alone."""


@dataclass
class Life:
    """Whom it is about, and the browser that they have open."""

    user_id: UserId
    client: httpx2.AsyncClient
    runtime: Runtime
    gateways: Sandbox


def browser(app: Any) -> httpx2.AsyncClient:
    """A client from their address, with their browser's name."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False, client=(ADDRESS, 50_000))
    headers = {"User-Agent": WORDS["user_agent"]}
    return httpx2.AsyncClient(transport=transport, base_url="https://testserver", headers=headers)


async def live(client: httpx2.AsyncClient, runtime: Runtime, gateways: Sandbox, folder: Path) -> Life:
    """Sign up, and use everything there is."""
    life = Life(await _sign_up(client, runtime), client, runtime, gateways)
    await _add_passkey(life)
    await _connect(life)
    await _publish(life, folder)
    await _listen_and_tip(life)
    await _be_paid(life)
    await _register_app(life)
    await _be_seen(life)
    asked = await client.post("/api/v1/password-reset", json={"email": WORDS["email"]})
    assert asked.status_code == 202, asked.text
    form = {**HTML, "Sec-Fetch-Site": "same-origin"}
    wanted = await client.post("/account/email", data={"email": WORDS["wanted_email"]}, headers=form)
    assert wanted.status_code == 303, wanted.text
    async with browser_like(client) as other:  # from a browser of another kind: they are told
        entered = await other.post("/api/v1/sessions", json={"email": WORDS["email"], "password": PASSWORD})
        assert entered.status_code == 201, entered.text
    return life


def browser_like(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """Another browser at the same address, without the cookies of the first."""
    headers = {"User-Agent": f"{WORDS['user_agent']} Mobile Firefox/140.0 (Android 15)"}
    return httpx2.AsyncClient(transport=client._transport, base_url="https://testserver", headers=headers)


async def _sign_up(client: httpx2.AsyncClient, runtime: Runtime) -> UserId:
    body = {"email": WORDS["email"], "password": PASSWORD, "display_name": WORDS["name"]}
    assert (await client.post("/api/v1/sign-up", json=body)).status_code == 202
    folder = letterbox.folder_of(runtime.settings)

    async def written() -> bool:
        return bool(letterbox.arrived(folder, to=WORDS["email"]))

    await until(written)
    code = code_in(letterbox.arrived(folder, to=WORDS["email"])[0])
    shown = await client.post("/api/v1/verify-email", json={"code": code})
    assert shown.status_code == 200, shown.text
    return UserId(UUID(shown.json()["user_id"]))


async def _add_passkey(life: Life) -> None:
    options = (await life.client.post("/api/v1/me/passkeys/options")).json()["public_key"]
    made = await life.client.post(
        "/api/v1/me/passkeys", json={"credential": Authenticator().create(options), "name": WORDS["passkey"]}
    )
    assert made.status_code == 201, made.text


async def _connect(life: Life) -> None:
    """Connect an account elsewhere and a wallet."""
    claimed = Claimed(provider="larkspur", issuer="https://login.example", subject="7", email=WORDS["elsewhere"])
    async with life.runtime.database.begin() as tx:
        await link(tx, claimed=claimed, user_id=life.user_id, device=Device("", ""), now=utc_now())
    asked = await life.client.post("/api/v1/me/chain-wallets/challenge", json={"address": WORDS["wallet"]})
    to_sign = asked.json()["message"]
    signed = {"message": to_sign, "signature": wallet(0x7A7A).sign(to_sign)}
    made = await life.client.post("/api/v1/me/chain-wallets", json=signed)
    assert made.status_code == 201, made.text


async def _publish(life: Life, folder: Path) -> None:
    artist = {"name": WORDS["artist"], "handle": WORDS["handle"], "bio": WORDS["bio"]}
    made = await life.client.post("/api/v1/artists", json={**artist, "links": []})
    assert made.status_code == 201, made.text
    perk = {"artist_id": made.json()["artist_id"], "title": WORDS["perk"], "text": WORDS["perk_text"], "least_s": 60}
    offered = await life.client.post("/api/v1/studio/perks", json=perk)
    assert offered.status_code == 201, offered.text
    tags = ("-metadata", f"title={WORDS['tag_title']}", "-metadata", f"artist={WORDS['artist']}")
    master = tone(folder / "master.flac", *tags, seconds=3).read_bytes()
    upload_id = await _upload(life, master, name=WORDS["file_name"], size=len(master))
    await _upload(life, master[:1_000], name=WORDS["unfinished"], size=len(master))

    async def packaged() -> bool:
        async with life.runtime.database.begin() as tx:
            return bool(await tx.value("SELECT count(*) FROM music.asset WHERE state = 'ready'"))

    await until(packaged, timeout_s=90)
    studio = "/api/v1/studio/releases"
    draft = (await life.client.post(f"{studio}/from-uploads", json={"upload_ids": [upload_id]})).json()
    one = f"{studio}/{draft['release']['release_id']}"
    words = {"title": WORDS["release"], "description": WORDS["description"]}
    edited = (await life.client.patch(one, json={**words, "version": draft["version"]})).json()
    picture = io.BytesIO()
    PIL.Image.new("RGB", (700, 700), (180, 30, 90)).save(picture, "PNG")
    covered = await life.client.put(f"{one}/cover?version={edited['version']}", content=picture.getvalue())
    assert covered.status_code == 200, covered.text
    published = await life.client.post(f"{one}/publish", json={"version": covered.json()["version"]})
    assert published.status_code == 200, published.text


async def _upload(life: Life, data: bytes, *, name: str, size: int) -> str:
    named = base64.b64encode(name.encode()).decode()
    tus = {"Tus-Resumable": "1.0.0"}
    begun = await life.client.post(
        "/api/v1/tus", headers={**tus, "Upload-Length": str(size), "Upload-Metadata": f"filename {named}"}
    )
    assert begun.status_code == 201, begun.text
    where = begun.headers["Location"]
    body = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    sent = await life.client.patch(where, content=data, headers=body)
    assert sent.status_code == 204, sent.text
    return str(where.rsplit("/", 1)[1])


async def _be_seen(life: Life) -> None:
    page = {"handle": "marrowby", "about": WORDS["about"], "opened": "1"}
    saved = await life.client.post("/account/page", data=page, headers=HTML)
    assert saved.status_code == 303, saved.text
    pictured = await life.client.put("/api/v1/me/picture", content=photo())
    assert pictured.status_code == 200, pictured.text
    async with life.runtime.database.begin() as tx:
        other = await make_artist(tx)
        artist_id = await tx.value("SELECT artist_id FROM users.artist_profile WHERE user_id = %s", [life.user_id])
    asked = await life.client.post(
        f"/studio/artists/{artist_id}/verification", data={"evidence": WORDS["evidence"]}, headers=HTML
    )
    assert asked.status_code == 303, asked.text
    for place in ("portrait", "banner"):
        of_artist = await life.client.put(f"/api/v1/artists/{artist_id}/pictures/{place}", content=photo())
        assert of_artist.status_code == 200, of_artist.text
    for what, form in (("follow", {}), ("report", {"reason": "rights", "words": WORDS["reported"]})):
        done = await life.client.post(f"/artists/{other.handle}/{what}", data=form, headers=HTML)
        assert done.status_code in {200, 303}, done.text


async def _listen_and_tip(life: Life) -> None:
    async with life.runtime.database.begin() as tx:
        music = await make_music(tx, titles=("Somebody else's song",))
    await _until_heard(life, music.track_id)
    opened = await life.client.post(
        "/api/v1/listens", json={"track_id": str(music.track_id), "player_id": WORDS["player"]}
    )
    assert opened.status_code == 201, opened.text
    beat = {"seq": 1, "at_client_ms": 0, "position_ms": 0, "state": "playing"}
    assert (
        await life.client.post(f"/api/v1/listens/{opened.json()['listen_id']}/heartbeats", json={"beats": [beat]})
    ).status_code == 200
    await _top_up(life)
    tip = {
        "artist_id": str(music.artist.artist_id),
        "amount": "2.00",
        "currency": "USD",
        "message": WORDS["tip_message"],
    }
    given = await life.client.post("/api/v1/tips", json=tip, headers={"Idempotency-Key": str(new_id())})
    assert given.status_code == 201, given.text


async def _until_heard(life: Life, track_id: object) -> None:
    async def heard() -> bool:
        async with life.runtime.database.begin() as tx:
            tracks = "SELECT count(*) FROM listen_reward.track WHERE track_id = %s"
            artists = await tx.value("SELECT count(*) FROM payment.tip_artist")
            return bool(await tx.value(tracks, [track_id])) and artists > 1

    await until(heard)


async def _top_up(life: Life) -> None:
    started = await life.client.post(
        "/api/v1/wallet/top-ups",
        json={"amount": "10.00", "currency": "USD", "gateway": "stripe"},
        headers={"Idempotency-Key": str(new_id())},
    )
    assert started.status_code == 201, started.text
    payment_id = PaymentId(UUID(started.json()["payment_id"]))

    async def opened() -> bool:
        return (await _payment(life, payment_id)).redirect_url is not None

    await until(opened)
    opened_as = await _payment(life, payment_id)
    await asyncio.to_thread(life.gateways.pay_by_card, str(opened_as.redirect_url))
    await apply(life.runtime, gateway=GatewayName.STRIPE, payment_ref=str(opened_as.payment_ref))
    async with life.runtime.database.begin() as tx:
        await _be_written_about(tx, payment_id)

    async def arrived() -> bool:
        return "10.00" in (await life.client.get("/api/v1/wallet")).text

    await until(arrived)


async def _payment(life: Life, payment_id: PaymentId) -> PaymentView:
    async with life.runtime.database.begin() as tx:
        return await checkout.payment(tx, payment_id=payment_id)


async def _be_written_about(tx: Any, payment_id: PaymentId) -> None:
    """What a gateway tells of the payment, as its webhook is kept."""
    now = utc_now()
    told = Received(
        webhook_id=new_id(),
        gateway=GatewayName.STRIPE,
        event_ref=f"evt_{payment_id.hex}",
        type="charge.succeeded",
        kind=ObjectKind.PAYMENT,
        object_ref=f"ch_{payment_id.hex}",
        sent_at=now,
        received_at=now,
        state=InboxState.DONE,
        deliveries=1,
        attempts=1,
        error=None,
        changed_at=now,
    )
    body = f'{{"receipt_email": "{WORDS["email"]}", "metadata": {{"payment_id": "{payment_id}"}}}}'
    await webhooks.keep(tx, told, body=body.encode())


async def _be_paid(life: Life) -> None:
    """Have a payout to one address called off, and money sent to another from then on."""
    async with life.runtime.database.begin() as tx:
        long_ago = utc_now().replace(year=2025)
        await payouts.set_destination(
            tx,
            user_id=life.user_id,
            method=GatewayName.PAYPAL,
            address=WORDS["earlier_payee"],
            ready=True,
            now=long_ago,
        )
        await earn(tx, life.user_id, 5_000)
        asked = await payouts.request_payout(
            tx,
            key=str(new_id()),
            user_id=life.user_id,
            currency=usd(1).currency,
            amount=usd(2_000),
            requested_by=life.user_id,
            origin=Origin(network=WORDS["network"], device=WORDS["user_agent"], country="ES"),
            now=utc_now(),
        )
        await payouts.cancel(tx, payout_id=asked.payout_id, user_id=life.user_id, now=utc_now())
    changed = await life.client.put("/api/v1/payouts/destination", json={"method": "paypal", "address": WORDS["payee"]})
    assert changed.status_code == 200, changed.text


async def _register_app(life: Life) -> None:
    form = {"name": WORDS["app"], "confidence": "public", "redirect_uris": WORDS["app_address"], "scopes": ["openid"]}
    made = await life.client.post("/account/developer", data=form, headers=HTML)
    assert made.status_code == 200, made.text


async def every_row(connection: psycopg.AsyncConnection[Any]) -> dict[str, str]:
    """Every row of every table that is ours, as text, by table."""
    cursor = await connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    rows: dict[str, str] = {}
    for schema, table in await cursor.fetchall():
        whole = sql.SQL("SELECT coalesce(string_agg(one::text, E'\\n'), '') FROM {} AS one")
        found = await connection.execute(whole.format(sql.Identifier(schema, table)))
        rows[f"{schema}.{table}"] = (await found.fetchone() or ("",))[0]
    return rows


def traces_in(text: str) -> set[str]:
    """Which of their words stand in a text: as they are, in JSON's escapes, in an address, in base64, as the hexadecimal of
    a byte column, or as a digest without a key."""
    lowered = text.lower()
    return {what for what, needles in _NEEDLES.items() if any(needle in lowered for needle in needles)}


def _written(word: str) -> tuple[str, ...]:
    raw = word.encode()
    at_each_place = (base64.b64encode(bytes(place) + raw)[-(-place * 8 // 6) :] for place in range(3))
    ends = (one.rstrip(b"=")[:-1].decode().lower() for one in at_each_place)
    digests = {hashlib.sha256(one).hexdigest() for one in (raw, raw.lower())}
    return (word.lower(), quote(word.lower(), safe="").lower(), raw.hex(), *ends, *digests)


_NEEDLES: Final = {what: _written(word) for what, word in (WORDS | HIDDEN).items()}
