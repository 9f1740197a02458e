"""Destinations, payouts and their approvals."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the tables, what the database itself refuses, and the rights."""
    op.execute(_TERMS)
    op.execute(_PAYOUTS)
    op.execute(_FOUR_EYES)


_TERMS = """
    CREATE TABLE payment.payout_terms (
        method          text NOT NULL CHECK (method IN ('stripe', 'paypal')),
        currency        text NOT NULL REFERENCES payment.currency,
        minimum         bigint NOT NULL CHECK (minimum > 0),
        fee             bigint NOT NULL CHECK (fee >= 0),
        fee_bp          integer NOT NULL CHECK (fee_bp BETWEEN 0 AND 9999),
        four_eyes_above bigint NOT NULL CHECK (four_eyes_above >= 0),
        CHECK (fee < minimum),
        PRIMARY KEY (method, currency)
    );
    COMMENT ON TABLE payment.payout_terms IS 'What can be paid out, how, from which amount on, and what it costs the payee.';
    COMMENT ON COLUMN payment.payout_terms.fee IS 'Kept of each payout, in minor units, beside fee_bp basis points of it.';
    COMMENT ON COLUMN payment.payout_terms.four_eyes_above IS 'Larger payouts need two people of finance.';
    INSERT INTO payment.payout_terms (method, currency, minimum, fee, fee_bp, four_eyes_above) VALUES
        ('stripe', 'USD', 1000, 25, 25, 100000),
        ('stripe', 'EUR', 1000, 25, 25, 100000),
        ('stripe', 'GBP', 1000, 20, 25, 100000),
        ('paypal', 'USD', 500, 25, 0, 100000),
        ('paypal', 'EUR', 500, 35, 0, 100000),
        ('paypal', 'GBP', 500, 20, 0, 100000);
    GRANT SELECT ON payment.payout_terms TO vibestream_app;

    CREATE TABLE payment.payout_destination (
        destination_id uuid PRIMARY KEY,
        user_id        uuid NOT NULL,
        method         text NOT NULL CHECK (method IN ('stripe', 'paypal')),
        address        text NOT NULL CHECK (length(address) BETWEEN 3 AND 254),
        ready          boolean NOT NULL,
        set_at         timestamptz NOT NULL,
        usable_from    timestamptz NOT NULL CHECK (usable_from >= set_at),
        replaced_at    timestamptz CHECK (replaced_at >= set_at)
    );
    COMMENT ON TABLE payment.payout_destination IS 'Where a payee wants money sent, now and before.';
    COMMENT ON COLUMN payment.payout_destination.ready IS 'The gateway takes money for it: its owner has told it all it asks.';
    CREATE UNIQUE INDEX payout_destination_current ON payment.payout_destination (user_id) WHERE replaced_at IS NULL;
    CREATE INDEX payout_destination_address ON payment.payout_destination (method, address);
    CREATE INDEX payout_destination_history ON payment.payout_destination (user_id, set_at);
    GRANT SELECT, INSERT, UPDATE (ready, replaced_at) ON payment.payout_destination TO vibestream_app;

    CREATE TABLE payment.payee_account (
        user_id     uuid PRIMARY KEY,
        key         text NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 100),
        country     text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
        account_ref text UNIQUE CHECK (length(account_ref) BETWEEN 3 AND 254),
        begun_at    timestamptz NOT NULL
    );
    COMMENT ON TABLE payment.payee_account IS
        'Payees'' own accounts at Stripe: our key first, then what Stripe calls the account.';
    GRANT SELECT, INSERT, UPDATE (account_ref) ON payment.payee_account TO vibestream_app;
"""

_PAYOUTS = """
    CREATE TABLE payment.payout (
        payout_id        uuid PRIMARY KEY,
        user_id          uuid NOT NULL,
        currency         text NOT NULL REFERENCES payment.currency,
        gross            bigint NOT NULL CHECK (gross > 0),
        fee              bigint NOT NULL CHECK (fee >= 0 AND fee < gross),
        method           text NOT NULL,
        destination_id   uuid NOT NULL REFERENCES payment.payout_destination,
        address          text NOT NULL,
        request_key      text NOT NULL UNIQUE CHECK (length(request_key) BETWEEN 1 AND 200),
        gateway_key      text NOT NULL UNIQUE CHECK (length(gateway_key) BETWEEN 1 AND 100),
        requested_by     uuid,
        requested_at     timestamptz NOT NULL,
        decision_id      uuid NOT NULL,
        under_review     boolean NOT NULL,
        approvals_needed smallint NOT NULL CHECK (approvals_needed BETWEEN 0 AND 2),
        state            text NOT NULL CHECK (state IN ('requested', 'approved', 'sending', 'in_transit', 'unknown',
                             'paid', 'returned', 'failed', 'rejected')),
        payout_ref       text CHECK (length(payout_ref) BETWEEN 1 AND 300),
        first_sent_at    timestamptz,
        provider_fee     bigint CHECK (provider_fee >= 0),
        failure          text CHECK (length(failure) <= 200),
        version          integer NOT NULL CHECK (version > 0),
        changed_at       timestamptz NOT NULL,
        UNIQUE (method, payout_ref),
        UNIQUE (payout_id, user_id),
        UNIQUE (payout_id, requested_by),
        CHECK (state NOT IN ('in_transit', 'paid', 'returned') OR payout_ref IS NOT NULL)
    );
    COMMENT ON TABLE payment.payout IS 'One payment to a payee, and how it stands.';
    COMMENT ON COLUMN payment.payout.gross IS 'What leaves the payee''s balance; gross less fee is what is sent.';
    COMMENT ON COLUMN payment.payout.request_key IS 'What asked for it: a request, or the monthly run.';
    COMMENT ON COLUMN payment.payout.gateway_key IS 'Our key at the gateway, stored before the first call and used in each.';
    COMMENT ON COLUMN payment.payout.under_review IS 'The risk check wants a person''s look before anything else.';
    COMMENT ON COLUMN payment.payout.requested_by IS 'Null: the monthly run.';
    COMMENT ON COLUMN payment.payout.first_sent_at IS 'When the gateway was first asked; its memory for our key starts then.';
    COMMENT ON COLUMN payment.payout.provider_fee IS 'What the gateway keeps for it, as far as it is known and in the books.';
    CREATE INDEX payout_of_payee ON payment.payout (user_id, payout_id);
    CREATE INDEX payout_unfinished ON payment.payout (changed_at)
        WHERE state IN ('requested', 'approved', 'sending', 'in_transit', 'unknown');
    GRANT SELECT, INSERT, UPDATE (state, under_review, payout_ref, first_sent_at, provider_fee, failure, version, changed_at)
        ON payment.payout TO vibestream_app;

    CREATE TABLE payment.payout_event (
        payout_id      uuid NOT NULL REFERENCES payment.payout,
        version        integer NOT NULL CHECK (version > 0),
        at             timestamptz NOT NULL,
        kind           text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
        state          text NOT NULL,
        actor          uuid,
        note           text NOT NULL CHECK (length(note) <= 500),
        transaction_id uuid,
        PRIMARY KEY (payout_id, version)
    );
    COMMENT ON TABLE payment.payout_event IS 'Everything that happened to a payout, in order, with what it posted.';
    CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.payout_event
        FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
    CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.payout_event
        FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
    GRANT SELECT, INSERT ON payment.payout_event TO vibestream_app;
"""

_FOUR_EYES = """
    CREATE TABLE payment.payout_vote (
        payout_id    uuid NOT NULL,
        purpose      text NOT NULL CHECK (purpose IN ('approve', 'not_sent')),
        voter        uuid NOT NULL,
        payee        uuid NOT NULL,
        requested_by uuid,
        at           timestamptz NOT NULL,
        PRIMARY KEY (payout_id, purpose, voter),
        FOREIGN KEY (payout_id, payee) REFERENCES payment.payout (payout_id, user_id),
        FOREIGN KEY (payout_id, requested_by) REFERENCES payment.payout (payout_id, requested_by),
        CHECK (voter <> payee),
        CHECK (voter <> requested_by)
    );
    COMMENT ON TABLE payment.payout_vote IS
        'Who of finance agreed to what about a payout: never its payee, never who asked for it, each person once.';
    CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.payout_vote
        FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
    CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.payout_vote
        FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
    GRANT SELECT, INSERT ON payment.payout_vote TO vibestream_app;

    CREATE FUNCTION payment.require_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        agreed integer;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.state NOT IN ('requested', 'rejected') OR NEW.payout_ref IS NOT NULL THEN
                RAISE EXCEPTION 'a payout begins as requested' USING ERRCODE = 'check_violation', CONSTRAINT = 'begins_requested';
            END IF;
            RETURN NEW;
        END IF;
        IF NEW.state NOT IN ('requested', 'rejected') AND OLD.state = 'requested' THEN
            SELECT count(*) INTO agreed FROM payment.payout_vote
            WHERE payout_vote.payout_id = NEW.payout_id AND payout_vote.purpose = 'approve'
                AND payout_vote.voter <> NEW.user_id AND payout_vote.voter IS DISTINCT FROM NEW.requested_by;
            IF NEW.state <> 'approved' OR NEW.under_review OR agreed < NEW.approvals_needed THEN
                RAISE EXCEPTION 'a payout is sent when enough people of finance have approved it'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_enough';
            END IF;
        END IF;
        IF OLD.state IN ('returned', 'rejected') AND NEW.state <> OLD.state THEN
            RAISE EXCEPTION 'a payout that came back, or was rejected, is over'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'over';
        END IF;
        IF NEW.version <> OLD.version + 1 THEN
            RAISE EXCEPTION 'a payout changes one version at a time' USING ERRCODE = 'check_violation', CONSTRAINT = 'version_by_one';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER approved BEFORE INSERT OR UPDATE ON payment.payout
        FOR EACH ROW EXECUTE FUNCTION payment.require_approval();
    REVOKE ALL ON FUNCTION payment.require_approval FROM PUBLIC;
"""
