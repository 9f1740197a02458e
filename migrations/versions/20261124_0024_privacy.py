"""Privacy: a key for each person, under which append-only places keep what is personal.

What an append-only place wrote in clear before there were such keys is taken out of it: coarse networks from the
security log, whose chain is then written anew, and the payer's address, network and device from the streams of payments.
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Create the table of keys; the application gets each right by name."""
    for statements in (_KEYS, _SECURITY_LOG, _STREAMS):
        op.execute(statements)


_KEYS = """
CREATE TABLE platform.person_key (
    user_id      uuid PRIMARY KEY,
    key          bytea CHECK (octet_length(key) = 32),
    made_at      timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CHECK ((key IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE platform.person_key IS
    'What is personal in append-only places is encrypted under its person''s key: without it, it is gone. A destroyed '
    'key leaves its row, so that no other is ever made for the same person.';
GRANT SELECT, INSERT, UPDATE (key, destroyed_at) ON platform.person_key TO vibestream_app;
"""

_SECURITY_LOG = """
ALTER TABLE users.security_log DISABLE TRIGGER append_only;
ALTER TABLE users.security_log DROP CONSTRAINT security_log_network_check,
    ADD CONSTRAINT security_log_network_check CHECK (length(network) <= 200);
COMMENT ON COLUMN users.security_log.network IS
    'Encrypted under the key of who did it, else of whom it happened to; in clear only where the line names nobody.';
DO $$
DECLARE
    line record;
    previous bytea := decode(repeat('00', 32), 'hex');
BEGIN
    IF EXISTS (SELECT FROM users.security_log WHERE network <> '' AND coalesce(actor_id, user_id) IS NOT NULL) THEN
        FOR line IN SELECT * FROM users.security_log ORDER BY number LOOP
            IF coalesce(line.actor_id, line.user_id) IS NOT NULL THEN
                line.network := '';
            END IF;
            previous := users.audit_hash(previous, line.number, line.entry_id, line.at, line.action, line.user_id,
                line.actor_id, line.network, line.detail);
            UPDATE users.security_log SET network = line.network, hash = previous WHERE number = line.number;
        END LOOP;
    END IF;
END $$;
ALTER TABLE users.security_log ENABLE TRIGGER append_only;
"""

_STREAMS = """
ALTER TABLE payment.payment_event DISABLE TRIGGER USER;
UPDATE payment.payment_event
SET data = data || '{"payer_email": null, "network": null, "device": null}' WHERE type = 'started';
ALTER TABLE payment.payment_event ENABLE TRIGGER USER;
"""
