"""A payout waits for its risk check in a state of its own, and where its request came from is kept until then."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Let payouts begin unchecked, and refuse that one goes on before it was checked, or with fewer people than it needs."""
    op.execute(_SCREENING)
    op.execute(_ORIGIN)
    op.execute(_REFUSALS)


_SCREENING = """
    ALTER TABLE payment.payout ALTER COLUMN decision_id DROP NOT NULL;
    ALTER TABLE payment.payout DROP CONSTRAINT payout_state_check;
    ALTER TABLE payment.payout ADD CONSTRAINT payout_state_check CHECK (state IN ('screening', 'requested', 'approved',
        'sending', 'in_transit', 'unknown', 'paid', 'returned', 'failed', 'rejected'));
    ALTER TABLE payment.payout ADD CONSTRAINT payout_screened CHECK (decision_id IS NOT NULL
        OR state IN ('screening', 'rejected'));
    COMMENT ON COLUMN payment.payout.decision_id IS 'What the risk check decided; null until it has, or when that came too late.';
    DROP INDEX payment.payout_unfinished;
    CREATE INDEX payout_unfinished ON payment.payout (changed_at)
        WHERE state IN ('screening', 'requested', 'approved', 'sending', 'in_transit', 'unknown');
    GRANT UPDATE (decision_id, approvals_needed) ON payment.payout TO vibestream_app;
"""

_ORIGIN = """
    CREATE TABLE payment.payout_origin (
        payout_id uuid PRIMARY KEY REFERENCES payment.payout,
        network   text CHECK (length(network) BETWEEN 1 AND 200),
        device    text CHECK (length(device) BETWEEN 1 AND 200),
        country   text CHECK (length(country) BETWEEN 1 AND 200)
    );
    COMMENT ON TABLE payment.payout_origin IS 'Where the request for a payout came from; deleted when its risk was checked.';
    GRANT SELECT, INSERT, DELETE ON payment.payout_origin TO vibestream_app;
"""

_REFUSALS = """
    CREATE OR REPLACE FUNCTION payment.require_approval() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        agreed integer;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.state <> 'screening' OR NEW.payout_ref IS NOT NULL OR NEW.decision_id IS NOT NULL THEN
                RAISE EXCEPTION 'a payout begins unchecked' USING ERRCODE = 'check_violation', CONSTRAINT = 'begins_unchecked';
            END IF;
            RETURN NEW;
        END IF;
        IF OLD.state = 'screening' AND NEW.state NOT IN ('screening', 'requested', 'rejected')
            OR OLD.state <> 'screening' AND NEW.state = 'screening' THEN
            RAISE EXCEPTION 'a payout is checked first, and once' USING ERRCODE = 'check_violation', CONSTRAINT = 'checked_first';
        END IF;
        IF (NEW.decision_id, NEW.approvals_needed) IS DISTINCT FROM (OLD.decision_id, OLD.approvals_needed)
            AND (OLD.state <> 'screening' OR NEW.state = 'screening' OR NEW.approvals_needed < OLD.approvals_needed) THEN
            RAISE EXCEPTION 'what a payout needs is decided once, and never less than its amount asks for'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'decided_once';
        END IF;
        IF OLD.state = 'requested' AND NEW.state NOT IN ('requested', 'rejected') THEN
            SELECT count(*) INTO agreed FROM payment.payout_vote
            WHERE payout_vote.payout_id = NEW.payout_id AND payout_vote.purpose = 'approve'
                AND payout_vote.voter <> NEW.user_id AND payout_vote.voter IS DISTINCT FROM NEW.requested_by;
            IF NEW.state <> 'approved' OR NEW.under_review OR agreed < NEW.approvals_needed THEN
                RAISE EXCEPTION 'a payout is sent when enough people of finance have approved it'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_enough';
            END IF;
        END IF;
        IF OLD.state NOT IN ('screening', 'requested') AND NEW.state = 'requested'
            OR OLD.state IN ('returned', 'rejected') AND NEW.state <> OLD.state THEN
            RAISE EXCEPTION 'a payout that came back, or was rejected, is over, and none is requested again'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'over';
        END IF;
        IF NEW.version <> OLD.version + 1 THEN
            RAISE EXCEPTION 'a payout changes one version at a time' USING ERRCODE = 'check_violation', CONSTRAINT = 'version_by_one';
        END IF;
        RETURN NEW;
    END $$;
"""
