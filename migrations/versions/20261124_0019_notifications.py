"""What people were told, how it reached them, what they want to be told and when; the security log becomes a chain.

The place of a notification in its owner's list (`seq`) is counted for each person by itself, under the lock of their
inbox: a browser that has seen number 7 has seen every number before it, so that an event stream can go on where it broke.

Each line of the security log carries a hash of itself and of the line before it. A trigger writes the chain, so that no
writer can leave it out, and the application's role still may only insert and read. Lines are numbered under a lock held
to the end of the transaction: their order is that of commits, without holes. Changing or taking out a line breaks the
chain at its place; what a chain cannot show is that its end was cut off.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    for statements in (_NOTIFICATIONS, _CHOICES, _CHAIN_COLUMNS, _CHAIN_HASH, _CHAIN):
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

_CHAIN_COLUMNS = """
ALTER TABLE users.security_log DISABLE TRIGGER append_only;
ALTER TABLE users.security_log ADD COLUMN number bigint, ADD COLUMN hash bytea;
COMMENT ON COLUMN users.security_log.number IS 'Its place in the chain, from 1 on, without holes.';
COMMENT ON COLUMN users.security_log.hash IS 'SHA-256 of the hash before it and of this line; see users.audit_hash.';
"""

_CHAIN_HASH = """
CREATE FUNCTION users.audit_hash(
    previous bytea, number bigint, entry_id uuid, at timestamptz, action text, user_id uuid, actor_id uuid,
    network text, detail text
) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT sha256(previous || convert_to(json_build_array(
        number, entry_id, (extract(epoch FROM at) * 1000000)::bigint, action, user_id, actor_id, network, detail
    )::text, 'UTF8'))
$$;
COMMENT ON FUNCTION users.audit_hash IS
    'SHA-256 of the hash before (32 zero bytes for the first) and a JSON array: number, id, microseconds, action, whom, who, '
    'network, detail.';
"""

_CHAIN = """
DO $$
DECLARE
    line record;
    previous bytea := decode(repeat('00', 32), 'hex');
    place bigint := 0;
BEGIN
    FOR line IN SELECT * FROM users.security_log ORDER BY at, entry_id LOOP
        place := place + 1;
        previous := users.audit_hash(previous, place, line.entry_id, line.at, line.action, line.user_id, line.actor_id,
            line.network, line.detail);
        UPDATE users.security_log SET number = place, hash = previous WHERE entry_id = line.entry_id;
    END LOOP;
END $$;
ALTER TABLE users.security_log
    ALTER COLUMN number SET NOT NULL,
    ALTER COLUMN hash SET NOT NULL,
    ADD CONSTRAINT security_log_number UNIQUE (number);
CREATE INDEX security_log_by_action ON users.security_log (action, number DESC);
CREATE INDEX security_log_by_actor ON users.security_log (actor_id, number DESC) WHERE actor_id IS NOT NULL;
ALTER TABLE users.security_log ENABLE TRIGGER append_only;

CREATE FUNCTION users.chain_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(7305795, 1);
    SELECT l.number, l.hash INTO last FROM users.security_log l ORDER BY l.number DESC LIMIT 1;
    NEW.number := coalesce(last.number, 0) + 1;
    NEW.hash := users.audit_hash(coalesce(last.hash, decode(repeat('00', 32), 'hex')), NEW.number, NEW.entry_id, NEW.at,
        NEW.action, NEW.user_id, NEW.actor_id, NEW.network, NEW.detail);
    RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON users.security_log FOR EACH ROW EXECUTE FUNCTION users.chain_entry();
"""
