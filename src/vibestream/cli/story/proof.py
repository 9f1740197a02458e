"""Proof of listen: a fan makes a secret, listens, and after the day's close proves and claims into a wallet without a name."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import httpx

from vibestream.cli.claiming import Tools, claim_body, commitment_of, fresh_wallet, hides_among, new_secret, send_claim
from vibestream.cli.story.listener import listen
from vibestream.cli.story.main_job import DidNotComeAbout, until
from vibestream.cli.story.operator import operate
from vibestream.cli.story.telling import Figures, Teller
from vibestream.cli.story.visitor import Visitor
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now

_WITHIN_S: Final = 30


@dataclass(frozen=True, slots=True)
class _Day:
    """A closed day as its listener is told of it, and the summary that is to be claimed."""

    own: dict[str, Any]
    summary: dict[str, Any]


def fan_claims(teller: Teller, fan: Visitor, *, track_id: str) -> None:
    """Register a secret's commitment, listen again, have the day closed, prove, and be paid without saying who.

    On a day that was closed before, as by an earlier telling, a receipt is of the next day, which cannot be closed yet: then
    that is told, and nothing is claimed.

    Raises:
        Refused, ClaimNotTaken: the platform does not take something; the message says what.
        DidNotComeAbout: a receipt or the payment was not there in time.
    """
    secret = new_secret()
    with teller.step("secret", "The fan makes a secret; the platform is told only its commitment") as figures:
        fan.step_up()
        registered = fan.put("/api/v1/receipts/identity", {"commitment": commitment_of(secret)})
        figures["receipts_from"] = registered["from_epoch"]
    with teller.step("listen_for_receipt", "The fan listens again, now for a receipt") as figures:
        with teller.bar("heard") as progress:
            heard = listen(fan, track_id=track_id, progress=progress)
        figures["heard_seconds"] = f"{heard.heard_ms / 1000:.1f}"
    with teller.step("epoch_closed", "An operator closes the day early: one signed root over all receipts") as figures:
        day = _closed(teller, fan, figures)
    if day is not None:
        _prove_and_claim(teller, day, secret=secret, url=fan.base_url)


def _closed(teller: Teller, fan: Visitor, figures: Figures) -> _Day | None:
    """Close the day that the fan's receipt is of, unless it has not begun; who listens over midnight may have one of the day before.

    The receipt is written after the listen, so it is waited for.
    """
    waiting = until(lambda: fan.get("/api/v1/receipts")["items"], within_s=_WITHIN_S, what="The receipt")
    epoch = waiting[0]["epoch"]
    if epoch > utc_now().date().isoformat():
        figures["claimable"] = f"after {epoch}, which the receipt is of: today was closed before"
        return None
    operate(teller, "epoch", "close", epoch, "--early")
    own = fan.get(f"/api/v1/receipts/{epoch}")
    summaries = [one for one in own["receipts"] if one["is_summary"]]
    if not summaries:
        raise DidNotComeAbout("The day is closed, and what the fan's receipt earned is not in it.")
    figures["leaves"] = own["epoch"]["leaves"]
    figures["summaries_of_the_fan"] = len(summaries)
    return _Day(own, summaries[0])


def _prove_and_claim(teller: Teller, day: _Day, *, secret: Field, url: str) -> None:
    wallet = fresh_wallet()
    with teller.step("proof", "The fan proves, in zero knowledge, that a receipt is theirs") as figures:
        tools = Tools.open(keys=None)
        began = time.monotonic()
        body = claim_body(
            tools,
            secret=secret,
            own=day.own,
            receipt=day.summary,
            wallet=wallet.address,
            accepts_recognition=True,
        )
        figures["proof_seconds"] = f"{time.monotonic() - began:.2f}"
        figures["hides_among"] = hides_among(day.own, day.summary)
    with teller.step("claim", "The claim is sent by nobody, and paid to a wallet without a name") as figures:
        if body["accepts_recognition"]:
            teller.console.print(f"    {_warning(figures, day)}", highlight=False)
        figures["paid"] = str(Money(send_claim(url, body), VIBE))
        held = httpx.get(f"{url}/api/v1/claim-wallets/{wallet.address}", timeout=_WITHIN_S).json()
        figures["wallet"] = f"{wallet.address[:16]}…"
        figures["wallet_holds"] = str(Money(held["vibe_minor"], VIBE))


def _warning(figures: Figures, day: _Day) -> str:
    floor = day.own["anonymity_floor"]
    figures["accepted_to_be_recognised"] = "yes"
    return (
        f"So few listened today (fewer than {floor}) that whose claim it is may be guessed; the fan says that they accept it, "
        "and would be refused otherwise."
    )
