"""OAuth of devices without a browser, personal access tokens, and the sites whose pages may ask for tokens."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    for statements in (_CLIENTS, _DEVICES, _PERSONAL):
        op.execute(statements)


_CLIENTS = """
ALTER TABLE users.oauth_client
    ADD COLUMN devices boolean NOT NULL DEFAULT false,
    ADD COLUMN origins text[] NOT NULL DEFAULT '{}',
    DROP CONSTRAINT oauth_client_redirect_uris_check,
    ADD CONSTRAINT oauth_client_redirect_uris_check
        CHECK (cardinality(redirect_uris) <= 10 AND (devices OR cardinality(redirect_uris) > 0));
COMMENT ON COLUMN users.oauth_client.devices IS 'Whether it may ask for a code that people type in elsewhere.';
COMMENT ON COLUMN users.oauth_client.origins IS 'Where its pages are served from: of its redirect URIs, when it is public.';
GRANT UPDATE (origins) ON users.oauth_client TO vibestream_app;
CREATE INDEX oauth_client_by_origin ON users.oauth_client USING gin (origins) WHERE ended_at IS NULL;
"""

_DEVICES = """
CREATE TABLE users.oauth_device (
    device_hash bytea PRIMARY KEY CHECK (length(device_hash) = 32),
    user_code   text NOT NULL UNIQUE CHECK (user_code ~ '^[BCDFGHJKLMNPQRSTVWXZ]{8}$'),
    client_id   uuid NOT NULL REFERENCES users.oauth_client,
    scopes      text[] NOT NULL CHECK (cardinality(scopes) > 0),
    made_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > made_at),
    interval_s  integer NOT NULL CHECK (interval_s BETWEEN 5 AND 600),
    polled_at   timestamptz,
    decided_at  timestamptz,
    user_id     uuid REFERENCES users.account,
    grant_id    uuid REFERENCES users.oauth_grant ON DELETE SET NULL,
    used_at     timestamptz,
    CHECK ((decided_at IS NULL) = (user_id IS NULL)),
    CHECK (grant_id IS NULL OR decided_at IS NOT NULL),
    CHECK (used_at IS NULL OR decided_at IS NOT NULL)
);
COMMENT ON TABLE users.oauth_device IS 'A device that waits until somebody types its code in. Decided without a grant: refused.';
CREATE INDEX oauth_device_by_expiry ON users.oauth_device (expires_at);
CREATE INDEX oauth_device_by_grant ON users.oauth_device (grant_id);

GRANT SELECT, INSERT, DELETE, UPDATE (interval_s, polled_at, decided_at, user_id, grant_id, used_at)
    ON users.oauth_device TO vibestream_app;
"""

_PERSONAL = """
CREATE TABLE users.personal_token (
    token_id   uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users.account,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    scopes     text[] NOT NULL CHECK (cardinality(scopes) > 0),
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at AND expires_at <= made_at + interval '366 days'),
    used_at    timestamptz,
    revoked_at timestamptz CHECK (revoked_at >= made_at)
);
COMMENT ON COLUMN users.personal_token.token_hash IS 'SHA-256 of 256 random bits.';
COMMENT ON COLUMN users.personal_token.used_at IS 'When it was last used, exact to a minute.';
CREATE INDEX personal_token_by_person ON users.personal_token (user_id) WHERE revoked_at IS NULL;
CREATE INDEX personal_token_by_expiry ON users.personal_token (expires_at);

GRANT SELECT, INSERT, DELETE, UPDATE (used_at, revoked_at) ON users.personal_token TO vibestream_app;
"""
