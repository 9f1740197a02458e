"""A wallet that is a contract is connected by what it takes as its own signature, and by nothing else that a chain could say.

Real contracts on py-evm, asked over a socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import SecretStr

from tests.factories.chain_wallets import wallet
from tests.factories.contract_wallets import KINDS, Node, compiled, serving
from tests.factories.users import DEVICE, User, make_user, principal_of
from vibestream.contexts.user.chain_wallets import gateway, service
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

NOT_THERE_YET: Final = "6492" * 16


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return compiled(tmp_path_factory.mktemp("contracts"))


@pytest.fixture
async def node(code: Mapping[str, str]) -> AsyncIterator[Node]:
    async with serving(Node(code)) as made:
        yield made


@pytest.fixture
def runtime(runtime: Runtime, node: Node, tmp_path: Path, database: Database) -> Runtime:
    settings = load_settings(
        environment=Environment.TEST, data_dir=tmp_path / "chain", public_url="https://testserver",
        database_url=database.dsn, wallet_rpc_url=node.url,
    )  # fmt: skip
    return replace(runtime, settings=settings)


@pytest.fixture
async def ana(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx)


async def asked(runtime: Runtime, user: User, address: str) -> str:
    async with runtime.database.begin() as tx:
        made = await service.ask(
            tx,
            site=service.site_of(runtime.settings),
            browser_token="browser",
            user_id=user.user_id,
            address=address,
            now=utc_now(),
        )
    return made.message


async def shown(
    runtime: Runtime, user: User, message: str, signature: str, *, browser: str = "browser", now: datetime | None = None
) -> service.ChainWallet:
    async with runtime.database.begin() as tx:
        principal = await principal_of(tx, user)
    return await service.answer(
        runtime,
        browser_token=browser,
        principal=principal,
        message=message,
        signature=signature,
        device=DEVICE,
        now=now or utc_now(),
    )


async def test_a_contract_is_connected_by_its_owners_signature_once(runtime: Runtime, node: Node, ana: User):
    owner = wallet(7)
    address = node.deployed("Owned", owner=owner.address)
    message = await asked(runtime, ana, address)
    made = await shown(runtime, ana, message, owner.sign(message))
    assert made.written == address
    assert [one["method"] for one in node.asked] == ["eth_chainId", "eth_call"]
    with pytest.raises(service.ChallengeExpired):
        await shown(runtime, ana, message, owner.sign(message))
    assert len(node.asked) == 2  # who was not asked to sign has nobody asked


async def test_somebody_elses_signature_is_none_of_the_contract_and_uses_up_what_was_asked(
    runtime: Runtime, node: Node, ana: User
):
    owner = wallet(7)
    message = await asked(runtime, ana, node.deployed("Owned", owner=owner.address))
    with pytest.raises(service.SignatureRefused):
        await shown(runtime, ana, message, wallet(8).sign(message))
    with pytest.raises(service.ChallengeExpired):
        await shown(runtime, ana, message, owner.sign(message))


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_else_a_contract_says_is_a_no(runtime: Runtime, node: Node, ana: User, kind: str):
    message = await asked(runtime, ana, node.deployed(kind))
    with pytest.raises(service.SignatureRefused):
        await shown(runtime, ana, message, wallet().sign(message))


async def test_an_address_without_code_takes_nothing(runtime: Runtime, ana: User):
    message = await asked(runtime, ana, wallet(9).address)
    with pytest.raises(service.SignatureRefused):
        await shown(runtime, ana, message, wallet(8).sign(message))


async def test_a_wallet_that_is_not_there_yet_is_refused_without_asking_anybody(
    runtime: Runtime, node: Node, ana: User
):
    message = await asked(runtime, ana, node.deployed("Owned", owner=wallet(7).address))
    with pytest.raises(service.SignatureRefused):
        await shown(runtime, ana, message, "0x" + "00" * 96 + NOT_THERE_YET)
    assert node.asked == []


async def test_the_signature_of_a_key_asks_nobody(runtime: Runtime, node: Node, ana: User):
    """It is enough by itself, also where the key's own address has delegated to code (EIP-7702)."""
    key = wallet(3)
    message = await asked(runtime, ana, key.address)
    node.lies["eth_call"] = {"result": "0x"}
    assert (await shown(runtime, ana, message, key.sign(message))).written == key.address
    assert node.asked == []


@pytest.mark.parametrize(
    "lies",
    [
        {"eth_chainId": {"result": "0x2"}},
        {"eth_chainId": {"result": 1}},
        {"eth_chainId": {"error": {"code": -1, "message": "no"}}},
        {"eth_chainId": {"result": "x" * 300_000}},
    ],
)
async def test_a_node_of_another_chain_is_not_believed_and_the_challenge_stays_good(
    runtime: Runtime, node: Node, ana: User, lies: dict[str, Any]
):
    owner = wallet(7)
    message = await asked(runtime, ana, node.deployed("Owned", owner=owner.address))
    node.lies = lies
    with pytest.raises(service.ChainUnavailable):
        await shown(runtime, ana, message, owner.sign(message))
    node.lies = {}
    await shown(runtime, ana, message, owner.sign(message))


@pytest.mark.parametrize(
    "said",
    [{"result": None}, {"result": True}, {"result": "0x"}, {"result": ["0x1626ba7e"]}, {"result": "1626ba7e"}, {}],
)
async def test_an_answer_in_other_words_is_a_no(runtime: Runtime, node: Node, ana: User, said: dict[str, Any]):
    owner = wallet(7)
    message = await asked(runtime, ana, node.deployed("Owned", owner=owner.address))
    node.lies = {"eth_call": said}
    with pytest.raises(service.SignatureRefused):
        await shown(runtime, ana, message, owner.sign(message))


async def test_a_node_that_does_not_answer_in_time_is_no_yes(
    runtime: Runtime, node: Node, ana: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gateway, "_BUDGET_S", 0.2)
    owner = wallet(7)
    message = await asked(runtime, ana, node.deployed("Owned", owner=owner.address))
    node.waits_s = 1
    with pytest.raises(service.ChainUnavailable):
        await shown(runtime, ana, message, owner.sign(message))


async def test_nothing_is_connected_by_a_session_that_ends_while_the_node_thinks(
    runtime: Runtime, node: Node, ana: User, database: Database
):
    """A thief who is put out in those seconds leaves no wallet of theirs behind."""
    owner = wallet(7)
    message = await asked(runtime, ana, node.deployed("Owned", owner=owner.address))
    node.waits_s = 0.4
    showing = asyncio.create_task(shown(runtime, ana, message, owner.sign(message)))
    while not node.asked:  # noqa: ASYNC110 - it is another loop of sockets, which sets no event
        await asyncio.sleep(0.02)
    async with database.begin() as tx:
        await sessions.end_all(tx, user_id=ana.user_id, now=utc_now())
    with pytest.raises(ways_in.Overtaken):
        await showing
    async with database.begin() as tx:
        assert await service.wallets_of(tx, user_id=ana.user_id) == []


async def test_without_a_node_only_keys_sign(runtime: Runtime, node: Node, ana: User):
    owner = wallet(7)
    alone = replace(runtime, settings=runtime.settings.model_copy(update={"wallet_rpc_url": None}))
    message = await asked(alone, ana, node.deployed("Owned", owner=owner.address))
    with pytest.raises(service.SignatureRefused):
        await shown(alone, ana, message, owner.sign(message))
    assert node.asked == []


async def test_nobody_is_asked_for_another_browser_or_person_or_later(
    runtime: Runtime, node: Node, ana: User, database: Database
):
    async with database.begin() as tx:
        mallory = await make_user(tx)
    owner = wallet(7)
    message = await asked(runtime, ana, node.deployed("Owned", owner=owner.address))
    for user, browser in ((mallory, "browser"), (ana, "another")):
        with pytest.raises(service.ChallengeExpired):
            await shown(runtime, user, message, owner.sign(message), browser=browser)
    assert node.asked == []


@pytest.mark.parametrize("signature", ["0x", "0xzz", "0x1", "00", "0x" + "00" * 4_097, "\x00"])
async def test_what_is_no_signature_asks_nobody(runtime: Runtime, node: Node, ana: User, signature: str):
    message = await asked(runtime, ana, node.deployed("Owned", owner=wallet(7).address))
    with pytest.raises(service.SignatureRefused):
        await shown(runtime, ana, message, signature)
    assert node.asked == []


async def test_the_address_of_the_node_is_not_logged(
    runtime: Runtime, node: Node, ana: User, capsys: pytest.CaptureFixture[str]
):
    message = await asked(runtime, ana, node.deployed("Owned", owner=wallet(7).address))
    nowhere = SecretStr("http://127.0.0.1:1/a-key")
    broken = runtime.settings.model_copy(update={"wallet_rpc_url": nowhere})
    with pytest.raises(service.ChainUnavailable):
        await shown(replace(runtime, settings=broken), ana, message, wallet(7).sign(message))
    said = capsys.readouterr().out
    assert "node_failed" in said
    assert "a-key" not in said
