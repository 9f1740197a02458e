"""Who may do what: each route against each role, and what becomes of somebody else's id.

The first half is read off the routes. The second cannot be: each route whose address holds an id, and that more than
an operator may call, is named here with whose object that is. A route that is not named makes
tests/architecture/test_access_matrix.py fail, which then calls it with the id of an object of somebody else.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from typing import Final

from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import SessionId, UserId, new_id
from vibestream.platform.access import Policy, Principal

WHO: Final[Mapping[str, tuple[str, ...] | None]] = {
    "nobody": None,
    "fan": ("fan",),
    "artist": ("fan", "artist"),
    "label": ("fan", "label"),
    "moderator": ("fan", "moderator"),
    "finance": ("fan", "finance"),
    "admin": ("fan", "admin"),
}
"""Every role that can be granted; None: nobody is signed in."""
OPERATORS: Final = frozenset({"holds moderator", "holds finance", "holds admin"})
"""Policies of those whose work is with everybody's objects: there the role decides, and any id will do."""

TOKENS_ONLY: Final = frozenset({"GET /oauth/userinfo", "POST /oauth/userinfo"})
"""Routes that nobody is let into by a session, only an app by its access token."""


class Bears(enum.Enum):
    """Whose object the id in an address is, when it is not an operator who calls."""

    PUBLISHED = "anybody's: it is published"
    SIGNED = "whoever's who has the address, which is signed or secret"
    NO_OBJECT = "nobody's: a month, a kind or a name, of which each sees their own"


OWNED: Final[Mapping[str, str]] = {
    "PATCH /api/v1/me/passkeys/{passkey_id}": "passkey",
    "DELETE /api/v1/me/passkeys/{passkey_id}": "passkey",
    "POST /account/passkeys/{passkey_id}/name": "passkey",
    "POST /account/passkeys/{passkey_id}/remove": "passkey",
    "POST /account/connected/{identity_id}/remove": "connected account",
    "DELETE /api/v1/me/chain-wallets/{wallet_id}": "wallet of a chain",
    "POST /account/wallets/{wallet_id}/remove": "wallet of a chain",
    "DELETE /api/v1/me/sessions/{session_id}": "session",
    "POST /account/sessions/{session_id}/end": "session",
    "PATCH /api/v1/artists/{artist_id}": "artist",
    "PUT /api/v1/artists/{artist_id}/pictures/{place}": "portrait",
    "POST /studio/artists/{artist_id}/pictures/{place}": "portrait",
    "POST /studio/artists/{artist_id}/pictures/{place}/remove": "portrait",
    "DELETE /api/v1/artists/{artist_id}/pictures/{place}": "portrait",
    "GET /api/v1/studio/artists/{artist_id}/audience": "artist",
    "GET /api/v1/studio/artists/{artist_id}/audience/{week}": "audience",
    "POST /api/v1/artists/{artist_id}/team/invitations": "artist",
    "GET /api/v1/artists/{artist_id}/team": "artist",
    "DELETE /api/v1/artists/{artist_id}/team/{user_id}": "teamed artist",
    "GET /api/v1/artists/{artist_id}/labels": "artist",
    "POST /api/v1/artists/{artist_id}/labels": "artist with a label",
    "POST /api/v1/artists/{artist_id}/labels/{relation_id}/accept": "invited artist",
    "DELETE /api/v1/artists/{artist_id}/labels/{relation_id}": "invited artist",
    "POST /api/v1/label/artists/{relation_id}/accept": "asked label",
    "DELETE /api/v1/label/artists/{relation_id}": "asked label",
    "GET /api/v1/artists/{artist_id}/verification": "asking artist",
    "POST /api/v1/artists/{artist_id}/verification": "artist",
    "DELETE /api/v1/artists/{artist_id}/verification": "asking artist",
    "GET /studio/artists/{artist_id}": "artist",
    "POST /studio/artists/{artist_id}": "artist",
    "POST /studio/artists/{artist_id}/invitations": "artist",
    "POST /studio/artists/{artist_id}/members/{user_id}/drop": "teamed artist",
    "POST /studio/artists/{artist_id}/verification": "artist",
    "GET /studio/artists/{artist_id}/labels": "artist",
    "POST /studio/artists/{artist_id}/labels": "artist with a label",
    "POST /studio/artists/{artist_id}/labels/{relation_id}/accept": "invited artist",
    "POST /studio/artists/{artist_id}/labels/{relation_id}/end": "invited artist",
    "POST /label/artists/{relation_id}/accept": "asked label",
    "POST /label/artists/{relation_id}/end": "asked label",
    "POST /studio/artists/{artist_id}/verification/withdraw": "asking artist",
    "POST /account/blocks/{user_id}/end": "block",
    "DELETE /api/v1/me/blocks/{user_id}": "block",
    "POST /api/v1/me/notifications/{notification_id}/read": "notification",
    "POST /notifications/{notification_id}/open": "notification",
    "DELETE /api/v1/me/push-subscriptions/{subscription_id}": "told browser",
    "POST /notifications/browsers/{subscription_id}/stop": "told browser",
    "POST /account/apps/{client_id}/take-back": "allowed app",
    "POST /account/tokens/{token_id}/revoke": "personal token",
    "POST /api/v1/me/exports/{export_id}/link": "export",
    "GET /api/v1/me/exports/{export_id}/archive": "export",
    "POST /account/privacy/exports/{export_id}/fetch": "export",
    "POST /account/developer/{client_id}/secret": "app",
    "POST /account/developer/{client_id}/delete": "app",
    "GET /api/v1/studio/releases/{release_id}": "draft",
    "PATCH /api/v1/studio/releases/{release_id}": "draft",
    "DELETE /api/v1/studio/releases/{release_id}": "draft",
    "POST /api/v1/studio/releases/{release_id}/publish": "draft",
    "POST /api/v1/studio/releases/{release_id}/take-down": "release",
    "POST /api/v1/studio/releases/{release_id}/tracks": "draft",
    "PUT /api/v1/studio/releases/{release_id}/order": "draft",
    "PATCH /api/v1/studio/releases/{release_id}/tracks/{track_id}": "draft",
    "DELETE /api/v1/studio/releases/{release_id}/tracks/{track_id}": "draft",
    "POST /api/v1/studio/releases/{release_id}/tracks/{track_id}/withdraw": "release",
    "POST /api/v1/studio/releases/{release_id}/tracks/{track_id}/restore": "release",
    "PUT /api/v1/studio/releases/{release_id}/cover": "draft",
    "DELETE /api/v1/studio/releases/{release_id}/cover": "draft",
    "GET /studio/releases/{release_id}": "draft",
    "POST /studio/releases/{release_id}": "draft",
    "POST /studio/releases/{release_id}/songs": "draft",
    "POST /studio/releases/{release_id}/cover": "draft",
    "POST /studio/releases/{release_id}/take-down": "release",
    "POST /studio/releases/{release_id}/delete": "draft",
    "HEAD /api/v1/tus/{upload_id}": "upload",
    "PATCH /api/v1/tus/{upload_id}": "upload",
    "DELETE /api/v1/tus/{upload_id}": "upload",
    "POST /api/v1/tus/{upload_id}": "upload",
    "GET /api/v1/uploads/{upload_id}": "upload",
    "POST /studio/uploads/{upload_id}/end": "upload",
    "DELETE /api/v1/studio/perks/{perk_id}": "perk",
    "POST /studio/perks/{perk_id}/withdraw": "perk",
    "GET /api/v1/listens/{listen_id}": "listen",
    "POST /api/v1/listens/{listen_id}/heartbeats": "listen",
    "POST /api/v1/listens/{listen_id}/close": "listen",
    "PUT /api/v1/listens/{listen_id}/surface": "listen",
    "GET /api/v1/wallet/transactions/{transaction_id}": "transaction",
    "GET /api/v1/wallet/transactions/{transaction_id}/proofs": "transaction",
    "GET /api/v1/payments/{payment_id}": "payment",
    "GET /api/v1/payments/{payment_id}/timeline": "payment",
    "POST /api/v1/payments/{payment_id}/cancel": "payment",
    "GET /payments/{payment_id}": "payment",
    "POST /payments/{payment_id}/cancel": "payment",
    "POST /payments/{payment_id}/refund": "captured payment",
    "POST /api/v1/wallet/top-ups/{payment_id}/refunds": "captured payment",
    "DELETE /api/v1/subscription/family/invitations/{invitation_id}": "invitation",
    "POST /subscription/invitations/{invitation_id}/withdraw": "invitation",
    "DELETE /api/v1/subscription/family/members/{user_id}": "member",
    "POST /subscription/members/{member}/remove": "member",
    "GET /api/v1/exchange/quotes/{quote_id}": "quote",
    "POST /api/v1/exchange/quotes/{quote_id}/execute": "quote",
    "GET /wallet/exchanges/{quote_id}": "quote",
    "POST /wallet/exchanges/{quote_id}": "quote",
    "GET /api/v1/royalties/tracks/{track_id}/splits": "song",
    "POST /api/v1/royalties/tracks/{track_id}/splits": "song",
    "GET /studio/splits/tracks/{track_id}": "song",
    "POST /studio/splits/tracks/{track_id}": "song",
    "POST /api/v1/royalties/splits/{split_id}/accept": "split",
    "POST /api/v1/royalties/splits/{split_id}/withdraw": "split",
    "POST /studio/splits/{split_id}/accept": "split",
    "POST /studio/splits/{split_id}/withdraw": "split",
    "GET /api/v1/payouts/{payout_id}": "payout",
    "POST /api/v1/payouts/{payout_id}/cancel": "payout",
    "GET /studio/payouts/{payout_id}": "payout",
    "POST /studio/payouts/{payout_id}/cancel": "payout",
}
"""Routes that answer for one's own object only, as though another's were not there (404); and what makes one to try with."""


class Work(enum.Enum):
    """Who of an artist's people a route of the studio is for."""

    OWNER = "the owner alone: perks, the team, verification, money"
    EDITORS = "the owner and the editors"
    READERS = "whoever works for the artist"
    SENDER = "whoever sent the file"


STUDIO: Final[Mapping[str, Work]] = {
    "POST /api/v1/artists/{artist_id}/team/invitations": Work.OWNER,
    "GET /api/v1/artists/{artist_id}/team": Work.READERS,
    "DELETE /api/v1/artists/{artist_id}/team/{user_id}": Work.OWNER,
    "GET /api/v1/artists/{artist_id}/labels": Work.OWNER,
    "POST /api/v1/artists/{artist_id}/labels": Work.OWNER,
    "POST /api/v1/artists/{artist_id}/labels/{relation_id}/accept": Work.OWNER,
    "DELETE /api/v1/artists/{artist_id}/labels/{relation_id}": Work.OWNER,
    "PATCH /api/v1/artists/{artist_id}": Work.EDITORS,
    "PUT /api/v1/artists/{artist_id}/pictures/{place}": Work.EDITORS,
    "POST /studio/artists/{artist_id}/pictures/{place}": Work.EDITORS,
    "POST /studio/artists/{artist_id}/pictures/{place}/remove": Work.EDITORS,
    "DELETE /api/v1/artists/{artist_id}/pictures/{place}": Work.EDITORS,
    "GET /studio/artists/{artist_id}": Work.READERS,
    "POST /studio/artists/{artist_id}": Work.EDITORS,
    "POST /studio/artists/{artist_id}/invitations": Work.OWNER,
    "POST /studio/artists/{artist_id}/members/{user_id}/drop": Work.OWNER,
    "POST /studio/artists/{artist_id}/verification": Work.OWNER,
    "GET /studio/artists/{artist_id}/labels": Work.OWNER,
    "POST /studio/artists/{artist_id}/labels": Work.OWNER,
    "POST /studio/artists/{artist_id}/labels/{relation_id}/accept": Work.OWNER,
    "POST /studio/artists/{artist_id}/labels/{relation_id}/end": Work.OWNER,
    "POST /studio/artists/{artist_id}/verification/withdraw": Work.OWNER,
    "GET /api/v1/studio/artists/{artist_id}/audience": Work.READERS,
    "GET /api/v1/studio/artists/{artist_id}/audience/{week}": Work.READERS,
    "GET /api/v1/studio/releases/{release_id}": Work.READERS,
    "PATCH /api/v1/studio/releases/{release_id}": Work.EDITORS,
    "DELETE /api/v1/studio/releases/{release_id}": Work.EDITORS,
    "POST /api/v1/studio/releases/{release_id}/publish": Work.EDITORS,
    "POST /api/v1/studio/releases/{release_id}/take-down": Work.EDITORS,
    "POST /api/v1/studio/releases/{release_id}/tracks": Work.EDITORS,
    "PUT /api/v1/studio/releases/{release_id}/order": Work.EDITORS,
    "PATCH /api/v1/studio/releases/{release_id}/tracks/{track_id}": Work.EDITORS,
    "DELETE /api/v1/studio/releases/{release_id}/tracks/{track_id}": Work.EDITORS,
    "POST /api/v1/studio/releases/{release_id}/tracks/{track_id}/withdraw": Work.EDITORS,
    "POST /api/v1/studio/releases/{release_id}/tracks/{track_id}/restore": Work.EDITORS,
    "PUT /api/v1/studio/releases/{release_id}/cover": Work.EDITORS,
    "DELETE /api/v1/studio/releases/{release_id}/cover": Work.EDITORS,
    "GET /studio/releases/{release_id}": Work.READERS,
    "POST /studio/releases/{release_id}": Work.EDITORS,
    "POST /studio/releases/{release_id}/songs": Work.EDITORS,
    "POST /studio/releases/{release_id}/cover": Work.EDITORS,
    "POST /studio/releases/{release_id}/take-down": Work.EDITORS,
    "POST /studio/releases/{release_id}/delete": Work.EDITORS,
    "HEAD /api/v1/tus/{upload_id}": Work.SENDER,
    "PATCH /api/v1/tus/{upload_id}": Work.SENDER,
    "DELETE /api/v1/tus/{upload_id}": Work.SENDER,
    "POST /api/v1/tus/{upload_id}": Work.SENDER,
    "GET /api/v1/uploads/{upload_id}": Work.SENDER,
    "POST /studio/uploads/{upload_id}/end": Work.SENDER,
    "DELETE /api/v1/studio/perks/{perk_id}": Work.OWNER,
    "POST /studio/perks/{perk_id}/withdraw": Work.OWNER,
    "GET /api/v1/royalties/tracks/{track_id}/splits": Work.OWNER,
    "POST /api/v1/royalties/tracks/{track_id}/splits": Work.OWNER,
    "GET /studio/splits/tracks/{track_id}": Work.OWNER,
    "POST /studio/splits/tracks/{track_id}": Work.OWNER,
    "POST /api/v1/royalties/splits/{split_id}/accept": Work.OWNER,
    "POST /api/v1/royalties/splits/{split_id}/withdraw": Work.OWNER,
    "POST /studio/splits/{split_id}/accept": Work.OWNER,
    "POST /studio/splits/{split_id}/withdraw": Work.OWNER,
    "GET /api/v1/payouts/{payout_id}": Work.OWNER,
    "POST /api/v1/payouts/{payout_id}/cancel": Work.OWNER,
    "GET /studio/payouts/{payout_id}": Work.OWNER,
    "POST /studio/payouts/{payout_id}/cancel": Work.OWNER,
}
"""Of the routes above, those of an artist's studio: who of the artist's people may call them."""

OTHERS: Final[Mapping[str, Bears]] = {
    "GET /media/{path:path}": Bears.SIGNED,
    "POST /step-up/with/{provider}": Bears.NO_OBJECT,
    "GET /sign-in-with/{provider}": Bears.NO_OBJECT,
    "GET /sign-in-with/{provider}/back": Bears.NO_OBJECT,
    "POST /sign-in-with/{provider}/back": Bears.NO_OBJECT,
    "GET /unsubscribe/{token}": Bears.SIGNED,
    "POST /unsubscribe/{token}": Bears.SIGNED,
    "POST /webhooks/{endpoint}": Bears.SIGNED,
    "POST /api/v1/tracks/{track_id}/playback": Bears.PUBLISHED,
    "GET /api/v1/artists/{artist_id}": Bears.PUBLISHED,
    "GET /api/v1/artists/{artist_id}/pictures": Bears.PUBLISHED,
    "GET /pictures/{picture_id}/{width}.webp": Bears.PUBLISHED,
    "GET /api/v1/releases/{release_id}": Bears.PUBLISHED,
    "GET /api/v1/tracks/{track_id}": Bears.PUBLISHED,
    "GET /api/v1/artists/{handle}/releases": Bears.PUBLISHED,
    "GET /api/v1/epochs/{epoch}": Bears.PUBLISHED,
    # What is in a perk is for whoever proves, session or none: see tests/flows/test_open_perks.py.
    "GET /api/v1/artists/{artist_id}/perks": Bears.PUBLISHED,
    "GET /api/v1/perks/{perk_id}/days": Bears.PUBLISHED,
    "POST /api/v1/perks/{perk_id}/proofs": Bears.PUBLISHED,
    "GET /artists/{handle}/perks": Bears.PUBLISHED,
    "GET /api/v1/ledger/seals/{number}": Bears.PUBLISHED,
    "GET /artists/{handle}": Bears.PUBLISHED,
    "GET /releases/{release_id}": Bears.PUBLISHED,
    "GET /tracks/{track_id}": Bears.PUBLISHED,
    # A page that its owner closed, or somebody from whom one is apart, is not there: see tests/contexts/user/fans.
    "GET /u/{handle}": Bears.PUBLISHED,
    "GET /api/v1/handles/{handle}": Bears.PUBLISHED,
    "GET /api/v1/people/{handle}": Bears.PUBLISHED,
    "GET /api/v1/people/{handle}/artists": Bears.PUBLISHED,
    "GET /api/v1/people/{handle}/people": Bears.PUBLISHED,
    "PUT /api/v1/people/{handle}/follow": Bears.PUBLISHED,
    "DELETE /api/v1/people/{handle}/follow": Bears.PUBLISHED,
    "PUT /api/v1/people/{handle}/block": Bears.PUBLISHED,
    "PUT /api/v1/artists/{handle}/follow": Bears.PUBLISHED,
    "DELETE /api/v1/artists/{handle}/follow": Bears.PUBLISHED,
    "PUT /api/v1/artists/{handle}/block": Bears.PUBLISHED,
    "GET /api/v1/artists/{artist_id}/standing": Bears.PUBLISHED,
    "POST /api/v1/people/{handle}/reports": Bears.PUBLISHED,
    "POST /api/v1/artists/{handle}/reports": Bears.PUBLISHED,
    "POST /api/v1/releases/{release_id}/reports": Bears.PUBLISHED,
    "POST /u/{handle}/follow": Bears.PUBLISHED,
    "POST /u/{handle}/unfollow": Bears.PUBLISHED,
    "POST /u/{handle}/block": Bears.PUBLISHED,
    "POST /artists/{handle}/follow": Bears.PUBLISHED,
    "POST /artists/{handle}/unfollow": Bears.PUBLISHED,
    "POST /artists/{handle}/block": Bears.PUBLISHED,
    "GET /u/{handle}/report": Bears.PUBLISHED,
    "POST /u/{handle}/report": Bears.PUBLISHED,
    "GET /artists/{handle}/report": Bears.PUBLISHED,
    "POST /artists/{handle}/report": Bears.PUBLISHED,
    "GET /releases/{release_id}/report": Bears.PUBLISHED,
    "POST /releases/{release_id}/report": Bears.PUBLISHED,
    "GET /artists/{handle}/tip": Bears.PUBLISHED,
    "POST /artists/{handle}/tip": Bears.PUBLISHED,
    "GET /artwork/{seed}.svg": Bears.PUBLISHED,
    "GET /static/dist/{name}": Bears.PUBLISHED,
    "GET /static/proving/{digest}/{name}": Bears.PUBLISHED,
    # Claims name nobody: a wallet is a secret that only its owner can link to themselves, and what it was paid is open.
    "GET /api/v1/claim-wallets/{wallet}": Bears.PUBLISHED,
    # Whoever signs with the wallet's key spends from it, session or none: see tests/flows/test_spend_claims.py.
    "POST /api/v1/claim-wallets/{wallet}/orders": Bears.PUBLISHED,
    # The page of what was mailed, on a laptop: it exists outside production only.
    "GET /sandbox/mail/{message_id}": Bears.PUBLISHED,
    "OPTIONS /api/v1/tus/{upload_id}": Bears.NO_OBJECT,
    "PUT /api/v1/me/notification-choices/{kind}/{channel}": Bears.NO_OBJECT,
    "PUT /api/v1/me/consents/{purpose}": Bears.NO_OBJECT,
    "GET /api/v1/receipts/{epoch}": Bears.NO_OBJECT,
    "GET /api/v1/royalties/statements/{month}": Bears.NO_OBJECT,
    "GET /api/v1/royalties/statements/{month}/lines.csv": Bears.NO_OBJECT,
    "GET /api/v1/royalties/statements/{month}/report.tsv": Bears.NO_OBJECT,
    "GET /api/v1/royalties/statements/{month}/statement.pdf": Bears.NO_OBJECT,
    "GET /api/v1/royalties/statements/{month}/proof.json": Bears.NO_OBJECT,
    "GET /studio/royalties/{month}": Bears.NO_OBJECT,
    "GET /{anything:page}": Bears.NO_OBJECT,
}
"""Every other address with an id in it."""


SENT: Final[Mapping[str, str]] = {
    "POST /api/v1/studio/releases artist_id": "artist",
    "POST /api/v1/studio/releases/from-uploads upload_ids": "uploaded",
    "POST /api/v1/studio/releases/from-uploads artist_id": "artist",
    "POST /api/v1/studio/releases/{release_id}/tracks upload_ids": "uploaded",
    "PUT /api/v1/studio/releases/{release_id}/order discs": "draft",
    "GET /studio/new release": "draft",
    "POST /api/v1/tracks/{track_id}/playback listen_id": "listen",
    "POST /studio/releases artist": "artist",
    "POST /studio/perks artist": "artist",
    "POST /api/v1/studio/perks artist_id": "artist",
    "POST /studio/releases upload": "uploaded",
    "POST /studio/releases/{release_id}/songs upload": "uploaded",
    "GET /payments payment": "payment",
}
"""Ids that a route takes in its body or its query and that must be one's own; and what makes one to try with."""

SENT_OPENLY: Final[Mapping[str, str]] = {
    "POST /api/v1/listens track_id": "published",
    "POST /api/v1/tips artist_id": "published",
    "POST /api/v1/claim-wallets/{wallet}/orders identifier": "whom a gift is for; the wallet's key signs it",
    "POST /api/v1/royalties/tracks/{track_id}/splits payee_id": "whoever is named agrees or does not",
    "POST /wallet/top-ups key": "made by the form, one's own with each person",
    "POST /artists/{handle}/tip key": "made by the form, one's own with each person",
    "POST /studio/perks key": "made by the form, one's own with each person",
    "POST /api/v1/artists/{artist_id}/team/invitations key": "made by the client, one's own with each artist",
    "POST /studio/artists/{artist_id}/invitations key": "made by the form, one's own with each artist",
    "POST /studio/artists/{artist_id}/labels key": "made by the form, one's own with each artist",
    "POST /label/artists key": "made by the form, one's own with each label",
    "POST /studio/payouts key": "made by the form, one's own with each person",
}
"""Ids in a body that may be anybody's, and why."""


def is_of_studio(row: str) -> bool:
    """Say whether a route is one of an artist's studio, so that it must be named in `STUDIO`."""
    return any(part in row for part in ("/studio/", "/tus/", "/uploads/", "/royalties/", "/payouts/"))


def rows_of(path: str, methods: Iterable[str]) -> list[str]:
    """Return how a route is named above: each method with the path; HEAD only where it is not GET without a body."""
    said = set(methods)
    return [f"{method} {path}" for method in sorted(said - {"HEAD"} or said)]


def bears_id(path: str) -> bool:
    """Say whether an address holds a parameter."""
    return re.search(r"\{[^}]+\}", path) is not None


def admits(row: str, policy: Policy, who: str) -> bool:
    """Say whether a route lets somebody in who comes by a session."""
    roles = WHO[who]
    if row in TOKENS_ONLY:
        return False
    principal = None if roles is None else Principal(UserId(new_id()), SessionId(new_id()), frozenset(roles))
    try:
        policy.admit(principal)
    except VibeStreamError:
        return False
    return True


def object_of(row: str, policy: Policy) -> str:
    """Say in words whose object the id of a route is.

    Raises:
        LookupError: nobody has said.
    """
    if row in OWNED:
        return f"one's own {OWNED[row]}; anybody else's is not there (404)"
    if row in OTHERS:
        return OTHERS[row].value
    if policy.name in OPERATORS:
        return "anybody's: the role decides"
    raise LookupError(f"{row}: say in tools/access_matrix.py (OWNED or OTHERS) whose object the id in this address is.")
