"""Second factors, the second step of signing in, and when a session's owner last showed that it is them."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Create the tables of factors; the application gets each right by name."""
    op.execute(_FACTORS)
    op.execute(_SECOND_STEPS)
    op.execute(_SESSIONS)


_FACTORS = """
CREATE TABLE users.totp (
    user_id      uuid PRIMARY KEY REFERENCES users.account,
    sealed       bytea NOT NULL CHECK (length(sealed) BETWEEN 52 AND 128),
    made_at      timestamptz NOT NULL,
    confirmed_at timestamptz CHECK (confirmed_at >= made_at),
    last_step    bigint NOT NULL DEFAULT 0 CHECK (last_step >= 0),
    failures     integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    retry_at     timestamptz
);
COMMENT ON COLUMN users.totp.sealed IS 'The secret, encrypted under a key derived from the secret key and bound to the account.';
COMMENT ON COLUMN users.totp.confirmed_at IS 'When a first code was shown; before, the app is not asked for at sign-in.';
COMMENT ON COLUMN users.totp.last_step IS 'The time step of the newest code that was taken: none of it or before is taken again.';
COMMENT ON COLUMN users.totp.failures IS 'Wrong codes since the last right one, from anywhere.';

CREATE TABLE users.recovery_code (
    user_id   uuid NOT NULL REFERENCES users.account,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    made_at   timestamptz NOT NULL,
    used_at   timestamptz CHECK (used_at >= made_at),
    PRIMARY KEY (user_id, code_hash)
);
COMMENT ON TABLE users.recovery_code IS 'SHA-256 of codes of 120 random bits, each good once.';

GRANT SELECT, INSERT, UPDATE, DELETE ON users.totp, users.recovery_code TO vibestream_app;
"""

_SECOND_STEPS = """
CREATE TABLE users.second_step (
    browser_hash   bytea PRIMARY KEY CHECK (length(browser_hash) = 32),
    user_id        uuid NOT NULL REFERENCES users.account,
    password_print bytea NOT NULL CHECK (length(password_print) = 32),
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL CHECK (expires_at > created_at),
    tries_left     integer NOT NULL CHECK (tries_left >= 0)
);
COMMENT ON TABLE users.second_step IS
    'A browser that has shown the password and not yet the second factor. It is no session: it opens nothing.';
COMMENT ON COLUMN users.second_step.password_print IS
    'SHA-256 of the stored hash that matched: when the password is changed meanwhile, the step is void.';
CREATE INDEX second_step_by_expiry ON users.second_step (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.second_step TO vibestream_app;
"""

_SESSIONS = """
ALTER TABLE users.session ADD COLUMN proved_at timestamptz;
COMMENT ON COLUMN users.session.proved_at IS
    'When its owner last showed the strongest factor that the account has; null: not since it has a stronger one.';
"""
