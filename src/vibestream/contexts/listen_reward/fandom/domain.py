"""A perk, and what a proof that opens one must say. Pure.

The proof's free input binds it to one perk of one deployment, one day and an expiry: a proof for one perk opens no other, and is
no claim. Its nullifier is of the receipt, so it is the same for every perk of the artist that the same day's receipt opens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final

from vibestream.contexts.listen_reward.claims.domain.signals import PublicSignals, bound_element
from vibestream.contexts.listen_reward.receipts.domain.epochs import Closed, artist_element
from vibestream.contexts.listen_reward.receipts.domain.receipt import epoch_element
from vibestream.kernel.errors import Conflict, InvalidInput, Missing
from vibestream.kernel.ids import ArtistId, PerkId, UserId
from vibestream.kernel.text import TextInvalid, one_line, paragraphs

LEASTS_S: Final = (30, 60, 180, 300, 600, 1_800, 3_600)
"""What an artist may ask for. Few, so that many fans are alike."""
MOST_PERKS: Final = 20
"""Of one artist that are not withdrawn."""
TITLE_MOST: Final = 120
CODE_MOST: Final = 120
CODES_MOST: Final = 1_000
"""Of one perk."""
FEW: Final = 10
"""Fewer openings than this are not told as a number: an artist who sees each one come could guess whose it was."""
TEXT_MOST: Final = 4_000
_LINE_MOST: Final = 1_000
_DOMAIN: Final = "vibestream-perk-v1"


class PerkMissing(Missing):
    """There is no such perk, it was withdrawn, or it is not one's own."""

    code: ClassVar[str] = "fandom.perk_missing"


class ThresholdInvalid(InvalidInput):
    """A perk asks for one of a few lengths of listening."""

    code: ClassVar[str] = "fandom.threshold_invalid"


class PerksExhausted(Conflict):
    """The artist offers as many perks as there may be."""

    code: ClassVar[str] = "fandom.perks_exhausted"


class CodesInvalid(InvalidInput):
    """A list of codes has too many, one that is too long, or the same one twice."""

    code: ClassVar[str] = "fandom.codes_invalid"


class CodesExhausted(Conflict):
    """Every code of the perk went to a proof."""

    code: ClassVar[str] = "fandom.codes_exhausted"


class ProofInvalid(InvalidInput):
    """What was sent proves nothing: it is malformed, or no proof of these signals under this deployment's keys."""

    code: ClassVar[str] = "fandom.proof_invalid"


class ProofNotDue(Conflict):
    """Proofs of this day are not taken: it is not closed, they are over, or this request's own time is."""

    code: ClassVar[str] = "fandom.not_due"


class ProofRefused(InvalidInput):
    """It is a proof, but not of what this perk asks for: another artist, day, length or perk."""

    code: ClassVar[str] = "fandom.proof_refused"

    def __init__(self, *, signal: str) -> None:
        super().__init__(f"The proof is of another thing than what this perk asks for: see {signal}.")
        self.signal = signal


class FanRecognisable(Conflict):
    """Fewer than the floor heard the artist for so long on that day, so it may be guessed who proves, and they did not accept that."""

    code: ClassVar[str] = "fandom.recognisable"

    def __init__(self, *, hides_among: int, floor: int) -> None:
        super().__init__(
            f"This proof hides among {hides_among}, fewer than {floor}: it may be guessed whose it is. "
            "Send it again with `accepts_recognition` if that is accepted."
        )
        self.hides_among = hides_among
        self.floor = floor


@dataclass(frozen=True, slots=True)
class Perk:
    """What an artist gives: its title is for everybody, its text for whoever proves."""

    perk_id: PerkId
    artist_id: ArtistId
    made_by: UserId
    title: str
    text: str
    least_s: int
    made_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a proof opened: the perk with its text, and its own code where the perk has codes."""

    perk: Perk
    code: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for beside a proof: which perk, by which day's receipt, until when the proof counts."""

    perk_id: PerkId
    epoch: date
    expires_at: datetime
    accepts_recognition: bool = False


def make_perk(
    *, perk_id: PerkId, artist_id: ArtistId, made_by: UserId, title: str, text: str, least_s: int, now: datetime
) -> Perk:
    """Return a perk as an artist wrote it.

    Raises:
        TextInvalid: title or text is empty, too long or holds what cannot be seen.
        ThresholdInvalid: the length is none of those that may be asked for.
    """
    if least_s not in LEASTS_S:
        raise ThresholdInvalid(f"A perk asks for one of {', '.join(map(str, LEASTS_S))} seconds.")
    words = paragraphs(text, field="text", most=TEXT_MOST)
    if not words:
        raise TextInvalid("Write what fans get.", field="text")
    name = one_line(title, field="title", most=TITLE_MOST)
    return Perk(perk_id, artist_id, made_by, name, words, least_s, now)


def read_codes(text: str) -> tuple[str, ...]:
    """Return the codes of a list, one a line; empty lines are passed over.

    Raises:
        CodesInvalid: there are too many, one is too long, or one is there twice: each is given to one proof.
        TextInvalid: one holds what cannot be seen.
    """
    codes = tuple(one_line(line, field="codes", most=_LINE_MOST) for line in text.splitlines() if line.strip())
    if len(codes) > CODES_MOST or any(len(code) > CODE_MOST for code in codes):
        raise CodesInvalid(f"A perk has at most {CODES_MOST:,} codes, of at most {CODE_MOST} letters each.")
    if len(set(codes)) < len(codes):
        raise CodesInvalid("A code is there twice: each is given to one fan.")
    return codes


def require_proof(*, said: PublicSignals, asked: Asked, perk: Perk, closed: Closed) -> None:
    """Accept what a proof says when it is what a perk asks for.

    Raises:
        ProofRefused: a signal is another one.
    """
    element = bound_element(
        _DOMAIN,
        closed.key_id,
        str(epoch_element(asked.epoch)),
        str(perk.perk_id),
        str(int(asked.expires_at.timestamp())),
    )
    holds = {
        "epoch": said.epoch == epoch_element(asked.epoch),
        "root": said.root == closed.root,
        "songDisclosure": said.song_disclosure == artist_element(perk.artist_id),
        "minSeconds": said.min_seconds == perk.least_s,
        "payout": said.payout == element,
    }
    for signal, is_so in holds.items():
        if not is_so:
            raise ProofRefused(signal=signal)
