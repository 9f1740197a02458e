"""Two people who have much to do with each other, and a copy of the data of each: in it is one of them alone."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

from tests.contexts.payment.subscriptions.conftest import Fan
from tests.factories.bus import drain, registered
from tests.factories.listen_reward import opened, played
from tests.factories.music import Music, make_music
from tests.factories.payment import make_wallet
from tests.factories.subscriptions import FAMILY
from tests.factories.users import User, make_user, open_session
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.user.sessions.service import Device
from vibestream.flows import export_person
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import USD, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.runtime import Runtime
from vibestream.worker import SUBSCRIPTIONS


async def copy_of(runtime: Runtime, user: User) -> str:
    """Make a person's copy as the job makes it, and return all its text, with the names of its files."""
    async with runtime.database.begin() as tx:
        asked = await export_person.ask(tx, runtime=runtime, user_id=user.user_id, now=utc_now())
    assert asked is not None
    await export_person.make_export(runtime, export_id=str(asked.export_id))
    archive = zipfile.ZipFile(io.BytesIO(await runtime.objects.get_bytes(asked.key)))
    return "\n".join(f"{name}\n{archive.read(name).decode()}" for name in archive.namelist())


class Person:
    """One of the two, and the words that are theirs alone."""

    def __init__(self, user: User, music: Music, device: Device, message: str) -> None:
        self.user, self.music, self.device, self.message = user, music, device, message

    @property
    def words(self) -> dict[str, str]:
        return {
            "id": str(self.user.user_id),
            "email": self.user.email,
            "name": self.user.display_name,
            "handle": self.music.artist.handle,
            "artist": self.music.artist.name,
            "song": self.music.release.tracks[0].title,
            "network": self.device.network,
            "browser": self.device.user_agent,
            "message": self.message,
        }


async def arrives(tx: Tx, *, name: str, song: str, network: str) -> Person:
    user = await make_user(tx, display_name=name)
    device = Device(f"{name.split(maxsplit=1)[0]}-Browser/1.0", network)
    await open_session(tx, user, device=device)
    music = await make_music(tx, titles=(song,), owner=user)
    await make_wallet(tx, 5_000, user_id=user.user_id, currency=USD)
    await tips.register_artist(
        tx, artist_id=music.artist.artist_id, user_id=user.user_id, name=music.artist.name, as_of=utc_now()
    )
    return Person(user, music, device, f"for the {song} bridge, from {name.split(maxsplit=1)[0]}")


async def gives_and_listens(tx: Tx, one: Person, other: Person) -> None:
    """Have one tip the other's artist, and hear their song for a minute."""
    await tips.send(
        tx,
        key=str(new_id()),
        from_user=one.user.user_id,
        artist_id=other.music.artist.artist_id,
        amount=Money(500, USD),
        message=one.message,
        pay_with=tips.PayWith.WALLET,
        payer=tips.Payer(return_to="/wallet"),
        now=utc_now(),
    )
    track = Track(other.music.track_id, other.music.artist.artist_id, other.user.user_id, 180_000)
    listen = await opened(tx, track=track, user_id=one.user.user_id)
    sent = listening.Beats(
        listen.listen_id, one.user.user_id, tuple(played(until_s=60)), listen.opened_at + timedelta(seconds=60)
    )
    await listening.record_beats(tx, sent=[sent])


async def two_of_them(database: Database) -> tuple[Person, Person]:
    async with database.begin() as tx:
        ada = await arrives(tx, name="Quillfeather Ada", song="Gloamsong", network="203.0.113.0/24")
        ben = await arrives(tx, name="Thimblewick Ben", song="Vespertine", network="198.51.100.0/24")
    async with database.begin() as tx:
        for person in (ada, ben):
            await listening.register_track(
                tx,
                track_id=person.music.track_id,
                artist_id=person.music.artist.artist_id,
                owner_user_id=person.user.user_id,
                duration_ms=180_000,
            )
        await gives_and_listens(tx, ada, ben)
        await gives_and_listens(tx, ben, ada)
        await Fan(tx, now=utc_now(), user_id=ada.user.user_id).subscribes(FAMILY)
        invited = await subscriptions.invite(tx, user_id=ada.user.user_id, now=utc_now())
        await subscriptions.join(tx, user_id=ben.user.user_id, token=invited.token, now=utc_now())
    return ada, ben


async def test_of_two_who_share_a_tip_a_family_and_each_others_music_each_finds_only_themselves(
    runtime: Runtime, database: Database
):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    ada, ben = await two_of_them(database)
    for _ in range(3):  # what an event announces in its turn
        await drain(database, consumers)
    for one, other in ((ada, ben), (ben, ada)):
        text = await copy_of(runtime, one.user)
        assert {what for what, word in one.words.items() if word not in text} == set(), "the search finds what is there"
        theirs = {what: word for what, word in other.words.items() if word != one.words[what]}
        assert len(theirs) >= 8
        assert {what for what, word in theirs.items() if word in text} == set()
        assert str(other.music.artist.artist_id) in text, "whom they tipped"
        assert str(other.music.track_id) in text, "what they heard"
        assert "tip_received" in text, "that somebody gave something; who, is not told"
