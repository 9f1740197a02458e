"""Resets of passwords that were forgotten."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Create the table of resets; the application gets each right by name."""
    op.execute(_RESETS)


_RESETS = """
CREATE TABLE users.password_reset (
    reset_id     uuid PRIMARY KEY,
    user_id      uuid REFERENCES users.account,
    address_hash bytea NOT NULL CHECK (length(address_hash) = 32),
    browser_hash bytea NOT NULL UNIQUE CHECK (length(browser_hash) = 32),
    network      text NOT NULL CHECK (length(network) <= 64),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
    tries_left   integer NOT NULL CHECK (tries_left >= 0)
);
COMMENT ON TABLE users.password_reset IS
    'A browser that asked to reset a password. Without user_id nobody has the address: it looks the same from outside and '
    'can never succeed.';
COMMENT ON COLUMN users.password_reset.address_hash IS
    'Keyed hash of the address that was typed, whether or not anybody has it: what requests are counted by.';
COMMENT ON COLUMN users.password_reset.browser_hash IS 'SHA-256 of the secret in the cookie of the browser that asked.';
CREATE INDEX password_reset_by_address ON users.password_reset (address_hash, created_at DESC);
CREATE INDEX password_reset_by_user ON users.password_reset (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX password_reset_by_expiry ON users.password_reset (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.password_reset TO vibestream_app;
"""
