"""Browsers that are told by web push, and each push to one of them; what operators were told is wrong.

A subscription's endpoint is an address that whoever knows it may send to, and its keys open what is sent: they are sealed
under their person's key, and of the endpoint only a hash is kept to know it again.
"""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Create the tables, and let people choose a third way."""
    op.execute(_TABLES)


_TABLES = """
ALTER TABLE users.notification_choice
    DROP CONSTRAINT notification_choice_channel_check,
    ADD CONSTRAINT notification_choice_channel_check CHECK (channel IN ('in_app', 'email', 'push'));

CREATE TABLE users.push_subscription (
    subscription_id uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users.account,
    session_id      uuid NOT NULL,
    endpoint_hash   bytea NOT NULL UNIQUE CHECK (length(endpoint_hash) = 32),
    sealed          text NOT NULL CHECK (sealed LIKE 'sealed.v1:%' AND length(sealed) <= 4000),
    user_agent      text NOT NULL CHECK (length(user_agent) <= 256),
    subscribed_at   timestamptz NOT NULL
);
COMMENT ON TABLE users.push_subscription IS 'A browser that is told, while the session lasts that it is signed in by.';
COMMENT ON COLUMN users.push_subscription.sealed IS 'Endpoint and keys, as JSON, under the key of the person.';
CREATE INDEX push_subscription_by_user ON users.push_subscription (user_id, subscribed_at);

CREATE TABLE users.push_delivery (
    delivery_id     uuid PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES users.notification ON DELETE CASCADE,
    subscription_id uuid NOT NULL REFERENCES users.push_subscription ON DELETE CASCADE,
    due_at          timestamptz NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'sent', 'unwanted', 'gave_up', 'refused')),
    tries           integer NOT NULL CHECK (tries >= 0),
    settled_at      timestamptz,
    CHECK ((state = 'waiting') = (settled_at IS NULL)),
    UNIQUE (notification_id, subscription_id)
);
CREATE INDEX push_delivery_waiting ON users.push_delivery (due_at) WHERE state = 'waiting';
CREATE INDEX push_delivery_by_subscription ON users.push_delivery (subscription_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.push_subscription TO vibestream_app;
GRANT SELECT, INSERT, UPDATE (state, tries, settled_at), DELETE ON users.push_delivery TO vibestream_app;

CREATE TABLE platform.operator_alert (
    key     text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 200),
    told_at timestamptz NOT NULL
);
COMMENT ON TABLE platform.operator_alert IS 'What operators were told is wrong and is not over yet, and when they were last told.';
GRANT SELECT, INSERT, UPDATE (told_at), DELETE ON platform.operator_alert TO vibestream_app;
"""
