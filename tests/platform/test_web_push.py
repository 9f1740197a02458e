"""Web push: only its browser reads it, only we can have sent it, and nothing is sent where it must not go."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import http_ece  # type: ignore[import-untyped]  # it has no types
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from vibestream.platform import web_push
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.egress import EgressRefused, require_outside
from vibestream.platform.web_push import MOST_BYTES, Answer, Target, TargetInvalid, VapidKey, packed

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_kept_library_reads_the_message_of_the_standard():
    # RFC 8291, section 5 and appendix A.
    private = ec.derive_private_key(int.from_bytes(raw("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")), ec.SECP256R1())
    assert packed(private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)) == KEY
    sent = raw(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    read = http_ece.decrypt(sent, private_key=private, auth_secret=raw(SECRET), version="aes128gcm")
    assert read == b"When I grow up, I want to be a watermelon"


def test_what_is_sent_has_a_key_of_its_own_and_a_length_that_says_little():
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    target = Target.of(endpoint="https://push.example.org/x", p256dh=packed(point), auth=SECRET)
    short, long = (web_push.encrypted(b"{%s}" % (b" " * n), target=target) for n in (1, 500))
    assert len(short) == len(long)
    assert short[21:86] != long[21:86], "the sender's key of the message"
    for one, length in ((short, 1), (long, 500)):
        read = http_ece.decrypt(one, private_key=private, auth_secret=raw(SECRET), version="aes128gcm")
        assert read.rstrip() == b"{%s}" % (b" " * length)
    assert len(web_push.encrypted(b"x" * MOST_BYTES, target=target)) == 4_096
    with pytest.raises(ValueError, match="3994"):
        web_push.encrypted(b"x" * (MOST_BYTES + 1), target=target)
    assert "push.example.org" not in repr(target)
    assert KEY not in repr(target)


def test_the_senders_key_is_the_same_in_every_process_and_another_with_another_secret():
    first, second = SecretStr("a" * 40), SecretStr("b" * 40)
    before = load_settings(environment=Environment.TEST, secret_key=first)
    after = load_settings(environment=Environment.TEST, secret_key=second, accepted_secret_keys=first)
    [one] = VapidKey.all_of(before)
    [again] = VapidKey.all_of(before)
    assert one.public == again.public
    assert len(raw(one.public)) == 65
    keys = VapidKey.all_of(after)
    assert keys[0].public != one.public
    assert web_push.key_for(keys, one.public) is keys[1]
    assert web_push.key_for(keys, KEY) is None
    assert "private" not in repr(one)


@pytest.mark.parametrize(
    ("endpoint", "p256dh", "auth"),
    [
        ("ftp://push.example.org/x", KEY, SECRET), ("//push.example.org/x", KEY, SECRET), ("", KEY, SECRET),
        ("https://u:p@push.example.org/x", KEY, SECRET), ("https://push.example.org/x#y", KEY, SECRET),
        ("https:///x", KEY, SECRET), ("https://push.example.org:99999/x", KEY, SECRET),
        ("https://push.example.org/\r\nX: y", KEY, SECRET), ("https://push.example.org/ñ", KEY, SECRET),
        ("https://push.example.org/" + "x" * 1_000, KEY, SECRET), ("https://[::1/x", KEY, SECRET),
        ("https://push.example.org\\@127.0.0.1/", KEY, SECRET),
        ("https://push.example.org/x", KEY[:-4], SECRET), ("https://push.example.org/x", "", SECRET),
        ("https://push.example.org/x", packed(b"\x04" + b"\x01" * 64), SECRET),
        ("https://push.example.org/x", packed(b"\x00" * 65), SECRET), ("https://push.example.org/x", "ñ!", SECRET),
        ("https://push.example.org/x", KEY, ""), ("https://push.example.org/x", KEY, packed(b"x" * 15)),
        ("https://push.example.org/x", KEY, packed(b"x" * 17)),
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused(endpoint: str, p256dh: str, auth: str):
    with pytest.raises(TargetInvalid):
        Target.of(endpoint=endpoint, p256dh=p256dh, auth=auth)


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://push.example.org/x", "https://push.example.org"),
        ("https://push.example.org:443/x", "https://push.example.org"),
        ("https://PUSH.example.org:8443/x", "https://push.example.org:8443"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
    ],
)
def test_a_token_is_for_the_origin_of_the_endpoint(endpoint: str, origin: str):
    assert web_push.origin_of(endpoint) == origin


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120), ("0", 0), ("", None), ("soon", None), ("-5", None), ("1e9", None), ("٣", None),
        ("Tue, 01 Dec 2026 12:01:30 GMT", 90), ("Tue, 01 Dec 2026 11:00:00 GMT", 0), ("9" * 40, None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 999_999_999),
    ],
)  # fmt: skip
def test_a_service_says_when_to_come_again(said: str, seconds: int | None):
    assert web_push.retry_after_s(said, now=NOON) == seconds


@pytest.mark.parametrize(
    ("status", "taken", "gone", "passing"),
    [
        (201, True, False, False), (204, True, False, False), (404, False, True, False), (410, False, True, False),
        (408, False, False, True), (429, False, False, True), (500, False, False, True), (503, False, False, True),
        (301, False, False, False), (400, False, False, False), (403, False, False, False), (413, False, False, False),
    ],
)  # fmt: skip
def test_an_answer_is_one_of_taken_gone_passing_and_refused(status: int, taken: bool, gone: bool, passing: bool):
    answer = Answer(status, None)
    assert (answer.taken, answer.gone, answer.passing) == (taken, gone, passing)


INSIDE = [
    "https://127.0.0.1/", "https://localhost/", "https://LOCALHOST./", "https://2130706433/", "https://0x7f.1/",
    "https://0177.0.0.1/", "https://127.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::]/",
    "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/",
    "https://[fe80::1]/", "https://[fc00::1]/", "https://[64:ff9b::7f00:1]/", "https://0/", "https://0.0.0.0/",
    "https://100.64.0.1/", "https://printer/", "https://printer.local/", "https://db.internal/", "https://a.localhost/",
    "http://push.example.org/", "http://93.184.216.34/", "https://", "https://224.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("endpoint", INSIDE)
def test_an_address_that_leads_inside_is_refused_however_it_is_written(endpoint: str):
    with pytest.raises(EgressRefused):
        require_outside(endpoint, production=True)


def test_this_machine_alone_is_let_in_and_only_where_it_is_asked_for():
    for endpoint in ("http://127.0.0.1:8081/x", "http://localhost/x", "https://push.example.org/x", "https://8.8.8.8/"):
        require_outside(endpoint, production=False)
    for endpoint in ("https://10.0.0.1/", "https://169.254.169.254/", "http://push.example.org/", "https://printer/"):
        with pytest.raises(EgressRefused):
            require_outside(endpoint, production=False)
    require_outside("https://push.example.org/x", production=True)


def test_production_does_not_start_with_pushes_to_this_machine():
    settings = load_settings(environment=Environment.TEST, push_on_loopback=True)
    problems = settings.model_copy(update={"environment": Environment.PRODUCTION})._production_problems()
    assert any("VIBESTREAM_PUSH_ON_LOOPBACK" in one for one in problems)
