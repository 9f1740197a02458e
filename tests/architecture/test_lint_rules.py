"""Each rule refuses the violation planted here, and lets its lawful neighbour pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lint import rules
from tools.lint.source import Source


def refused(module: str, text: str) -> list[str]:
    source = Source(Path(module + ".py"), tuple(module.split(".")), text)
    return [finding.rule for rule in rules.RULES for finding in rule(source)]


DOC = '    """Do it."""\n'


@pytest.mark.parametrize(
    ("rule", "module", "text"),
    [
        ("money-without-float", "kernel.money", "x = 0.5"),
        ("money-without-float", "contexts.payment.ledger.domain", "x = a / b"),
        ("money-without-float", "contexts.payment.ledger.service", "x /= 2"),
        ("money-without-float", "contexts.listen_reward.pools.domain", "x = round(y)"),
        ("money-without-float", "contexts.payment.fraud.domain.deciding", "x = a / b"),
        ("commits-in-platform", "flows.pay", "await tx.connection.commit()"),
        ("broad-except-in-platform", "flows.pay", "try:\n    f()\nexcept Exception:\n    pass"),
        ("broad-except-in-platform", "web.home", "try:\n    f()\nexcept:\n    pass"),
        ("own-schema", "contexts.music.catalogue.store", "q = 'SELECT 1 FROM payment.account'"),
        ("own-schema", "contexts.music.catalogue.service", "q = 'SELECT 1 FROM music.track'"),
        ("own-schema", "web.home", "q = 'DELETE FROM users.account'"),
        ("own-store", "contexts.music.catalogue.service", "from vibestream.contexts.music.uploads import store"),
        ("own-store", "flows.pay", "import vibestream.contexts.payment.ledger.store"),
        ("own-store", "app", "from vibestream.contexts.payment.ledger import store"),
        ("services-are-explicit", "contexts.music.catalogue.service", "def f(tx, a):\n" + DOC),
        ("services-are-explicit", "contexts.music.catalogue.service", "async def f(tx): ..."),
        ("pure-domain", "contexts.music.catalogue.domain", "x = utc_now()"),
        ("pure-domain", "contexts.music.catalogue.domain", "x = ids.new_id()"),
        (
            "nothing-outside-in-a-transaction",
            "flows.pay",
            "async def f():\n    async with db.begin() as tx:\n        await runtime.objects.put_bytes(b'')",
        ),
        ("finished", "flows.pay", "# TODO: later"),
        ("small", "flows.pay", "\n" * 601),
        ("small", "flows.pay", "def f():\n" + "    x = 1\n" * 60),
    ],
)
def test_refuses_a_planted_violation(rule: str, module: str, text: str):
    assert refused(module, text) == [rule]


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("contexts.music.packaging.domain", "x = a / b"),
        ("contexts.payment.fraud.domain.statistics.measures", "x = a / b"),
        ("platform.database", "await connection.commit()"),
        ("platform.jobs", "try:\n    f()\nexcept Exception:\n    raise"),
        ("contexts.music.catalogue.store", "q = 'SELECT 1 FROM music.track'"),
        ("contexts.payment.ledger.invariants", "q = 'SELECT 1 FROM payment.account'"),
        ("contexts.music.catalogue.service", "from vibestream.contexts.music.uploads import service"),
        ("contexts.music.catalogue.service", "from vibestream.contexts.music.catalogue import store"),
        ("app", "from vibestream.contexts.payment.ledger import routes"),
        ("contexts.music.catalogue.service", "def f(tx, *, a):\n" + DOC + "def _g(tx, a): ..."),
        ("contexts.music.catalogue.domain", "x = now + delta"),
        ("flows.pay", "async def f():\n    async with db.begin() as tx:\n        await ledger.post(tx)"),
        ("flows.pay", "x = 'he said: todo'"),
    ],
)
def test_lets_the_lawful_neighbour_pass(module: str, text: str):
    assert refused(module, text) == []


def test_an_exception_is_allowed_only_with_its_rule_and_a_reason():
    line = "x = a / b  # lint: allow(money-without-float) - a ratio for display"

    assert refused("contexts.payment.ledger.domain", line) == []
    assert refused("contexts.payment.ledger.domain", line.replace(" - a ratio for display", "")) == [
        "money-without-float"
    ]
    assert refused("contexts.payment.ledger.domain", line.replace("money-without-float", "small")) == [
        "money-without-float"
    ]
