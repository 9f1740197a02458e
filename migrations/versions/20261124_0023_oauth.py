"""OAuth: apps, what people let them do, the tokens that say so, and the keys that sign who somebody is."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    for statements in (_CLIENTS, _GRANTS, _TOKENS, _KEYS):
        op.execute(statements)


_CLIENTS = """
CREATE TABLE users.oauth_client (
    client_id     uuid PRIMARY KEY,
    owner_id      uuid NOT NULL REFERENCES users.account,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    confidence    text NOT NULL CHECK (confidence IN ('public', 'confidential')),
    secret_hash   bytea CHECK (length(secret_hash) = 32),
    redirect_uris text[] NOT NULL CHECK (cardinality(redirect_uris) BETWEEN 1 AND 10),
    scopes        text[] NOT NULL CHECK (cardinality(scopes) > 0),
    made_at       timestamptz NOT NULL,
    ended_at      timestamptz CHECK (ended_at >= made_at),
    CHECK ((confidence = 'confidential') = (secret_hash IS NOT NULL))
);
COMMENT ON COLUMN users.oauth_client.secret_hash IS 'SHA-256 of 256 random bits.';
CREATE INDEX oauth_client_by_owner ON users.oauth_client (owner_id) WHERE ended_at IS NULL;

CREATE TABLE users.oauth_consent (
    user_id   uuid NOT NULL REFERENCES users.account,
    client_id uuid NOT NULL REFERENCES users.oauth_client,
    scopes    text[] NOT NULL CHECK (cardinality(scopes) > 0),
    given_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, client_id)
);
COMMENT ON TABLE users.oauth_consent IS 'What a person lets an app do, until they take it back.';

GRANT SELECT, INSERT, UPDATE (secret_hash, ended_at) ON users.oauth_client TO vibestream_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users.oauth_consent TO vibestream_app;
"""

_GRANTS = """
CREATE TABLE users.oauth_grant (
    grant_id   uuid PRIMARY KEY,
    client_id  uuid NOT NULL REFERENCES users.oauth_client,
    user_id    uuid NOT NULL REFERENCES users.account,
    scopes     text[] NOT NULL CHECK (cardinality(scopes) > 0),
    auth_time  timestamptz,
    made_at    timestamptz NOT NULL,
    used_at    timestamptz,
    revoked_at timestamptz CHECK (revoked_at >= made_at)
);
COMMENT ON TABLE users.oauth_grant IS 'One authorisation: the family that its code and all its tokens belong to.';
COMMENT ON COLUMN users.oauth_grant.used_at IS 'When a token of it was last made or used, exact to an hour.';
CREATE INDEX oauth_grant_by_person ON users.oauth_grant (user_id, client_id);
CREATE INDEX oauth_grant_by_client ON users.oauth_grant (client_id);

CREATE TABLE users.oauth_code (
    code_hash    bytea PRIMARY KEY CHECK (length(code_hash) = 32),
    grant_id     uuid NOT NULL REFERENCES users.oauth_grant ON DELETE CASCADE,
    redirect_uri text NOT NULL,
    challenge    text NOT NULL CHECK (length(challenge) = 43),
    nonce        text NOT NULL,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);
COMMENT ON COLUMN users.oauth_code.used_at IS 'A code is good once: shown again, its grant is revoked.';
CREATE INDEX oauth_code_by_grant ON users.oauth_code (grant_id);
CREATE INDEX oauth_code_by_expiry ON users.oauth_code (expires_at);

GRANT SELECT, INSERT, UPDATE (used_at, revoked_at), DELETE ON users.oauth_grant TO vibestream_app;
GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON users.oauth_code TO vibestream_app;
"""

_TOKENS = """
CREATE TABLE users.oauth_refresh (
    token_hash     bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    grant_id       uuid NOT NULL REFERENCES users.oauth_grant ON DELETE CASCADE,
    expires_at     timestamptz NOT NULL,
    used_at        timestamptz,
    successor_hash bytea CHECK (length(successor_hash) = 32),
    CHECK ((used_at IS NULL) = (successor_hash IS NULL))
);
COMMENT ON TABLE users.oauth_refresh IS
    'Each is good once and names its successor; shown again later, the whole grant is revoked.';
CREATE INDEX oauth_refresh_by_grant ON users.oauth_refresh (grant_id);
CREATE INDEX oauth_refresh_by_expiry ON users.oauth_refresh (expires_at);

CREATE TABLE users.oauth_access (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    grant_id   uuid NOT NULL REFERENCES users.oauth_grant ON DELETE CASCADE,
    scopes     text[] NOT NULL CHECK (cardinality(scopes) > 0),
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at)
);
CREATE INDEX oauth_access_by_grant ON users.oauth_access (grant_id);
CREATE INDEX oauth_access_by_expiry ON users.oauth_access (expires_at);

GRANT SELECT, INSERT, UPDATE (used_at, successor_hash), DELETE ON users.oauth_refresh TO vibestream_app;
GRANT SELECT, INSERT, DELETE ON users.oauth_access TO vibestream_app;
"""

_KEYS = """
CREATE TABLE users.oauth_key (
    kid         text PRIMARY KEY CHECK (length(kid) = 43),
    sealed      bytea NOT NULL CHECK (length(sealed) BETWEEN 100 AND 1000),
    shown       jsonb NOT NULL CHECK (jsonb_typeof(shown) = 'object' AND NOT shown ? 'd'),
    signs_from  timestamptz NOT NULL UNIQUE
);
COMMENT ON TABLE users.oauth_key IS 'Keys that sign ID tokens. The private part is encrypted under the secret key and bound to its kid.';
GRANT SELECT, INSERT, DELETE ON users.oauth_key TO vibestream_app;
"""
