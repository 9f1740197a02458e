"""Exports of what is held of a person, what people consented to, and when each rule of retention last ran."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Create the tables of exports, consents and retention; the application gets each right by name."""
    op.execute(_EXPORTS)
    op.execute(_CONSENTS)
    op.execute(_RETENTION)


_EXPORTS = """
CREATE TABLE users.export (
    export_id   uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users.account,
    locale      text NOT NULL CHECK (locale IN ('en', 'es')),
    state       text NOT NULL CHECK (state IN ('waiting', 'ready', 'failed', 'expired')),
    done        integer NOT NULL DEFAULT 0 CHECK (done BETWEEN 0 AND total),
    total       integer NOT NULL CHECK (total > 0),
    asked_at    timestamptz NOT NULL,
    ready_at    timestamptz CHECK (ready_at >= asked_at),
    expires_at  timestamptz CHECK (expires_at > ready_at),
    size        bigint CHECK (size > 0),
    sha256      bytea CHECK (length(sha256) = 32),
    CHECK ((state IN ('ready', 'expired')) = (ready_at IS NOT NULL)),
    CHECK (num_nulls(ready_at, expires_at, size, sha256) IN (0, 4))
);
COMMENT ON TABLE users.export IS 'Copies of what is held of people that they asked for; the file itself lies in the object store.';
COMMENT ON COLUMN users.export.done IS 'Capabilities that have told what they hold, of total.';
COMMENT ON COLUMN users.export.sha256 IS 'Of the file, whole.';
CREATE UNIQUE INDEX export_under_way ON users.export (user_id) WHERE state = 'waiting';
CREATE INDEX export_of_user ON users.export (user_id, asked_at DESC);
CREATE INDEX export_to_end ON users.export (coalesce(expires_at, asked_at)) WHERE state IN ('waiting', 'ready');
GRANT SELECT, INSERT, DELETE, UPDATE (state, done, ready_at, expires_at, size, sha256) ON users.export TO vibestream_app;
"""

_CONSENTS = """
CREATE TABLE users.consent (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users.account,
    purpose    text NOT NULL CHECK (purpose IN ('analytics', 'marketing_mail', 'personalisation')),
    given      boolean NOT NULL,
    version    integer NOT NULL CHECK (version > 0),
    at         timestamptz NOT NULL,
    session_id uuid,
    CHECK (NOT given OR session_id IS NOT NULL)
);
COMMENT ON TABLE users.consent IS
    'Append-only: each line is one consent that was given or withdrawn; the last of a person and purpose is how it stands.';
COMMENT ON COLUMN users.consent.version IS 'Of the text that was shown.';
COMMENT ON COLUMN users.consent.session_id IS 'By which session; none when it ended with the account.';
CREATE INDEX consent_standing ON users.consent (user_id, purpose, number DESC) INCLUDE (given, version);
CREATE FUNCTION users.refuse_consent_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'consents are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON users.consent
    FOR EACH STATEMENT EXECUTE FUNCTION users.refuse_consent_change();
GRANT SELECT, INSERT ON users.consent TO vibestream_app;
"""

_RETENTION = """
CREATE TABLE platform.retention_run (
    rule      text PRIMARY KEY CHECK (length(rule) BETWEEN 1 AND 100),
    ran_at    timestamptz,
    dropped   bigint NOT NULL DEFAULT 0 CHECK (dropped >= 0),
    total     bigint NOT NULL DEFAULT 0 CHECK (total >= dropped),
    failed_at timestamptz,
    error     text NOT NULL DEFAULT '' CHECK (length(error) <= 100),
    CHECK (ran_at IS NOT NULL OR failed_at IS NOT NULL)
);
COMMENT ON TABLE platform.retention_run IS 'When each rule of retention last ran to its end, and how it last failed.';
GRANT SELECT, INSERT, UPDATE (ran_at, dropped, total, failed_at, error) ON platform.retention_run TO vibestream_app;
"""
