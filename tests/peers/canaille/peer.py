"""Canaille by pytest-iam, an issuer that others wrote in Python: it has one person, who is signed in there.

    python peer.py PORT REDIRECT_URI

Prints what our settings need to know of it, and serves until its input ends.
"""

from __future__ import annotations

import json
import sys
import threading
import uuid

import pytest_iam
from canaille import create_app
from canaille.backends import Backend
from joserfc.jwk import JWKRegistry

CLIENT_ID = "vibestream"
SECRET = "a-secret-without-signs-that-need-encoding"  # which Canaille does not undo, RFC 6749, 2.3.1


def main(port: int, redirect_uri: str) -> None:
    """Serve until standard input ends."""
    key = JWKRegistry.generate_key("RSA", 2048)
    key.ensure_kid()
    app = create_app(
        config={
            "SECRET_KEY": str(uuid.uuid4()),
            "WTF_CSRF_ENABLED": False,
            "PREFERRED_URL_SCHEME": "http",
            "SERVER_NAME": f"localhost:{port}",
            "CANAILLE": {"DATABASE": "memory", "ACL": {"DEFAULT": {"PERMISSIONS": ["use_oidc"]}}},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
        }
    )
    server = pytest_iam.Server(app, port, Backend.instance)
    with app.app_context():
        person = server.models.User(
            user_name="robin",
            given_name="Robin",
            family_name="Vale",
            emails=["robin@example.org"],
            password="a password",
        )
        server.backend.save(person)
        client = server.models.Client(
            client_id=CLIENT_ID,
            client_secret=SECRET,
            client_name="VibeStream",
            redirect_uris=[redirect_uri],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "email", "profile"],
            token_endpoint_auth_method="client_secret_basic",
            id_token_signed_response_alg="RS256",
        )
        server.backend.save(client)
        client.audience = [client]
        server.backend.save(client)
        server.consent(person, client)
    server.login(person)
    threading.Thread(target=server.httpd.serve_forever, daemon=True).start()
    print(json.dumps({"issuer": server.url, "client_id": CLIENT_ID, "secret": SECRET}), flush=True)
    sys.stdin.read()
    server.httpd.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
