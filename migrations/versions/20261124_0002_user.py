"""The tables of the user context.

Personal data stands in few places, so that erasing a person is short: `address`, `fan_profile`, `artist_profile` with
its handles, `sign_up` (dropped a day after it expired) and the device columns of `session`. Everything else names a
person by id alone.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the context's schema; the application gets each right by name."""
    for statements in (_ACCOUNTS, _SIGN_UPS, _SESSIONS, _ACCESS, _PROFILES, _SECURITY_LOG):
        op.execute(statements)


_ACCOUNTS = """
CREATE SCHEMA users;
GRANT USAGE ON SCHEMA users TO vibestream_app;

CREATE TABLE users.account (
    user_id    uuid PRIMARY KEY,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE users.account IS 'One row for each person, kept for ever; says nothing about them.';

CREATE TABLE users.address (
    user_id     uuid PRIMARY KEY REFERENCES users.account,
    email       text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    lookup      text NOT NULL UNIQUE,
    verified_at timestamptz
);
COMMENT ON COLUMN users.address.email IS
    'Canonical: local part as typed in NFC, domain lower-cased and in ASCII. Mail goes here, never to what was typed.';
COMMENT ON COLUMN users.address.lookup IS 'The address with its ASCII letters lower-cased: what is unique and searched.';

CREATE TABLE users.password (
    user_id    uuid PRIMARY KEY REFERENCES users.account,
    hash       text NOT NULL CHECK (hash LIKE '$argon2id$%'),
    changed_at timestamptz NOT NULL
);

CREATE TABLE users.fan_profile (
    user_id      uuid PRIMARY KEY REFERENCES users.account,
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 80),
    locale       text NOT NULL CHECK (locale IN ('en', 'es')),
    theme        text NOT NULL CHECK (theme IN ('system', 'dark', 'light'))
);

GRANT SELECT, INSERT ON users.account TO vibestream_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users.address, users.password, users.fan_profile TO vibestream_app;
"""

_SIGN_UPS = """
CREATE TABLE users.sign_up (
    sign_up_id    uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users.account,
    browser_hash  bytea NOT NULL CHECK (length(browser_hash) = 32),
    decoy         boolean NOT NULL,
    email         text,
    password_hash text,
    display_name  text,
    locale        text NOT NULL CHECK (locale IN ('en', 'es')),
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL CHECK (expires_at > created_at),
    tries_left    integer NOT NULL CHECK (tries_left >= 0),
    CHECK (num_nulls(email, password_hash, display_name) = CASE WHEN decoy THEN 3 ELSE 0 END)
);
COMMENT ON TABLE users.sign_up IS
    'One mailed code: what the browser that holds the cookie becomes when it shows the code. A decoy stands for a '
    'sign-up with an address whose owner has an account: it looks the same from outside and can never succeed.';
CREATE INDEX sign_up_by_browser ON users.sign_up (browser_hash, created_at DESC);
CREATE INDEX sign_up_by_user ON users.sign_up (user_id, created_at DESC);
CREATE INDEX sign_up_by_expiry ON users.sign_up (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.sign_up TO vibestream_app;
"""

_SESSIONS = """
CREATE TABLE users.session (
    session_id   uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users.account,
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    idle_for     interval NOT NULL CHECK (idle_for > interval '0'),
    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at     timestamptz,
    user_agent   text NOT NULL CHECK (length(user_agent) <= 256),
    network      text NOT NULL CHECK (length(network) <= 64)
);
COMMENT ON COLUMN users.session.token_hash IS 'SHA-256 of the token; the token itself is only in the browser.';
COMMENT ON COLUMN users.session.network IS 'The address cut to /24 (IPv4) or /48 (IPv6).';
CREATE INDEX session_open_by_user ON users.session (user_id, created_at DESC) WHERE ended_at IS NULL;
CREATE INDEX session_by_expiry ON users.session (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.session TO vibestream_app;
"""

_ACCESS = """
CREATE TABLE users.role_grant (
    user_id    uuid NOT NULL REFERENCES users.account,
    role       text NOT NULL CHECK (role IN ('artist', 'admin')),
    granted_at timestamptz NOT NULL,
    granted_by uuid REFERENCES users.account,
    PRIMARY KEY (user_id, role)
);
COMMENT ON TABLE users.role_grant IS 'Everybody is a fan without a row; granted_by is null for the command line.';

GRANT SELECT, INSERT, DELETE ON users.role_grant TO vibestream_app;
"""

_PROFILES = """
CREATE TABLE users.artist_profile (
    artist_id  uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users.account,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    handle     text NOT NULL,
    bio        text NOT NULL CHECK (length(bio) <= 4000),
    links      jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX artist_profile_by_user ON users.artist_profile (user_id, artist_id);

CREATE TABLE users.artist_handle (
    skeleton  text PRIMARY KEY,
    artist_id uuid NOT NULL REFERENCES users.artist_profile,
    handle    text NOT NULL UNIQUE CHECK (handle ~ '^[a-z0-9]+([._-][a-z0-9]+)*$' AND length(handle) BETWEEN 3 AND 30),
    taken_at  timestamptz NOT NULL
);
COMMENT ON TABLE users.artist_handle IS
    'Every handle an artist has or had. A former one stays theirs, so that an old link never leads to somebody else.';
COMMENT ON COLUMN users.artist_handle.skeleton IS 'The handle with look-alikes folded: two that look the same are one.';
CREATE INDEX artist_handle_by_artist ON users.artist_handle (artist_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.artist_profile, users.artist_handle TO vibestream_app;
"""

_SECURITY_LOG = """
CREATE TABLE users.security_log (
    entry_id uuid PRIMARY KEY,
    at       timestamptz NOT NULL,
    action   text NOT NULL,
    user_id  uuid REFERENCES users.account,
    actor_id uuid REFERENCES users.account,
    network  text NOT NULL CHECK (length(network) <= 64),
    detail   text NOT NULL CHECK (length(detail) <= 200)
);
COMMENT ON TABLE users.security_log IS
    'Append-only: the application may insert and read, nobody updates. No secret, name or address of a person.';
CREATE INDEX security_log_by_user ON users.security_log (user_id, at DESC);

GRANT SELECT, INSERT ON users.security_log TO vibestream_app;

CREATE FUNCTION users.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the security log is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON users.security_log
    FOR EACH STATEMENT EXECUTE FUNCTION users.refuse_change();
"""
