"""What people were told, how it reached them, what they want to be told and when.

The place of a notification in its owner's list (`seq`) is counted for each person by itself, under the lock of their
inbox: a browser that has seen number 7 has seen every number before it, so that an event stream can go on where it broke.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    for statements in (_NOTIFICATIONS, _CHOICES):
        op.execute(statements)


_NOTIFICATIONS = """
CREATE TABLE users.notification_inbox (
    user_id  uuid PRIMARY KEY REFERENCES users.account,
    last_seq bigint NOT NULL CHECK (last_seq >= 0)
);
COMMENT ON TABLE users.notification_inbox IS 'The number of a person''s newest notification; its lock orders them.';

CREATE TABLE users.notification (
    notification_id uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users.account,
    kind            text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    key             text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    facts           jsonb NOT NULL CHECK (jsonb_typeof(facts) = 'object'),
    count           integer NOT NULL CHECK (count > 0),
    seq             bigint CHECK (seq > 0),
    told_at         timestamptz NOT NULL,
    read_at         timestamptz,
    UNIQUE (user_id, kind, key),
    UNIQUE (user_id, seq)
);
COMMENT ON TABLE users.notification IS
    'One row per fact, or per day of facts that are told together. The same fact told again is the same key: no new row.';
COMMENT ON COLUMN users.notification.facts IS 'Amounts, plans, instants; nothing that a person typed.';
COMMENT ON COLUMN users.notification.seq IS 'Its place in the list of its owner; null when they do not want it there.';
CREATE INDEX notification_unread ON users.notification (user_id) WHERE read_at IS NULL AND seq IS NOT NULL;
CREATE INDEX notification_age ON users.notification (told_at);

CREATE TABLE users.notification_delivery (
    delivery_id     uuid PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES users.notification ON DELETE CASCADE,
    channel         text NOT NULL CHECK (channel IN ('email')),
    due_at          timestamptz NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'sent', 'unwanted', 'unreachable', 'refused')),
    settled_at      timestamptz,
    CHECK ((state = 'waiting') = (settled_at IS NULL)),
    UNIQUE (notification_id, channel)
);
COMMENT ON COLUMN users.notification_delivery.delivery_id IS 'Of a mail, its Message-ID: sent again, it is the same one.';
CREATE INDEX notification_delivery_waiting ON users.notification_delivery (due_at) WHERE state = 'waiting';

GRANT SELECT, INSERT, UPDATE, DELETE ON users.notification_inbox, users.notification TO vibestream_app;
GRANT SELECT, INSERT, UPDATE (state, settled_at), DELETE ON users.notification_delivery TO vibestream_app;
"""

_CHOICES = """
CREATE TABLE users.notification_choice (
    user_id uuid NOT NULL REFERENCES users.account,
    kind    text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    channel text NOT NULL CHECK (channel IN ('in_app', 'email')),
    wanted  boolean NOT NULL,
    PRIMARY KEY (user_id, kind, channel)
);
COMMENT ON TABLE users.notification_choice IS 'What differs from what everybody is told by default.';

CREATE TABLE users.notification_hours (
    user_id     uuid PRIMARY KEY REFERENCES users.account,
    time_zone   text NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    quiet_from  time,
    quiet_until time,
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
    CHECK (quiet_from <> quiet_until)
);
COMMENT ON COLUMN users.notification_hours.time_zone IS 'An IANA name, such as Europe/Madrid.';

CREATE TABLE users.notification_bounce (
    user_id      uuid PRIMARY KEY REFERENCES users.account,
    address_hash bytea NOT NULL CHECK (length(address_hash) = 32),
    bounced_at   timestamptz NOT NULL,
    reply        text NOT NULL CHECK (length(reply) <= 200)
);
COMMENT ON TABLE users.notification_bounce IS
    'A server said that there is no such mailbox; of the address only a hash, so that another one is written to again.';

GRANT SELECT, INSERT, UPDATE, DELETE ON users.notification_choice, users.notification_hours, users.notification_bounce
    TO vibestream_app;
"""
