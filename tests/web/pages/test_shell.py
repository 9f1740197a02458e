"""What stands around every page: policy and nonce, language and theme, navigation, fragments, problems as pages."""

from __future__ import annotations

import re

import pytest

from tests.factories.users import make_user
from tests.web.conftest import read

HTML = {"Accept": "text/html"}


async def test_every_script_of_a_page_carries_the_nonce_of_its_policy(client):
    answer = await client.get("/", headers=HTML)
    page = read(answer)
    nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"])

    assert nonce is not None
    scripts = page.all("script")
    assert len(scripts) == 2
    assert {script["nonce"] for script in scripts} == {nonce[1]}
    assert page.all("script", type="module")[0]["integrity"].startswith("sha384-")
    assert page.all("body")[0]["hx-nonce"] == nonce[1]


async def test_two_answers_never_share_a_nonce(client):
    one, other = [(await client.get("/", headers=HTML)).headers["content-security-policy"] for _ in range(2)]

    assert one != other


async def test_the_player_stands_outside_of_what_a_navigation_replaces(client):
    page = read(await client.get("/", headers=HTML))
    order = [tag for tag, _ in page.elements if tag in {"main", "vs-player", "audio"}]

    assert order == ["main", "vs-player", "audio"]
    assert "hx-history-elt" in page.all("main")[0]


async def test_htmx_is_sent_the_page_alone(client):
    answer = await client.get("/", headers={**HTML, "HX-Request": "true"})
    page = read(answer)

    assert [tag for tag, _ in page.elements][:2] == ["title", "main"]
    assert page.all("vs-player") == []
    assert "HX-Request" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ("auto", "auto"), ('"><x', "auto")]
)
async def test_the_theme_is_in_the_first_byte_so_that_nothing_flashes(client, cookie: str, theme: str):
    client.cookies.set("vs_theme", cookie, domain="testserver.local")
    page = read(await client.get("/", headers=HTML))

    assert page.all("html")[0]["data-theme"] == theme


async def test_a_page_speaks_the_language_that_the_browser_prefers(client):
    page = read(await client.get("/", headers={**HTML, "Accept-Language": "es-CL, en;q=0.5"}))

    assert page.all("html")[0]["lang"] == "es"
    assert "Novedades" in page.text
    assert "Repetir la cola" in (await client.get("/", headers={**HTML, "Accept-Language": "es"})).text


async def test_the_language_of_the_account_wins_over_the_browser(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx, locale="es")
    client = await client_for(user)

    assert "Cartera" in read(await client.get("/wallet", headers={**HTML, "Accept-Language": "en"})).text


async def test_navigation_leads_only_to_pages_that_exist_for_whoever_sees_it(client, client_for, database):
    async with database.begin() as tx:
        people = [await make_user(tx), await make_user(tx, roles=("admin",))]
    seen = []
    for who in (client, *[await client_for(person) for person in people]):
        page = read(await who.get("/", headers=HTML))
        links = sorted({link["href"] for link in page.all("a") if link["href"].startswith("/")})
        seen.append(links)
        for link in links:
            answer = await who.get(link, headers=HTML)
            assert answer.status_code == 200, link

    assert "/wallet" not in seen[0]
    assert "/operations" not in seen[1]
    assert "/operations" in seen[2]


async def test_the_sandbox_is_named_on_every_page(client):
    assert "No mail or money leaves this machine." in read(await client.get("/sign-in", headers=HTML)).text


async def test_a_page_for_the_signed_in_leads_to_sign_in_and_back(client):
    answer = await client.get("/wallet?before=9", headers=HTML)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/wallet%3Fbefore%3D9"


async def test_a_missing_page_is_a_page_and_a_missing_address_of_the_interface_a_problem(client):
    page = await client.get("/nothing/here", headers=HTML)
    interface = await client.get("/api/v1/nothing", headers=HTML)
    picture = await client.get("/static/dist/../../assets.py", headers={"Accept": "*/*"})

    assert page.status_code == 404
    assert "There is nothing here" in read(page).text
    assert interface.status_code == 404
    assert interface.headers["content-type"] == "application/problem+json"
    assert picture.status_code == 404


async def test_a_missing_page_knows_who_asks(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx, display_name="Zoe Prats")
    page = read(await (await client_for(user)).get("/nothing/here", headers=HTML))

    assert "Zoe Prats" in page.text


async def test_somebody_without_the_role_is_told_so_on_a_page(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    answer = await (await client_for(user)).get("/operations", headers=HTML)

    assert answer.status_code == 403
    assert "Your account may not do this." in read(answer).text


async def test_files_of_the_bundle_are_kept_for_ever_and_come_compressed(client):
    page = read(await client.get("/", headers=HTML))
    script = page.all("script", type="module")[0]["src"]
    plain = await client.get(script, headers={"Accept-Encoding": "identity"})
    compressed = await client.get(script, headers={"Accept-Encoding": "gzip"})

    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.content == plain.content


@pytest.mark.parametrize("name", ["manifest.json", "stamp", "messages.es.json", "..%2fassets.py", "app-00000000.js"])
async def test_nothing_but_hashed_files_of_the_bundle_is_served(client, name: str):
    assert (await client.get(f"/static/dist/{name}")).status_code == 404


async def test_artwork_is_a_picture_that_can_do_nothing(client):
    answer = await client.get("/artwork/01a20ba6-353c-73ac-9095-1ff3c9523615.svg")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "immutable" in answer.headers["cache-control"]


async def test_preferences_are_kept_in_cookies_and_for_the_account(client_for, database):
    from vibestream.contexts.user.profiles import service as profiles

    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    form = {"theme": "dark", "language": "es", "next": "//evil.example"}
    answer = await client.post("/preferences", data=form, headers={**HTML, "Sec-Fetch-Site": "same-origin"})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert answer.cookies["vs_theme"] == "dark"
    async with database.begin() as tx:
        fan = await profiles.fan(tx, user_id=user.user_id)
    assert (fan.theme, fan.locale) == ("dark", "es")


async def test_a_post_from_another_site_changes_nothing(client):
    answer = await client.post("/preferences", data={"theme": "dark"}, headers={**HTML, "Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert "vs_theme" not in answer.cookies
