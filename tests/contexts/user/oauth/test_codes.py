"""From the question to the tokens: what is in order works, and every way to cheat at a code is refused."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from tests.contexts.user.oauth.conftest import ALL, BACK, CHALLENGE, VERIFIER, World, answered, refused
from tests.http_client import ORIGIN
from vibestream.contexts.user.audit_log.service import Action, entries_of

HTML = {"Accept": "text/html"}


async def test_an_app_is_let_in_and_learns_who_it_is(world: World):
    answer = await world.decide(world.query())

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{BACK}?")
    said = answered(answer)
    assert (said["state"], said["iss"], sorted(said)) == ("st4te", ORIGIN, ["code", "iss", "state"])
    given = (await world.redeem(said["code"])).json()
    assert {name: given[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer", "expires_in": 600, "scope": ALL,
    }  # fmt: skip
    who = await world.app.get("/oauth/userinfo", headers={"Authorization": f"Bearer {given['access_token']}"})
    assert who.json() == {
        "sub": str(world.ana.user_id), "name": "Ana Río", "locale": "en",
        "email": world.ana.email, "email_verified": True,
    }  # fmt: skip


async def test_the_id_token_is_signed_for_this_client_and_this_request(world: World):
    given = await world.tokens()
    keys = KeySet.import_key_set((await world.app.get("/oauth/jwks")).json())
    token = jwt.decode(given["id_token"], keys, algorithms=["ES256"])

    assert token.header["alg"] == "ES256"
    said = token.claims
    assert (said["iss"], said["aud"], said["nonce"]) == (ORIGIN, str(world.public.client.client_id), "n0nce")
    assert (said["sub"], said["exp"] - said["iat"]) == (str(world.ana.user_id), 600)
    assert said["auth_time"] <= said["iat"]
    assert sorted(said) == ["at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sub"]


async def test_no_forged_id_token_passes_for_ours(world: World):
    """That the keys we publish do not let in `none`, nor HS256 with a public key as its secret."""
    given = await world.tokens()
    published = (await world.app.get("/oauth/jwks")).json()
    assert [sorted(key) for key in published["keys"]] == [["alg", "crv", "kid", "kty", "use", "x", "y"]]
    keys = KeySet.import_key_set(published)
    claims = jwt.decode(given["id_token"], keys, algorithms=["ES256"]).claims
    public = json.dumps(published["keys"][0]).encode()
    forged = jwt.encode({"alg": "HS256", "kid": published["keys"][0]["kid"]}, claims, OctKey.import_key(public))
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    unsigned = f"{header}.{given['id_token'].split('.')[1]}."
    for token in (forged, unsigned):
        with pytest.raises(JoseError):
            jwt.decode(token, keys, algorithms=["ES256"])
        assert not await world.works(token)  # nor does any JWT open a route: not even our own
    assert not await world.works(given["id_token"])


async def test_without_openid_there_is_no_id_token_and_without_offline_access_no_refresh_token(world: World):
    given = await world.tokens(scope="profile")

    assert sorted(given) == ["access_token", "expires_in", "scope", "token_type"]
    answer = await world.app.get("/oauth/userinfo", headers={"Authorization": f"Bearer {given['access_token']}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "access.scope_missing")
    assert answer.headers["www-authenticate"] == 'Bearer realm="VibeStream", error="insufficient_scope", scope="openid"'


async def test_a_code_shown_again_takes_everything_back(world: World):
    code = await world.code()
    given = (await world.redeem(code)).json()
    assert await world.works(given["access_token"])

    refused(await world.redeem(code), "invalid_grant")
    assert not await world.works(given["access_token"])
    refused(await world.refresh(given["refresh_token"]), "invalid_grant")
    async with world.database.begin() as tx:
        actions = [entry.action for entry in await entries_of(tx, user_id=world.ana.user_id)]
    assert actions.count(Action.APP_TOKEN_REPLAYED) == 1


async def test_of_many_that_show_one_code_at_once_one_gets_tokens_and_loses_them(world: World):
    code = await world.code()
    answers = await asyncio.gather(*(world.redeem(code) for _ in range(6)))

    given = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(given) == 1
    assert {answer.status_code for answer in answers} == {200, 400}
    assert not await world.works(given[0]["access_token"])


@pytest.mark.parametrize("verifier", ["w" * 43, CHALLENGE, "", "v" * 42, None])
async def test_a_stolen_code_is_good_for_nothing_without_its_verifier(world: World, verifier: str | None):
    code = await world.code()
    refused(await world.redeem(code, code_verifier=verifier), "invalid_grant")
    refused(await world.redeem(code), "invalid_grant")  # nor for its owner any more


async def test_a_code_is_not_taken_from_another_client(world: World):
    code = await world.code(world.public)
    refused(await world.redeem(code, world.confidential), "invalid_grant")
    assert (await world.redeem(code, world.public)).status_code == 200  # and is not lost by that


async def test_a_code_is_redeemed_with_the_redirect_uri_that_it_was_made_for(world: World):
    refused(await world.redeem(await world.code(), redirect_uri="https://app.example/other"), "invalid_grant")
    assert (await world.redeem(await world.code(), redirect_uri=None)).status_code == 200


async def test_a_code_is_good_for_a_minute(world: World):
    fresh, old = await world.code(), await world.code()
    await world.shift(code=57)
    assert (await world.redeem(fresh)).status_code == 200
    await world.shift(code=4)
    refused(await world.redeem(old), "invalid_grant")


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": f"{BACK}/../evil"},
        {"redirect_uri": f"{BACK}?next=https://evil.example"},
        {"redirect_uri": ""},
        {"redirect_uri": None},
        {"client_id": "00000000-0000-7000-8000-000000000000"},
        {"client_id": "'"},
        {"client_id": None},
        {"state": "x" * 2_000},
    ],
)
async def test_nobody_is_sent_to_an_address_that_was_not_registered(world: World, changes: dict[str, str | None]):
    query = world.query(None, **changes)
    for answer in (
        await world.browser.get(f"/oauth/authorize?{query}", headers=HTML),
        await world.app.get(f"/oauth/authorize?{query}", headers=HTML),
        await world.decide(query),
        await world.decide(query, "deny"),
    ):
        assert answer.status_code in {400, 422}, answer.text
        assert "location" not in answer.headers
        assert "evil.example" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": VERIFIER + "v"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "unsupported_response_type"),
        ({"scope": "openid admin"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/request"}, "request_uri_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "select"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1e9"}, "invalid_request"),
        ({"nonce": "n" * 513}, "invalid_request"),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_to_its_client(
    world: World, changes: dict[str, str | None], error: str
):
    query = world.query(None, **changes)
    for answer in (await world.browser.get(f"/oauth/authorize?{query}", headers=HTML), await world.decide(query)):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{BACK}?")
        said = answered(answer)
        assert (said["error"], said["state"], said["iss"]) == (error, "st4te", ORIGIN)
        assert "code" not in said


@pytest.mark.parametrize("name", ["state", "scope", "code_challenge", "response_type", "nonce"])
async def test_a_parameter_that_is_there_twice_is_refused(world: World, name: str):
    answer = await world.browser.get(f"/oauth/authorize?{world.query()}&{name}=x", headers=HTML)
    assert answered(answer)["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
async def test_two_places_to_go_back_to_are_none(world: World, name: str):
    answer = await world.browser.get(f"/oauth/authorize?{world.query()}&{name}=https://evil.example", headers=HTML)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(world: World):
    answer = await world.app.get(f"/oauth/authorize?{world.query()}", headers=HTML)
    where = urlsplit(answer.headers["location"])

    assert (answer.status_code, where.netloc, where.path) == (303, "", "/sign-in")
    page = await world.app.get(answer.headers["location"], headers=HTML)
    assert page.status_code == 200
    assert "code_challenge=" in page.text  # kept in the form, not cut


async def test_who_says_no_lets_nothing_in(world: World):
    assert answered(await world.decide(world.query(), "deny"))["error"] == "access_denied"
    assert answered(await world.decide(world.query(), "")) == answered(await world.decide(world.query(), "deny"))


async def test_an_answer_given_as_somebody_else_is_asked_again(world: World):
    fields = {"asked": world.query(), "who": str(world.developer.user_id), "decision": "allow"}
    answer = await world.browser.post("/oauth/authorize", data=fields, headers=HTML)

    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert "You are signed in as Ana Río." in answer.text


async def test_an_app_that_keeps_a_secret_is_remembered_and_another_is_not(world: World):
    for who, location in ((world.public, False), (world.confidential, True)):
        await world.tokens(who)
        again = await world.browser.get(f"/oauth/authorize?{world.query(who)}", headers=HTML)
        assert ("location" in again.headers) is location
    silent = await world.browser.get(f"/oauth/authorize?{world.query(world.confidential, prompt='none')}")
    assert (await world.redeem(answered(silent)["code"], world.confidential)).status_code == 200
    asked = await world.browser.get(f"/oauth/authorize?{world.query(world.confidential, prompt='consent')}")
    assert asked.status_code == 200
    halted = await world.browser.get(f"/oauth/authorize?{world.query(world.confidential)}&vs_halted=1")
    assert halted.status_code == 200  # a form led here, and its page would not let the browser go elsewhere


async def test_what_was_not_agreed_to_yet_is_not_granted_silently(world: World):
    await world.tokens(world.confidential, scope="openid profile")
    for who, error in ((world.browser, "consent_required"), (world.app, "login_required")):
        query = world.query(world.confidential, prompt="none")
        assert answered(await who.get(f"/oauth/authorize?{query}"))["error"] == error


async def test_the_page_lets_its_form_lead_to_this_app_only_and_is_not_framed(world: World):
    page = await world.browser.get(f"/oauth/authorize?{world.query()}", headers=HTML)
    policy = page.headers["content-security-policy"]

    assert "form-action 'self' https://app.example;" in policy
    assert "frame-ancestors 'none'" in policy
    other = await world.browser.get("/account", headers=HTML)
    assert "form-action 'self';" in other.headers["content-security-policy"]


async def test_an_answer_from_another_site_is_none(world: World):
    fields = {"asked": world.query(), "who": str(world.ana.user_id), "decision": "allow"}
    answer = await world.browser.post("/oauth/authorize", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()["code"]) == (403, "http.cross_site")


async def test_a_client_shows_itself_in_one_way_and_truly(world: World):
    code, secret = await world.code(world.confidential), world.confidential.secret
    name = str(world.confidential.client.client_id)

    async def by(basic: str | None = None, **fields: str) -> Any:
        headers = {} if basic is None else {"Authorization": "Basic " + base64.b64encode(basic.encode()).decode()}
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return await world.app.post("/oauth/token", data=sent | fields, headers=headers)

    refused(await by(), "invalid_client", 401)
    refused(await by(client_id=name), "invalid_client", 401)
    refused(await by(client_id=name, client_secret="wrong"), "invalid_client", 401)
    refused(await by(f"{name}:wrong"), "invalid_client", 401)
    refused(await by(name), "invalid_client", 401)
    refused(await by(f"{name}:{secret}", client_secret=str(secret)), "invalid_request")
    refused(await by(f"{name}:{secret}", client_id=str(world.public.client.client_id)), "invalid_request")
    refused(await by(f"{world.public.client.client_id}:"), "invalid_client", 401)
    public = str(world.public.client.client_id)
    refused(await by(client_id=public, client_secret=str(secret)), "invalid_client", 401)
    assert (await by(f"{name}:wrong")).headers["www-authenticate"] == 'Basic realm="VibeStream"'
    assert (await by(f"{name}:{secret}")).status_code == 200  # none of that has cost the code


@pytest.mark.parametrize("grant_type", ["password", "implicit", "client_credentials", "urn:x", "Authorization_code"])
async def test_other_grants_do_not_exist(world: World, grant_type: str):
    refused(await world.token(grant_type=grant_type, username="a", password="b"), "unsupported_grant_type")
    refused(await world.token(), "invalid_request")


async def test_the_token_endpoint_takes_a_form_in_the_body_and_nothing_twice(world: World):
    code = await world.code()
    good = (
        f"grant_type=authorization_code&code={code}&client_id={world.public.client.client_id}&code_verifier={VERIFIER}"
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    async def post(path: str, body: str, headers: dict[str, str]) -> Any:
        return await world.app.post(path, content=body.encode(), headers=headers)

    refused(await post(f"/oauth/token?{good}", "", form), "invalid_request")
    refused(await post("/oauth/token", f"{good}&code={code}", form), "invalid_request")
    refused(await post("/oauth/token", f"{good}&code_verifier={'w' * 43}", form), "invalid_request")
    assert (await post("/oauth/token", good, {"Content-Type": "application/json"})).status_code in {400, 401, 415, 422}
    assert (await world.app.get(f"/oauth/token?{good}")).status_code in {404, 405}
    assert (await post("/oauth/token", good, form)).status_code == 200


async def test_what_is_said_of_the_provider_is_true(world: World):
    described = (await world.app.get("/.well-known/openid-configuration")).json()

    assert described == (await world.app.get("/.well-known/oauth-authorization-server")).json()
    assert described["issuer"] == ORIGIN
    for name, value in described.items():
        if name.endswith(("_endpoint", "_uri")):
            path = value.removeprefix(ORIGIN)
            answers = [await world.app.get(path), await world.app.post(path, data={})]
            assert any(answer.status_code not in {404, 405} for answer in answers), name
    assert (await world.app.get("/oauth/jwks")).headers["cache-control"] == "public, max-age=3600"
