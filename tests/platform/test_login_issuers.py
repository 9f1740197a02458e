"""The setting that names the issuers people may sign in with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vibestream.platform.config import SettingsInvalid, load_settings

GITHUB = {"preset": "github", "client_id": "us", "secret": "VIBESTREAM_TEST_SECRET"}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIBESTREAM_TEST_SECRET", "s3cret")


def test_a_list_in_the_environment_is_read_and_presets_fill_in_what_is_the_same_everywhere(
    monkeypatch: pytest.MonkeyPatch,
):
    apple = {**GITHUB, "preset": "apple", "team_id": "T", "key_id": "K"}
    own = {"name": "own", "title": "Our own", "issuer": "https://login.example/realms/a", "client_id": "x"}
    monkeypatch.setenv("VIBESTREAM_LOGIN_ISSUERS", json.dumps([GITHUB, apple, own]))
    read = load_settings().login_issuers
    assert [(one.name, one.title, one.issuer, one.scopes) for one in read] == [
        ("github", "GitHub", "https://github.com", ("read:user", "user:email")),
        ("apple", "Apple", "https://appleid.apple.com", ("openid", "email", "name")),
        ("own", "Our own", "https://login.example/realms/a", ("openid", "email", "profile")),
    ]


def test_the_secret_is_in_a_variable_else_in_a_file_and_never_in_the_list(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    settings = load_settings(login_issuers=(GITHUB,))
    assert settings.login_secret(settings.login_issuers[0]) == "s3cret"
    assert "s3cret" not in repr(settings)
    monkeypatch.delenv("VIBESTREAM_TEST_SECRET")
    monkeypatch.setenv("VIBESTREAM_SECRETS_DIR", str(tmp_path))
    (tmp_path / "VIBESTREAM_TEST_SECRET").write_text("of a file\n")
    assert settings.login_secret(settings.login_issuers[0]) == "of a file"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{}", "JSON list"),
        ("[", "JSON list"),
        ([{"preset": "myspace", "client_id": "x"}], "preset|name|oidc"),
        ([{"preset": "github", "client_id": "x"}], "needs a secret"),
        ([{**GITHUB, "secret": "PATH"}], "pattern"),
        ([{**GITHUB, "secret": "VIBESTREAM_NOT_THERE"}], "VIBESTREAM_NOT_THERE is not set"),
        ([{**GITHUB, "preset": "apple"}], "Apple needs team_id"),
        ([GITHUB, GITHUB], "github is there twice"),
        ([{**GITHUB, "name": "../x"}], "pattern"),
        ([{**GITHUB, "admin": True}], "[Ee]xtra"),
        ([{"name": "a", "title": "A", "issuer": "http://login.example", "client_id": "x"}], "begins with https"),
        ([{"name": "a", "title": "A", "issuer": "https://a.example?x=1", "client_id": "x"}], "no query"),
        ([{"name": "a", "title": "A", "issuer": "https://u@a.example", "client_id": "x"}], "no query"),
        ([{"name": "a", "title": "A", "issuer": "https://a.example", "client_id": "x", "scopes": ["email"]}], "openid"),
    ],
)
def test_what_cannot_be_right_is_refused_at_the_start(given: object, says: str):
    text = given if isinstance(given, str) else json.dumps(given)
    with pytest.raises(SettingsInvalid, match=says):
        load_settings(login_issuers=text)


def test_production_takes_no_issuer_on_this_machine():
    own = {"name": "own", "title": "Own", "issuer": "https://localhost:9000", "client_id": "x"}
    with pytest.raises(SettingsInvalid, match="own: production needs an https issuer outside this machine"):
        load_settings(environment="production", login_issuers=(own,))
