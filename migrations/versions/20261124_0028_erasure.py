"""Erasure: who asked to be forgotten, and the rights to take what is personal out of rows that stay."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Create the table of erasures; the application gets each right by name."""
    for statements in (_ERASURES, _RIGHTS, _EVENTS, _PAYOUTS):
        op.execute(statements)


_ERASURES = """
CREATE TABLE users.erasure (
    erasure_id   uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users.account,
    music        text NOT NULL CHECK (music IN ('take_down', 'keep')),
    gives_up     boolean NOT NULL,
    state        text NOT NULL CHECK (state IN ('waiting', 'cancelled', 'closing', 'refused', 'erasing', 'done')),
    asked_at     timestamptz NOT NULL,
    due_at       timestamptz NOT NULL CHECK (due_at >= asked_at),
    changed_at   timestamptz NOT NULL,
    reason       text CHECK (length(reason) <= 100),
    CHECK ((state = 'refused') = (reason IS NOT NULL))
);
COMMENT ON TABLE users.erasure IS
    'Who asked to be erased, and how far it is. Once done it is the tombstone: an id that leads to nobody any more.';
COMMENT ON COLUMN users.erasure.gives_up IS 'What is left in their wallets goes to the platform; else it keeps them from being erased.';
COMMENT ON COLUMN users.erasure.reason IS 'The code of what kept them from being erased, such as a payment under way.';
CREATE UNIQUE INDEX erasure_under_way ON users.erasure (user_id) WHERE state NOT IN ('cancelled', 'refused');
CREATE INDEX erasure_of_user ON users.erasure (user_id, asked_at DESC);
GRANT SELECT, INSERT, UPDATE (state, changed_at, reason, music) ON users.erasure TO vibestream_app;
"""

_RIGHTS = """
GRANT UPDATE (name, redirect_uris) ON users.oauth_client TO vibestream_app;
GRANT UPDATE (file_name, metadata) ON music.upload TO vibestream_app;
GRANT UPDATE (file_name), DELETE ON music.asset_upload TO vibestream_app;
GRANT DELETE ON music.asset, music.listener_quality TO vibestream_app;
GRANT DELETE ON payment.payee_account, payment.tip_artist TO vibestream_app;
GRANT UPDATE (message) ON payment.tip TO vibestream_app;
GRANT UPDATE (signals) ON payment.risk_decision TO vibestream_app;
COMMENT ON TABLE payment.risk_decision IS
    'Every decision with what it was made from, as of its instant. Never changed, but that signals go with their person.';
"""

# The application may not change what was announced: it may only have a person's words emptied, in the events that name them.
_EVENTS = """
CREATE FUNCTION platform.forget_announced(kind text, person uuid, emptied text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE platform.outbox SET data = (data::jsonb || changed.fields)::json
    FROM (SELECT jsonb_object_agg(name, '') AS fields FROM unnest(emptied) AS name) AS changed
    WHERE type = kind AND strpos(data::text, person::text) > 0 AND NOT data::jsonb @> changed.fields;
    UPDATE platform.undelivered SET data = (data::jsonb || changed.fields)::json
    FROM (SELECT jsonb_object_agg(name, '') AS fields FROM unnest(emptied) AS name) AS changed
    WHERE type = kind AND strpos(data::text, person::text) > 0 AND NOT data::jsonb @> changed.fields;
$$;
REVOKE ALL ON FUNCTION platform.forget_announced FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.forget_announced TO vibestream_app;
"""

# The application may not write where money goes once that was set: it may only have it emptied, and only of payouts that are
# over. That is no step of a payout: the trigger looks at every other column, as before.
_PAYOUTS = """
DO $$
DECLARE
    watched text;
BEGIN
    SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) INTO watched
    FROM information_schema.columns
    WHERE table_schema = 'payment' AND table_name = 'payout' AND column_name <> 'address';
    DROP TRIGGER approved ON payment.payout;
    EXECUTE 'CREATE TRIGGER approved BEFORE INSERT OR UPDATE OF ' || watched
        || ' ON payment.payout FOR EACH ROW EXECUTE FUNCTION payment.require_approval()';
END $$;

CREATE FUNCTION payment.forget_payee(person uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE payment.payout_destination SET address = 'gone' WHERE user_id = person AND address <> 'gone';
    UPDATE payment.payout SET address = 'gone' WHERE user_id = person AND address <> 'gone'
        AND state IN ('paid', 'returned', 'failed', 'rejected');
$$;
REVOKE ALL ON FUNCTION payment.forget_payee FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payment.forget_payee TO vibestream_app;
"""
