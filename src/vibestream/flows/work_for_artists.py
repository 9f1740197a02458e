"""Somebody joins or leaves an artist's team, a label its artists: in the same transaction they are at the music, or out of it.

And in the same one what they hear of it begins, or ceases, to be their own work, which earns nothing.

Not by an event, as what crosses contexts otherwise goes: whoever is taken out must be out when the owner is told so, and
an event takes its time. See docs/decisions/0029.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.listen_reward.insiders import service as insiders
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import Part, Through
from vibestream.contexts.music.events import ReleasePublished, ReleaseTakenDown
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.events import RoleChanged
from vibestream.contexts.user.labels import service as labels
from vibestream.contexts.user.labels.service import Side
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.teams import service as teams
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Subscription
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def join(tx: Tx, *, user_id: UserId, code: str, now: datetime) -> ArtistId:
    """Enter an artist's team by a code, and work on its music from then on as the invitation says.

    Raises:
        CodeUnknown, InTeam: see `teams.join`.
    """
    artist_id, role = await teams.join(tx, user_id=user_id, code=code, now=now)
    owner = (await profiles.artist(tx, artist_id=artist_id)).user_id
    await _let_in(tx, artist_id, owner, user_id=user_id, through=Through.TEAM, part=Part(role.value), now=now)
    return artist_id


async def drop(tx: Tx, *, artist_id: ArtistId, member: UserId, by: UserId, now: datetime) -> None:
    """Take a member out of a team, as the owner, or leave it oneself; nothing of the music is theirs afterwards.

    Raises:
        MemberMissing: see `teams.drop`.
    """
    await teams.drop(tx, artist_id=artist_id, member=member, by=by, now=now)
    await _let_out(tx, artist_id, member, Through.TEAM, now=now)


async def accept(
    tx: Tx, *, relation_id: UUID, side: Side, by: UserId, now: datetime, artist_id: ArtistId | None = None
) -> None:
    """Accept, from one's own side, that a label works for an artist, and let it at the music as was agreed.

    `artist_id` is the artist that it must be of; None: any of one's own.

    Raises:
        RelationMissing: see `labels.accept`.
    """
    found = await labels.accept(tx, relation_id=relation_id, side=side, by=by, artist_id=artist_id, now=now)
    part = Part(found.role.value)
    await _let_in(tx, found.artist_id, found.owner, user_id=found.label_id, through=Through.LABEL, part=part, now=now)


async def end(
    tx: Tx, *, relation_id: UUID, side: Side, by: UserId, now: datetime, artist_id: ArtistId | None = None
) -> None:
    """End, from one's own side, that a label works for an artist; or refuse or withdraw what was asked.

    `artist_id` is the artist that it must be of; None: any of one's own.

    Raises:
        RelationMissing: see `labels.end`.
    """
    found = await labels.end(tx, relation_id=relation_id, side=side, by=by, artist_id=artist_id, now=now)
    await _let_out(tx, found.artist_id, found.label_id, Through.LABEL, now=now)


async def dissolve_label(tx: Tx, *, label: UserId, now: datetime) -> None:
    """End everything of an account that acts for no label any more, and tell the artists' owners."""
    for one in await labels.end_every(tx, label=label, now=now):
        await _let_out(tx, one.artist_id, one.label_id, Through.LABEL, now=now)


async def hear_of_role(tx: Tx, event: RoleChanged) -> None:
    """Dissolve a label when an admin took the role from its account."""
    if event.role == "label" and not event.granted:
        await dissolve_label(tx, label=event.user_id, now=utc_now())


async def record_release(tx: Tx, event: ReleasePublished | ReleaseTakenDown) -> None:
    """Write into the owner's security log what somebody else published or took down in the artist's name."""
    if event.by_user_id in {None, event.owner_user_id}:
        return
    published = isinstance(event, ReleasePublished)
    await audit_log.record(
        tx,
        action=Action.RELEASE_PUBLISHED if published else Action.RELEASE_TAKEN_DOWN,
        user_id=event.owner_user_id,
        actor_id=event.by_user_id,
        now=event.occurred_at,
        detail=f"release {event.release_id}",
    )


async def _let_in(
    tx: Tx, artist_id: ArtistId, owner: UserId, *, user_id: UserId, through: Through, part: Part, now: datetime
) -> None:
    await catalogue.admit_member(tx, artist_id=artist_id, user_id=user_id, through=through, part=part, now=now)
    await insiders.admit(
        tx,
        artist_id=artist_id,
        owner_user_id=owner,
        user_id=user_id,
        through=insiders.Through(through.value),
        now=now,
    )


async def _let_out(tx: Tx, artist_id: ArtistId, user_id: UserId, through: Through, *, now: datetime) -> None:
    await catalogue.dismiss_member(tx, artist_id=artist_id, user_id=user_id, through=through)
    await insiders.dismiss(tx, artist_id=artist_id, user_id=user_id, through=insiders.Through(through.value), now=now)


async def _teams_work_on_music(tx: Tx) -> Finding:
    in_teams = await teams.every_member(tx)
    at_music = await catalogue.members_through(tx, through=Through.TEAM)
    wrong = [f"{one} is in a team and not let at its music" for one in in_teams - at_music]
    wrong += [f"{one} is let at music without being in its team" for one in at_music - in_teams]
    return Finding(ok=not wrong, figure=f"{len(in_teams):,} members of teams", detail="; ".join(sorted(wrong)[:_SHOWN]))


async def _labels_work_on_music(tx: Tx) -> Finding:
    agreed = await labels.every_active(tx)
    at_music = await catalogue.members_through(tx, through=Through.LABEL)
    wrong = [f"{one} is agreed and the label not let at the music" for one in agreed - at_music]
    wrong += [f"{one} is let at music without being agreed" for one in at_music - agreed]
    return Finding(ok=not wrong, figure=f"{len(agreed):,} artists on rosters", detail="; ".join(sorted(wrong)[:_SHOWN]))


async def _hears_own_work(tx: Tx) -> Finding:
    working = {(artist, who, insiders.Through.TEAM) for artist, who, _ in await teams.every_member(tx)}
    working |= {(artist, who, insiders.Through.LABEL) for artist, who, _ in await labels.every_active(tx)}
    known = await insiders.everybody(tx)
    wrong = [f"{one} works for the artist and is paid to hear it" for one in working - known]
    wrong += [f"{one} works for the artist no more and is not paid to hear it" for one in known - working]
    return Finding(ok=not wrong, figure=f"{len(working):,} work for artists", detail="; ".join(sorted(wrong)[:_SHOWN]))


INVARIANTS: Final = (
    Invariant(
        "teams.work_on_music",
        "Those who work on an artist's music through its team are those who are in it, each as what they are there.",
        _teams_work_on_music,
    ),
    Invariant(
        "labels.work_on_music",
        "The labels that work on an artist's music are those on whose roster it is, each as was agreed.",
        _labels_work_on_music,
    ),
    Invariant(
        "insiders.hear_own_work",
        "Whoever works for an artist, and nobody else, is known where rewards are decided: what they hear of it earns nothing.",
        _hears_own_work,
    ),
)

SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=RoleChanged, consumer="work_for_artists", handle=hear_of_role),
    Subscription(event=ReleasePublished, consumer="work_for_artists", handle=record_release),
    Subscription(event=ReleaseTakenDown, consumer="work_for_artists", handle=record_release),
)
