"""Passkeys, the challenges that are being answered, and by what a session was entered."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Create the tables of passkeys; the application gets each right by name."""
    op.execute(_PASSKEYS)
    op.execute(_CHALLENGES)
    op.execute(_SESSIONS)


_PASSKEYS = """
CREATE TABLE users.passkey (
    passkey_id      uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users.account,
    credential_id   bytea NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    public_key      bytea NOT NULL CHECK (length(public_key) BETWEEN 1 AND 2048),
    sign_count      bigint NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
    aaguid          uuid NOT NULL,
    transports      text[] NOT NULL,
    backup_eligible boolean NOT NULL,
    backed_up       boolean NOT NULL CHECK (backup_eligible OR NOT backed_up),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    made_at         timestamptz NOT NULL,
    used_at         timestamptz CHECK (used_at >= made_at),
    suspected_at    timestamptz CHECK (suspected_at >= made_at)
);
CREATE INDEX passkey_by_user ON users.passkey (user_id);
COMMENT ON COLUMN users.passkey.public_key IS 'A COSE key; the private one never leaves its owner''s authenticator.';
COMMENT ON COLUMN users.passkey.sign_count IS 'The counter that was shown last; 0 for authenticators that do not count.';
COMMENT ON COLUMN users.passkey.suspected_at IS
    'When its counter went backwards, which only a copy explains: nothing is entered by it any more.';

GRANT SELECT, INSERT, UPDATE, DELETE ON users.passkey TO vibestream_app;
"""

_CHALLENGES = """
CREATE TABLE users.passkey_challenge (
    challenge    bytea PRIMARY KEY CHECK (length(challenge) = 32),
    browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
    purpose      text NOT NULL CHECK (purpose IN ('register', 'sign_in', 'step_up')),
    user_id      uuid REFERENCES users.account CHECK ((user_id IS NULL) = (purpose = 'sign_in')),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at)
);
COMMENT ON TABLE users.passkey_challenge IS
    'What one browser was asked to have signed, for one purpose; a row is deleted by the first answer to it.';
CREATE INDEX passkey_challenge_by_expiry ON users.passkey_challenge (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.passkey_challenge TO vibestream_app;
"""

_SESSIONS = """
ALTER TABLE users.session ADD COLUMN entered_by text NOT NULL DEFAULT 'password'
    CHECK (entered_by IN ('password', 'passkey'));
COMMENT ON COLUMN users.session.entered_by IS 'By what its owner signed in: passkey stands for both factors.';
"""
