"""What somebody who uses everything does beside their music and their money, and what others write about them.

await live_beside(life)   # after `live`; a worker has to be running
"""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from tests.factories.factors import secret_of
from tests.factories.labels import agreed, asked_by_artist, make_label
from tests.factories.life import HIDDEN, HTML, WORDS, Life
from tests.factories.teams import make_member, member_of
from tests.factories.users import Artist, User, make_artist, make_user
from vibestream.contexts.user.factors.domain import code_at, step_of
from vibestream.contexts.user.locks import service as locks
from vibestream.contexts.user.locks.service import LockReason
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import returning
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.domain import Kind, Reason, Subject, Verdict
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.contexts.user.verification import service as verification
from vibestream.contexts.user.verification.domain import State
from vibestream.kernel.ids import ArtistId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

_DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"


async def live_beside(life: Life) -> None:
    """Choose what one is told and where, let a device in, make tokens, work with others, and be written about."""
    await _choose(life)
    await _change_handles(life)
    await _let_a_device_in(life)
    async with life.runtime.database.begin() as tx:
        own = await _own_artist(tx, life)
        await _work_with_others(tx, own)
        await _be_written_about(tx, own)
    await _be_known_to_a_gateway(life)
    await _set_up_an_app(life)


async def _choose(life: Life) -> None:
    settings, client = life.runtime.settings, life.client
    sender = notifications.public_key(settings)
    browser = {
        "endpoint": f"https://push.example.org/{HIDDEN['push']}",
        "keys": {"p256dh": sender, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
        "sender": sender,
    }
    hours = {"time_zone": WORDS["zone"], "quiet_from": "22:00", "quiet_until": "07:00"}
    token = {"name": WORDS["token"], "days": "30", "scopes": "profile"}
    identity = {"commitment": "4711471147114711"}
    standing = (await client.get("/api/v1/me/listening")).json()
    for sent, status in (
        (client.post("/api/v1/me/push-subscriptions", json=browser), 201),
        (client.put("/api/v1/me/notification-hours", json=hours), 204),
        (client.put("/api/v1/me/notification-choices/new_release/push", json={"wanted": False}), 204),
        (client.post("/account/tokens", data=token, headers=HTML), 200),
        (client.put("/api/v1/receipts/identity", json=identity), 200),
        (client.put("/api/v1/me/listening", json={"version": standing["version"]}), 204),
    ):
        answer = await sent
        assert answer.status_code == status, answer.text


async def _change_handles(life: Life) -> None:
    """Give up a handle as an artist and one as a fan: what is given up rests, and is theirs for a while."""
    async with life.runtime.database.begin() as tx:
        own = await _own_artist(tx, life)
    for handle in (WORDS["former_handle"], WORDS["handle"]):
        renamed = await life.client.patch(f"/api/v1/artists/{own.artist_id}", json={"handle": handle})
        assert renamed.status_code == 200, renamed.text
    page = {"handle": WORDS["fan_handle"], "about": WORDS["about"], "opened": "1"}
    saved = await life.client.post("/account/page", data=page, headers=HTML)
    assert saved.status_code == 303, saved.text


async def _let_a_device_in(life: Life) -> None:
    form = {
        "name": WORDS["app"],
        "confidence": "public",
        "redirect_uris": "",
        "devices": "on",
        "scopes": ["openid", "offline_access"],
    }
    made = await life.client.post("/account/developer", data=form, headers=HTML)
    assert made.status_code == 200, made.text
    async with life.runtime.database.begin() as tx:
        client_id = await tx.value("SELECT client_id::text FROM users.oauth_client ORDER BY made_at DESC LIMIT 1")
    who = {"client_id": client_id}
    begun = await life.client.post("/oauth/device_authorization", data=who | {"scope": "openid offline_access"})
    assert begun.status_code == 200, begun.text
    decided = {"user_code": begun.json()["user_code"], "decision": "allow"}
    answered = await life.client.post("/device/decide", data=decided, headers=HTML)
    assert answered.status_code in {200, 303}, answered.text
    asked = who | {"grant_type": _DEVICE, "device_code": begun.json()["device_code"]}
    let_in = await life.client.post("/oauth/token", data=asked)
    assert let_in.status_code == 200, let_in.text


async def _own_artist(tx: Tx, life: Life) -> Artist:
    artist_id = ArtistId(
        UUID(str(await tx.value("SELECT artist_id FROM users.artist_profile WHERE user_id = %s", [life.user_id])))
    )
    user = User(user_id=life.user_id, email=WORDS["email"], password="", display_name=WORDS["name"])
    handle = await tx.value("SELECT handle FROM users.artist_profile WHERE artist_id = %s", [artist_id])
    return Artist(artist_id=artist_id, user=user, name=WORDS["artist"], handle=str(handle))


async def _work_with_others(tx: Tx, own: Artist) -> None:
    """Have an editor and a label, be an analyst of somebody else's, and have asked a second label."""
    other = await make_artist(tx)
    await make_member(tx, own)
    await member_of(tx, other.artist_id, other.user_id, own.user, TeamRole.ANALYST)
    await agreed(tx, await make_label(tx, name="Casa Norte"), own)
    await asked_by_artist(tx, own, await make_label(tx, name="Casa Oeste"))


async def _be_written_about(tx: Tx, own: Artist) -> None:
    """Be reported, judged, refused, locked for a moment, and have mail come back."""
    now = utc_now()
    reporter, judge = await make_user(tx), await make_user(tx, roles=["moderator"])
    subject = Subject(kind=Kind.ARTIST, subject_id=own.artist_id, owner_id=own.user_id)
    await reports.report(
        tx, reporter=reporter.user_id, subject=subject, reason=Reason.RIGHTS, words=WORDS["said_of_them"], now=now
    )
    await reports.decide(
        tx,
        kind=Kind.ARTIST,
        subject_id=own.artist_id,
        verdict=Verdict.DISMISSED,
        by=judge.user_id,
        note=WORDS["judged"],
        now=now,
    )
    waiting = await verification.own_newest(tx, artist_id=own.artist_id, user_id=own.user_id)
    await verification.decide(
        tx,
        verification_id=waiting.verification_id,
        verdict=State.REFUSED,
        by=judge.user_id,
        ground="not_enough",
        reason=WORDS["refused"],
        now=now,
    )
    await locks.lock(
        tx, user_id=own.user_id, reason=LockReason.ABUSE, note=WORDS["lock_note"], by=judge.user_id, now=now
    )
    await locks.unlock(tx, user_id=own.user_id, note=WORDS["lock_note"], by=judge.user_id, now=now)
    reply = f"550 5.1.1 no mailbox {WORDS['email'].upper()}"
    await returning.mark(tx, user_id=own.user_id, address=WORDS["email"], reply=reply, now=now)


async def _be_known_to_a_gateway(life: Life) -> None:
    body = {"country": "ES", "email": HIDDEN["gateway_email"]}
    sent = await life.client.post("/api/v1/payouts/stripe-account", json=body)
    assert sent.status_code == 200, sent.text


async def _set_up_an_app(life: Life) -> None:
    """The last that they do: from then on an app of theirs is asked for."""
    begun = await life.client.post("/api/v1/me/factors/totp")
    assert begun.status_code == 201, begun.text
    uri = _uri_in(begun.json())
    code = code_at(secret_of(uri), step_of(utc_now()))
    shown = await life.client.post("/api/v1/me/factors/totp/confirm", json={"code": code})
    assert shown.status_code == 200, shown.text


def _uri_in(told: dict[str, Any]) -> str:
    return next(str(one) for one in told.values() if re.match("otpauth://", str(one)))
