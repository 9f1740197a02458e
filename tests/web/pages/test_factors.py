"""The pages of second factors: setting one up, signing in by it, showing it again before what matters."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import segno
import zxingcpp
from fastapi import FastAPI
from PIL import Image, ImageDraw

from tests.factories.factors import App, make_app, secret_of
from tests.factories.users import PASSWORD, User, make_user
from tests.http_client import open_client
from tests.web.conftest import PageReader, read
from vibestream.app import create_app
from vibestream.contexts.user.factors.domain import code_at, step_of
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
SESSION = "__Host-vs"


@pytest.fixture
async def real(settings: Settings, runtime: Runtime) -> Any:
    """The application with real sessions: their proofs are what is tested here."""
    application: FastAPI = create_app(settings, runtime=runtime)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def guarded(database: Database, settings: Settings) -> tuple[User, App]:
    async with database.begin() as tx:
        user = await make_user(tx, email="ana@example.org")
        return user, await make_app(tx, user, settings, now=utc_now() - timedelta(days=1))


async def age(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '1 hour'")


async def sign_in(client: Any, user: User, **more: str) -> Any:
    return await client.post("/sign-in", data={"email": user.email, "password": user.password, **more}, headers=FORM)


async def enter(client: Any, user: User, code: str) -> None:
    await sign_in(client, user)
    entered = await client.post("/sign-in/second", data={"code": code, "next": "/"}, headers=FORM)
    assert entered.status_code == 303


def hidden(page: PageReader) -> dict[str, str]:
    """Return the hidden fields of the page's own form, not those of the shell around it."""
    found: dict[str, str] = {}
    inside = False
    for tag, attributes in page.elements:
        if tag == "form":
            inside = attributes["action"] in {"/step-up", "/sign-in/second"}
        elif inside and tag == "input" and attributes["type"] == "hidden":
            found[attributes["name"]] = attributes["value"]
    return found


def drawn(html: str) -> np.ndarray[Any, Any]:
    """Paint the page's QR code, stroke by stroke, as its browser would."""
    svg = re.search(r'<svg [^>]*viewBox="0 0 (\d+) \d+".*?</svg>', html, re.DOTALL)
    assert svg is not None
    size = int(svg[1])
    scale = int(float(re.search(r"scale\((\d+)\)", svg[0])[1])) if "scale(" in svg[0] else 1  # type: ignore[index]
    strokes = re.search(r'd="(M4 4\.5[^"]*)"', svg[0])
    assert strokes is not None
    image = Image.new("L", (size * 4 // scale, size * 4 // scale), 255)
    brush = ImageDraw.Draw(image)
    x = y = 0.0
    for command, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", strokes[1]):
        if command == "h":
            brush.rectangle((x * 4, y * 4 - 2, (x + float(first)) * 4 - 1, y * 4 + 1), fill=0)
            x += float(first)
        else:
            x, y = (float(first), float(second)) if command == "M" else (x + float(first), y + float(second))
    return np.asarray(image)


async def test_an_app_is_set_up_by_the_picture_and_asked_for_from_then_on(real: FastAPI, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
    async with open_client(real) as client:
        await sign_in(client, user)
        begun = await client.post("/account/app", headers=FORM)
        assert (begun.status_code, begun.headers["location"]) == (303, "/account/app")
        shown = await client.get("/account/app", headers=FORM)
        assert shown.headers["cache-control"] == "no-store"
        page = read(shown)
        [barcode] = zxingcpp.read_barcodes(drawn(shown.text))
        assert barcode.text.startswith("otpauth://totp/VibeStream%3A")
        secret = secret_of(barcode.text)
        key = re.search(r"(?:[A-Z2-7]{4}-){7}[A-Z2-7]{4}", page.text)
        assert key is not None
        assert key[0].replace("-", "") in barcode.text

        wrong = await client.post("/account/app/confirm", data={"code": "no"}, headers=FORM)
        assert wrong.status_code == 422
        assert read(wrong).all("input", name="code")[0]["aria-invalid"] == "true"
        code = code_at(secret, step_of(utc_now()))
        confirmed = await client.post("/account/app/confirm", data={"code": code}, headers=FORM)
        codes = re.findall(r"(?:[a-z2-7]{4}-){5}[a-z2-7]{4}", read(confirmed).text)
        assert len(codes) == 10
        assert "10 recovery codes are left." in read(await client.get("/account", headers=FORM)).text
        assert (await client.get("/account/app", headers=FORM)).headers["location"] == "/account"

    async with open_client(real) as client:
        half = await sign_in(client, user, next="/wallet")
        assert half.headers["location"] == "/sign-in/second?next=/wallet"
        assert SESSION not in client.cookies
        asked = read(await client.get(half.headers["location"], headers=FORM))
        whole = await client.post("/sign-in/second", data={"code": codes[0], **hidden(asked)}, headers=FORM)
        assert (whole.status_code, whole.headers["location"]) == (303, "/wallet")
        assert "9 recovery codes are left." in read(await client.get("/account", headers=FORM)).text


async def test_a_wrong_second_factor_is_said_beside_its_field_and_the_way_on_is_kept(
    real: FastAPI, guarded: tuple[User, App]
):
    user, _ = guarded
    async with open_client(real) as client:
        await sign_in(client, user, next="/wallet")
        wrong = await client.post("/sign-in/second", data={"code": "no such", "next": "/wallet"}, headers=FORM)
        page = read(wrong)
        assert wrong.status_code == 422
        assert "wrong or was used before" in page.text
        assert hidden(page) == {"next": "/wallet"}
        assert page.all("input", name="code")[0]["value"] == ""


@pytest.mark.parametrize("onward", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_the_second_step_leads_nowhere_else(real: FastAPI, guarded: tuple[User, App], onward: str):
    user, app = guarded
    async with open_client(real) as client:
        assert (await sign_in(client, user, next=onward)).headers["location"] == "/sign-in/second"
        done = await client.post("/sign-in/second", data={"code": app.recovery[0], "next": onward}, headers=FORM)
        assert (done.status_code, done.headers["location"]) == (303, "/")


async def test_who_has_shown_no_password_is_sent_to_the_first_step(real: FastAPI):
    async with open_client(real) as client:
        asked = await client.get("/sign-in/second?next=/wallet", headers=FORM)
        assert asked.headers["location"] == "/sign-in?next=/wallet"
        tried = await client.post("/sign-in/second", data={"code": "123456"}, headers=FORM)
        assert tried.status_code == 410
        assert "Enter your address and your password once more." in read(tried).text


async def test_what_matters_is_asked_for_again_and_then_done(
    real: FastAPI, guarded: tuple[User, App], database: Database
):
    user, app = guarded
    async with open_client(real) as client:
        await enter(client, user, app.recovery[0])
        await age(database)
        prompt = await client.post("/account/app/remove", data={"kept": 'a "b" <c>'}, headers=FORM)
        page = read(prompt)
        assert prompt.status_code == 403
        assert hidden(page) == {
            "proof_again": "/account/app/remove",
            "proof_onward": "/account/app/remove",
            "kept": 'a "b" <c>',
        }
        wrong = await client.post("/step-up", data={**hidden(page), "proof_code": user.password}, headers=FORM)
        assert wrong.status_code == 422
        assert hidden(read(wrong)) == hidden(page)

        token = client.cookies[SESSION]
        proved = await client.post("/step-up", data={**hidden(page), "proof_code": app.code(utc_now())}, headers=FORM)
        assert (proved.status_code, proved.headers["location"]) == (307, "/account/app/remove")
        assert client.cookies[SESSION] != token
        done = await client.post(proved.headers["location"], data=hidden(page), headers=FORM)
        assert done.headers["location"] == "/account?done=app_removed"
        assert "Set up an app" in read(await client.get("/account?done=app_removed", headers=FORM)).text


@pytest.mark.parametrize("again", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_the_proof_sends_nothing_anywhere_else(
    real: FastAPI, guarded: tuple[User, App], database: Database, again: str
):
    user, app = guarded
    async with open_client(real) as client:
        await enter(client, user, app.recovery[0])
        form = {"proof_again": again, "proof_onward": again, "proof_code": app.code(utc_now())}
        proved = await client.post("/step-up", data=form, headers=FORM)
        assert (proved.status_code, proved.headers["location"]) == (303, "/account")


async def test_a_password_is_changed_with_the_second_factor_and_never_written_into_the_prompt(
    real: FastAPI, guarded: tuple[User, App], database: Database
):
    user, app = guarded
    typed = {"current": user.password, "new": "orchard bicycle thunder 7"}
    async with open_client(real) as client:
        await enter(client, user, app.recovery[0])
        await age(database)
        prompt = await client.post("/account/password", data=typed, headers=FORM)
        assert prompt.status_code == 403
        assert hidden(read(prompt)) == {"proof_again": "", "proof_onward": "/account"}
        assert not any(secret in prompt.text for secret in typed.values())
        proof = {**hidden(read(prompt)), "proof_code": app.code(utc_now())}
        assert (await client.post("/step-up", data=proof, headers=FORM)).headers["location"] == "/account"
        changed = await client.post("/account/password", data=typed, headers=FORM)
        assert changed.headers["location"] == "/account?done=password"


async def test_without_a_second_factor_the_prompt_asks_for_the_password(real: FastAPI, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
    async with open_client(real) as client:
        await sign_in(client, user)
        await age(database)
        page = read(await client.post("/account/app", headers=FORM))
        assert page.all("input", name="proof_code")[0]["type"] == "password"
        proved = await client.post("/step-up", data={**hidden(page), "proof_code": PASSWORD}, headers=FORM)
        assert (proved.status_code, proved.headers["location"]) == (307, "/account/app")
        # Where the form itself asks for the password, that is the proof.
        await age(database)
        typed = {"current": user.password, "new": "orchard bicycle thunder 7"}
        changed = await client.post("/account/password", data=typed, headers=FORM)
        assert changed.headers["location"] == "/account?done=password"


def test_the_reader_of_pictures_reads_what_was_drawn():
    """That `drawn` paints what the standard says, on a code that no page made."""
    text = "otpauth://totp/x?secret=GEZDGNBV"
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=4, omitsize=True, light="#fff")
    [barcode] = zxingcpp.read_barcodes(drawn(out.getvalue().decode()))
    assert barcode.text == text
