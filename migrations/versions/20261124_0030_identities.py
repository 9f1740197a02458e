"""Accounts at other issuers that people sign in with, and what waits while they are asked; wallets that they have shown."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    for statements in (_IDENTITIES, _ASKED, _ENTERED, _WALLETS):
        op.execute(statements)


_IDENTITIES = """
CREATE TABLE users.identity (
    identity_id uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users.account,
    provider    text NOT NULL CHECK (provider ~ '^[a-z][a-z0-9-]{0,31}$'),
    issuer      text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 400),
    subject     text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    label       text NOT NULL CHECK (length(label) BETWEEN 1 AND 254),
    linked_at   timestamptz NOT NULL,
    used_at     timestamptz CHECK (used_at >= linked_at),
    UNIQUE (issuer, subject)
);
COMMENT ON TABLE users.identity IS
    'An account at another issuer that signs its owner in. Its key is the issuer with its subject, never an address.';
COMMENT ON COLUMN users.identity.label IS 'What its owner knows it by: the address or name that the issuer told.';
CREATE INDEX identity_by_person ON users.identity (user_id);

GRANT SELECT, INSERT, DELETE, UPDATE (label, used_at) ON users.identity TO vibestream_app;
"""

_ASKED = """
CREATE TABLE users.identity_request (
    state_hash   bytea PRIMARY KEY CHECK (length(state_hash) = 32),
    browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
    provider     text NOT NULL,
    linking      boolean NOT NULL,
    onward       text NOT NULL CHECK (onward LIKE '/%' AND length(onward) <= 2000),
    expires_at   timestamptz NOT NULL
);
COMMENT ON TABLE users.identity_request IS 'A browser that was sent to an issuer and is awaited: each answer is taken once.';
CREATE INDEX identity_request_by_expiry ON users.identity_request (expires_at);

CREATE TABLE users.identity_waiting (
    browser_hash bytea PRIMARY KEY CHECK (length(browser_hash) = 32),
    sealed       bytea NOT NULL,
    expires_at   timestamptz NOT NULL
);
COMMENT ON TABLE users.identity_waiting IS
    'An account at an issuer that its owner has just shown and that belongs to nobody here yet, encrypted.';
CREATE INDEX identity_waiting_by_expiry ON users.identity_waiting (expires_at);

GRANT SELECT, INSERT, DELETE ON users.identity_request TO vibestream_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users.identity_waiting TO vibestream_app;
"""

_ENTERED = """
ALTER TABLE users.session
    DROP CONSTRAINT session_entered_by_check,
    ADD CONSTRAINT session_entered_by_check CHECK (entered_by IN ('password', 'passkey', 'identity'));
"""

_WALLETS = """
CREATE TABLE users.chain_wallet (
    wallet_id uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users.account,
    address   text NOT NULL UNIQUE CHECK (address ~ '^0x[0-9a-f]{40}$'),
    chain_id  bigint NOT NULL CHECK (chain_id > 0),
    linked_at timestamptz NOT NULL
);
COMMENT ON TABLE users.chain_wallet IS
    'A wallet whose key has signed that it belongs to an account; of one account at most. It lets nobody in.';
CREATE INDEX chain_wallet_by_person ON users.chain_wallet (user_id);

CREATE TABLE users.chain_wallet_challenge (
    nonce_hash   bytea PRIMARY KEY CHECK (length(nonce_hash) = 32),
    browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
    user_id      uuid NOT NULL REFERENCES users.account,
    expires_at   timestamptz NOT NULL
);
COMMENT ON TABLE users.chain_wallet_challenge IS 'What a browser was asked to have signed: good once.';
CREATE INDEX chain_wallet_challenge_by_expiry ON users.chain_wallet_challenge (expires_at);
CREATE INDEX chain_wallet_challenge_by_person ON users.chain_wallet_challenge (user_id);

GRANT SELECT, INSERT, DELETE ON users.chain_wallet, users.chain_wallet_challenge TO vibestream_app;
"""
