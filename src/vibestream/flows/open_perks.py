"""A proof of fandom opens a perk: verified outside any transaction, then looked at and counted in one."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from vibestream.contexts.listen_reward.fandom import service as fandom
from vibestream.contexts.listen_reward.fandom.service import Asked, Opened
from vibestream.flows.pay_claims import claim_verifier
from vibestream.platform.runtime import Runtime


async def open_perk(runtime: Runtime, *, proof: object, signals: object, asked: Asked, now: datetime) -> Opened:
    """Return the perk, with its text and code, that a proof opens. The same receipt again opens it again, and is counted once.

    Raises:
        ProofInvalid: it proves nothing, however it is written.
        PerkMissing, CodesExhausted, ProofNotDue, ProofRefused, FanRecognisable: see `fandom.open_perk`.
        CpuBusy: too many are being verified.
        DevelopmentKeys, KeysDamaged: this deployment has no keys that proofs may be believed with.
    """
    verifier = claim_verifier(runtime.settings)
    said = await runtime.cpu.run(partial(fandom.verify, verifier=verifier, proof=proof, signals=signals))
    floor = runtime.settings.claim_anonymity_floor
    return await runtime.database.run(partial(fandom.open_perk, said=said, asked=asked, floor=floor, now=now))
