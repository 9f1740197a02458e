"""Real objects of somebody, one of each kind that an address can name: what a stranger tries with, and its owner as well.

named = await make_thing("payout", tx, owner, runtime)     # {"payout_id": "0199..."}: what the address holds
request = request_of("POST /api/v1/payouts/{payout_id}/cancel", named)
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tests.contexts.music.catalogue.test_routes import picture
from tests.contexts.payment.top_ups.test_top_ups import topped_up
from tests.contexts.user.passkeys.test_service import add as add_passkey
from tests.factories.chain_wallets import wallet as chain_wallet
from tests.factories.exchange import make_rate, make_reserve
from tests.factories.labels import asked_by_artist, asked_by_label, make_label
from tests.factories.listen_reward import make_track
from tests.factories.listen_reward import registered as registered_track
from tests.factories.music import make_music
from tests.factories.music_assets import make_asset
from tests.factories.passkeys import Authenticator
from tests.factories.payment import make_liquidity, make_wallet, transfer
from tests.factories.payouts import ask as ask_payout
from tests.factories.payouts import make_payee
from tests.factories.royalties import make_artist as make_song
from tests.factories.royalties import person
from tests.factories.users import DEVICE, User, make_artist, open_session, principal_of
from tests.web.finance.conftest import make_payment
from vibestream.contexts.listen_reward.fandom import service as fandom
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.pools.domain import Policy
from vibestream.contexts.music.uploads import service as uploads
from vibestream.contexts.music.uploads.domain.protocol import read_metadata
from vibestream.contexts.payment.exchange import service as exchange
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import Share
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.contexts.user.chain_wallets import service as chain_wallets
from vibestream.contexts.user.exports import service as exports
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.identities.domain.values import Claimed
from vibestream.contexts.user.identities.service import link
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.oauth import service as oauth
from vibestream.contexts.user.oauth.store import clients as oauth_clients
from vibestream.contexts.user.teams import service as teams
from vibestream.contexts.user.verification import service as verification
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime
from vibestream.web.pages import release_form

Named = dict[str, str]
_PERK: Final[dict[str, Any]] = {"title": "A demo", "text": "Here it is."}


@dataclass(frozen=True, slots=True)
class Making:
    """What an object is made with: a committed transaction, and who it is to belong to."""

    tx: Tx
    owner: User
    runtime: Runtime


async def make_thing(kind: str, tx: Tx, owner: User, runtime: Runtime) -> Named:
    """Make an object of a kind, of an owner who holds the role of an artist, and return what an address names it by."""
    return await _MAKE[kind](Making(tx, owner, runtime))


async def _passkey(m: Making) -> Named:
    return {"passkey_id": str((await add_passkey(m.tx, m.owner, Authenticator())).passkey_id)}


async def _connected_account(m: Making) -> Named:
    made = await link(
        m.tx,
        claimed=Claimed(provider="larkspur", issuer="https://login.example", subject=str(m.owner.user_id)),
        user_id=m.owner.user_id,
        device=DEVICE,
        now=utc_now(),
    )
    return {"identity_id": str(made.identity_id)}


async def _chain_wallet(m: Making) -> Named:
    site, key = chain_wallets.site_of(m.runtime.settings), chain_wallet(int(new_id()) % 2**60 + 1)
    owner = await principal_of(m.tx, m.owner)
    asked = await chain_wallets.ask(
        m.tx, site=site, browser_token="b", user_id=m.owner.user_id, address=key.address, now=utc_now()
    )
    made = await chain_wallets.connect(
        m.tx,
        site=site,
        browser_token="b",
        principal=owner,
        message=asked.message,
        signature=key.sign(asked.message),
        device=DEVICE,
        now=utc_now(),
    )
    return {"wallet_id": str(made.wallet_id)}


async def _session(m: Making) -> Named:
    return {"session_id": str((await open_session(m.tx, m.owner)).session_id)}


async def _artist(m: Making) -> Named:
    return {"artist_id": str((await make_artist(m.tx, user=m.owner)).artist_id)}


async def _portrait(m: Making) -> Named:
    return {**await _artist(m), "place": "portrait"}


async def _audience(m: Making) -> Named:
    return await _artist(m) | {"week": "2026-11-09"}


async def _perk(m: Making) -> Named:
    artist = await make_artist(m.tx, user=m.owner)
    made = await fandom.offer(
        m.tx,
        artist_id=artist.artist_id,
        made_by=m.owner.user_id,
        key=new_id(),
        title="A demo",
        text="Here it is.",
        least_s=60,
        now=utc_now(),
    )
    return {"perk_id": str(made.perk_id)}


async def _asking_artist(m: Making) -> Named:
    made = await make_artist(m.tx, user=m.owner)
    await verification.ask(
        m.tx, artist_id=made.artist_id, user_id=m.owner.user_id, evidence="My site.", links=[], now=utc_now()
    )
    return {"artist_id": str(made.artist_id)}


async def _teamed_artist(m: Making) -> Named:
    made, member = await make_artist(m.tx, user=m.owner), await make_artist(m.tx)
    code = await teams.invite(
        m.tx,
        artist_id=made.artist_id,
        owner=m.owner.user_id,
        role=teams.TeamRole.EDITOR,
        key=new_id(),
        now=utc_now(),
    )
    await teams.join(m.tx, user_id=member.user_id, code=code, now=utc_now())
    return {"artist_id": str(made.artist_id), "user_id": str(member.user_id)}


async def _artist_with_a_label(m: Making) -> Named:
    made, label = await make_artist(m.tx, user=m.owner), await make_label(m.tx)
    return {"artist_id": str(made.artist_id), "handle": label.handle}


async def _invited_artist(m: Making) -> Named:
    made, label = await make_artist(m.tx, user=m.owner), await make_label(m.tx)
    return {"artist_id": str(made.artist_id), "relation_id": str(await asked_by_label(m.tx, label, made))}


async def _asked_label(m: Making) -> Named:
    label, artist = await make_label(m.tx, user=m.owner), await make_artist(m.tx)
    return {"relation_id": str(await asked_by_artist(m.tx, artist, label))}


async def _block(m: Making) -> Named:
    other = await make_artist(m.tx)
    await fans.block_artist(m.tx, user_id=m.owner.user_id, handle=other.handle, now=utc_now())
    return {"user_id": str(other.user_id)}


async def _notification(m: Making) -> Named:
    told = await notifications.tell(
        m.tx,
        user_id=m.owner.user_id,
        kind=notifications.Kind.TIP_RECEIVED,
        key=str(new_id()),
        facts={"minor": 500, "currency": "EUR", "earned": "4.50 EUR"},
        now=utc_now(),
    )
    return {"notification_id": str(told)}


async def _told_browser(m: Making) -> Named:
    settings = m.runtime.settings
    told = await notifications.subscribe(
        m.tx,
        settings=settings,
        principal=await principal_of(m.tx, m.owner),
        reported=notifications.Reported(
            endpoint=f"https://push.example.org/{new_id()}",
            p256dh=notifications.public_key(settings),  # any point of the curve is somebody's key
            auth="BTBZMqHH6r4Tts7J_aSIgg",
            sender=notifications.public_key(settings),
        ),
        user_agent="",
        now=utc_now(),
    )
    return {"subscription_id": str(told)}


async def _export(m: Making) -> Named:
    now, settings, owner = utc_now(), m.runtime.settings, m.owner.user_id
    asked = await exports.ask(m.tx, user_id=owner, locale="en", total=1, now=now)
    assert asked is not None
    await m.runtime.objects.put_bytes(asked.key, b"zip", content_type="application/zip")
    await exports.ready(m.tx, export=asked, size=3, sha256=bytes(32), expires_at=now + timedelta(days=1), now=now)
    link = await exports.link(m.tx, settings=settings, user_id=owner, export_id=asked.export_id, now=now)
    return {"export_id": str(asked.export_id), "signed": link.path.split("?")[1]}


async def _app(m: Making) -> Named:
    made = await oauth.register(
        m.tx,
        owner_id=m.owner.user_id,
        name="Larkspur",
        confidence=oauth.Confidence.CONFIDENTIAL,
        redirect_uris=["https://app.example/back"],
        scopes=["openid"],
        now=utc_now(),
    )
    return {"client_id": str(made.client.client_id)}


async def _allowed_app(m: Making) -> Named:
    made = await _app(m)
    await oauth_clients.save_consent(
        m.tx, user_id=m.owner.user_id, client_id=UUID(made["client_id"]), scopes=["openid"], now=utc_now()
    )
    return made


async def _personal_token(m: Making) -> Named:
    made = await oauth.make(
        m.tx,
        user_id=m.owner.user_id,
        by=(await open_session(m.tx, m.owner)).session_id,
        name="Backup",
        scopes=["profile"],
        days=oauth.EXPIRY_DAYS[0],
        now=utc_now(),
    )
    return {"token_id": str(made.token.token_id)}


async def _release(m: Making, *, publish: bool = True) -> Named:
    music = await make_music(m.tx, titles=("A", "B"), publish=publish, owner=m.owner)
    spare = await make_asset(m.tx, user_id=m.owner.user_id)
    return {
        "release_id": str(music.release.release_id),
        "track_id": str(music.track_id),
        "other_track_id": str(music.release.tracks[1].track_id),
        "version": str(music.release.version),
        "base": release_form.base_of(release_form.fields_of(music.release)),
        "upload_id": str(spare.upload_id),
    }


async def _draft(m: Making) -> Named:
    return await _release(m, publish=False)


async def _uploaded(m: Making) -> Named:
    return {"upload_id": str((await make_asset(m.tx, user_id=m.owner.user_id)).upload_id)}


async def _upload(m: Making) -> Named:
    metadata = read_metadata("filename YS5mbGFj")
    begun = await uploads.begin_upload(
        m.runtime, user_id=m.owner.user_id, size_bytes=9, metadata=metadata, now=utc_now()
    )
    return {"upload_id": str(begun.upload_id)}


async def _listen(m: Making) -> Named:
    track = await registered_track(m.tx, make_track())
    opened = await listening.open_listen(
        m.tx,
        user_id=m.owner.user_id,
        track_id=track.track_id,
        player_id="player",
        policy=Policy(budget=Money(10**9, VIBE), per_listen=Money(1_000, VIBE)),
        now=utc_now() - timedelta(seconds=30),
    )
    return {"listen_id": str(opened.listen_id)}


async def _transaction(m: Making) -> Named:
    mine = await make_wallet(m.tx, 1_000, user_id=m.owner.user_id)
    posted = await ledger.post(m.tx, posting=transfer(mine.account_id, await make_liquidity(m.tx), 300))
    return {"transaction_id": str(posted.transaction_id)}


async def _payment(m: Making) -> Named:
    return {"payment_id": str((await make_payment(m.tx, m.owner.user_id)).payment_id)}


async def _captured(m: Making) -> Named:
    return {"payment_id": str(await topped_up(m.tx, m.owner.user_id))}


async def _family(m: Making) -> tuple[Named, str]:
    from tests.contexts.payment.subscriptions.conftest import Fan
    from vibestream.contexts.payment.subscriptions.service import Cycle, Terms

    fan = Fan(m.tx, now=utc_now(), user_id=m.owner.user_id)
    await fan.subscribes(Terms(plan="family", cycle=Cycle.MONTHLY))
    invited = await subscriptions.invite(m.tx, user_id=m.owner.user_id, now=utc_now())
    return {"invitation_id": str(invited.invitation.invitation_id)}, invited.token


async def _invitation(m: Making) -> Named:
    return (await _family(m))[0]


async def _member(m: Making) -> Named:
    _, token = await _family(m)
    member = UserId(new_id())
    await subscriptions.join(m.tx, user_id=member, token=token, now=utc_now())
    return {"user_id": str(member), "member": str(member)}


async def _quote(m: Making) -> Named:
    now = utc_now()
    await make_rate(m.tx, EUR, USD, "1.25", now=now)
    await make_reserve(m.tx, Money(1_000_00, USD))
    await make_wallet(m.tx, 100_00, user_id=m.owner.user_id, currency=EUR)
    offer = await exchange.quote(
        m.tx,
        user_id=m.owner.user_id,
        sell=Money(10_00, EUR),
        buy=USD,
        policy=exchange.Policy(
            lasts=timedelta(minutes=5),
            redeem_least=Money(1, VIBE),
            redeem_daily=Money(10**9, VIBE),
            cover_bp=10_000,
        ),
        now=now,
    )
    return {"quote_id": str(offer.quote_id)}


async def _song(m: Making) -> Named:
    song = await make_song(m.tx, owner=m.owner.user_id)
    other = await make_artist(m.tx)
    return {"track_id": str(song.track_id), "owner": str(m.owner.user_id), "handle": f"@{other.handle}"}


async def _split(m: Making) -> Named:
    song = await make_song(m.tx, owner=m.owner.user_id)
    proposed = await royalties.set_splits(
        m.tx,
        track_id=song.track_id,
        owner=m.owner.user_id,
        shares=[Share(m.owner.user_id, 5_000), Share(person(), 5_000)],
        effective_from=None,
        now=utc_now(),
    )
    return {"split_id": str(proposed.split_id)}


async def _payout(m: Making) -> Named:
    payee = await make_payee(m.tx, 5_000, user_id=m.owner.user_id)
    return {"payout_id": str((await ask_payout(m.tx, payee, 2_000)).payout_id)}


_MAKE: Final[Mapping[str, Callable[[Making], Awaitable[Named]]]] = {
    "passkey": _passkey,
    "connected account": _connected_account,
    "wallet of a chain": _chain_wallet,
    "session": _session,
    "artist": _artist,
    "portrait": _portrait,
    "audience": _audience,
    "perk": _perk,
    "asking artist": _asking_artist,
    "block": _block,
    "teamed artist": _teamed_artist,
    "artist with a label": _artist_with_a_label,
    "invited artist": _invited_artist,
    "asked label": _asked_label,
    "notification": _notification,
    "told browser": _told_browser,
    "export": _export,
    "app": _app,
    "allowed app": _allowed_app,
    "personal token": _personal_token,
    "draft": _draft,
    "release": _release,
    "upload": _upload,
    "uploaded": _uploaded,
    "listen": _listen,
    "transaction": _transaction,
    "payment": _payment,
    "captured payment": _captured,
    "invitation": _invitation,
    "member": _member,
    "quote": _quote,
    "song": _song,
    "split": _split,
    "payout": _payout,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that its owner could send: what a route takes, filled in."""

    method: str
    path: str
    options: dict[str, Any] = field(default_factory=dict)


def request_of(row: str, named: Named) -> Sent:
    """Return the request that a route takes for an object, in order but for who sends it."""
    method, path = row.split(" ", maxsplit=1)
    address = re.sub(r"\{([^}]+)\}", lambda found: named[found[1]], path)
    options: dict[str, Any] = {"headers": {}}
    if row in _BODIES:
        options["json"] = _BODIES[row](named)
    elif row in _FORMS:
        options |= _FORMS[row](named)
    if not path.startswith("/api/"):
        options["headers"] |= {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    if path.startswith("/api/v1/tus"):
        options["headers"] |= {"Tus-Resumable": "1.0.0"}
    if row in _AT_VERSION:
        options["params"] = {"version": named["version"]}
    if row == "GET /api/v1/me/exports/{export_id}/archive":
        address += f"?{named['signed']}"
    options["headers"] |= _HEADERS.get(row, {})
    return Sent(method, address, options)


_RELEASE: Final = "/api/v1/studio/releases/{release_id}"
_BODIES: Final[Mapping[str, Callable[[Named], Any]]] = {
    "PATCH /api/v1/me/passkeys/{passkey_id}": lambda _: {"name": "Mine now"},
    "PATCH /api/v1/artists/{artist_id}": lambda _: {"name": "Mine now"},
    "POST /api/v1/artists/{artist_id}/verification": lambda _: {"evidence": "My site leads here."},
    "POST /api/v1/artists/{artist_id}/team/invitations": lambda _: {"role": "editor", "key": str(new_id())},
    "POST /api/v1/artists/{artist_id}/labels": lambda n: {"role": "editor", "handle": n["handle"]},
    f"PATCH {_RELEASE}": lambda n: {"version": int(n["version"]), "title": "Mine now"},
    f"POST {_RELEASE}/publish": lambda n: {"version": int(n["version"])},
    f"POST {_RELEASE}/take-down": lambda n: {"version": int(n["version"])},
    f"POST {_RELEASE}/tracks": lambda n: {"version": int(n["version"]), "upload_ids": [n["upload_id"]]},
    f"PUT {_RELEASE}/order": lambda n: {"version": int(n["version"]), "discs": [[n["other_track_id"], n["track_id"]]]},
    f"PATCH {_RELEASE}/tracks/{{track_id}}": lambda n: {"version": int(n["version"]), "title": "Mine now"},
    f"POST {_RELEASE}/tracks/{{track_id}}/withdraw": lambda n: {"version": int(n["version"])},
    f"POST {_RELEASE}/tracks/{{track_id}}/restore": lambda n: {"version": int(n["version"])},
    "PUT /api/v1/listens/{listen_id}/surface": lambda _: {"surface": "song"},
    "POST /api/v1/listens/{listen_id}/heartbeats": lambda _: {
        "beats": [{"seq": 1, "at_client_ms": 0, "position_ms": 0, "state": "playing"}]
    },
    "POST /api/v1/wallet/top-ups/{payment_id}/refunds": lambda _: {"amount": "5.00"},
    "POST /api/v1/royalties/tracks/{track_id}/splits": lambda n: {
        "shares": [{"payee_id": n["owner"], "share_bp": 10_000}]
    },
}
_FORMS: Final[Mapping[str, Callable[[Named], dict[str, Any]]]] = {
    "POST /account/passkeys/{passkey_id}/name": lambda _: {"data": {"name": "Mine now"}},
    "POST /studio/artists/{artist_id}/invitations": lambda _: {"data": {"role": "editor", "key": str(new_id())}},
    "POST /studio/artists/{artist_id}/labels": lambda n: {
        "data": {"role": "editor", "handle": n["handle"], "key": str(new_id())}
    },
    "POST /studio/artists/{artist_id}/verification": lambda _: {"data": {"evidence": "My site leads here."}},
    "POST /studio/artists/{artist_id}": lambda _: {
        "data": {"name": "Mine now", "handle": f"mine-{new_id().hex[-12:]}"}
    },
    "POST /studio/releases/{release_id}/songs": lambda n: {"data": {"upload": n["upload_id"]}},
    "POST /studio/releases/{release_id}/cover": lambda _: {"files": {"cover": ("a.jpg", picture(), "image/jpeg")}},
    "POST /studio/releases/{release_id}": lambda n: {
        "data": {"base": n["base"], "title": "Mine now", "kind": "album", "song": [n["track_id"], n["other_track_id"]]}
        | {f"title-{n[song]}": "Mine now" for song in ("track_id", "other_track_id")}
    },
    "POST /studio/splits/tracks/{track_id}": lambda n: {"data": {"handle1": n["handle"], "share1": "50"}},
    "PUT /api/v1/studio/releases/{release_id}/cover": lambda _: {"content": picture()},
    "PUT /api/v1/artists/{artist_id}/pictures/{place}": lambda _: {"content": picture()},
    "POST /studio/artists/{artist_id}/pictures/{place}": lambda _: {
        "files": {"picture": ("a.jpg", picture(), "image/jpeg")}
    },
    "PATCH /api/v1/tus/{upload_id}": lambda _: {"content": b"song"},
}
_AT_VERSION: Final = frozenset(
    {
        f"DELETE {_RELEASE}",
        f"DELETE {_RELEASE}/tracks/{{track_id}}",
        f"PUT {_RELEASE}/cover",
        f"DELETE {_RELEASE}/cover",
    }
)
_HEADERS: Final[Mapping[str, dict[str, str]]] = {
    "PUT /api/v1/studio/releases/{release_id}/cover": {"Content-Type": "image/jpeg"},
    "PUT /api/v1/artists/{artist_id}/pictures/{place}": {"Content-Type": "image/jpeg"},
    "PATCH /api/v1/tus/{upload_id}": {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    "POST /api/v1/tus/{upload_id}": {"X-HTTP-Method-Override": "DELETE"},
    "POST /api/v1/wallet/top-ups/{payment_id}/refunds": {"Idempotency-Key": "refund-of-a-test"},
    "POST /api/v1/artists/{artist_id}/verification": {"Idempotency-Key": "evidence-of-a-test"},
    "POST /api/v1/artists/{artist_id}/labels": {"Idempotency-Key": "label-asked-by-a-test"},
    "POST /api/v1/artists/{artist_id}/labels/{relation_id}/accept": {"Idempotency-Key": "label-accepted-by-a-test"},
    "POST /api/v1/label/artists/{relation_id}/accept": {"Idempotency-Key": "artist-accepted-by-a-test"},
}


def sent_with(row: str, own: Named, theirs: Named) -> Sent:
    """Return a request for one's own object in which one id is another's: `METHOD PATH FIELD`."""
    route, name = row.rsplit(" ", maxsplit=1)
    method, path = route.split(" ", maxsplit=1)
    address = re.sub(r"\{([^}]+)\}", lambda found: own[found[1]], path)
    options: dict[str, Any] = {"headers": {}}
    version = int(own["version"])
    match name:
        case "artist_id":
            options["json"] = {"title": "Mine now"} if path.endswith("releases") else {"upload_ids": [own["upload_id"]]}
            options["json"] = _PERK | {"least_s": 60} if path.endswith("perks") else options["json"]
            options["json"] |= {"artist_id": theirs["artist_id"]}
        case "upload_ids":
            options["json"] = {"upload_ids": [theirs["upload_id"]]}
            options["json"] |= {"version": version} if "{" in path else {}
        case "discs":
            options["json"] = {"version": version, "discs": [[theirs["track_id"], own["track_id"]]]}
        case "listen_id":
            options["json"] = {"listen_id": theirs["listen_id"]}
        case "artist":
            options["data"] = {"upload": own["upload_id"]}
            options["data"] = _PERK | {"least": 60, "key": str(new_id())} if path.endswith("perks") else options["data"]
            options["data"] |= {"artist": theirs["artist_id"]}
        case "upload":
            options["data"] = {"upload": theirs["upload_id"]}
        case _:
            options["params"] = {name: theirs[f"{name}_id"]}
    if not path.startswith("/api/"):
        options["headers"] |= {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    return Sent(method, address, options)
