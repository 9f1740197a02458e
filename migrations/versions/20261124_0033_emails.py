"""Passwords that are short beside a second factor; attempts to sign in, and browsers that accounts know."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Note of each password whether it is too short to stand alone; those before are not. Create the two tables."""
    for statements in (_SHORT, _ATTEMPTS):
        op.execute(statements)


_SHORT = """
ALTER TABLE users.password ADD COLUMN short boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN users.password.short IS
    'Less than 15 characters: allowed while a second factor is asked for too, which cannot be removed before it.';
"""

_ATTEMPTS = """
CREATE TABLE users.sign_in_attempts (
    bucket  bytea PRIMARY KEY CHECK (length(bucket) = 32),
    taken   integer NOT NULL CHECK (taken >= 0),
    ends_at timestamptz NOT NULL
);
COMMENT ON TABLE users.sign_in_attempts IS
    'How many attempts to sign in by password were counted under a keyed hash: of an address, whether or not anybody has '
    'it, of a network, or of a browser that an account knows.';
CREATE INDEX sign_in_attempts_by_end ON users.sign_in_attempts (ends_at);

CREATE TABLE users.known_device (
    user_id     uuid NOT NULL REFERENCES users.account,
    device_hash bytea NOT NULL CHECK (length(device_hash) = 32),
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (user_id, device_hash)
);
COMMENT ON TABLE users.known_device IS
    'Browsers that an account has let in, by the SHA-256 of the secret in their cookie: what strangers try does not keep them '
    'out. It lets nobody in.';
CREATE INDEX known_device_by_hash ON users.known_device (device_hash);
CREATE INDEX known_device_by_age ON users.known_device (seen_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.sign_in_attempts, users.known_device TO vibestream_app;
"""
