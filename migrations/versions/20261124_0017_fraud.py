"""What fraud remembers: events and what became of them, decisions with their vectors, reviews, policies, models, drift."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

_EVENTS = """
    CREATE TABLE payment.risk_event (
        subject text PRIMARY KEY CHECK (length(subject) BETWEEN 1 AND 200),
        kind text NOT NULL CHECK (kind IN ('payment', 'payout')),
        user_id uuid NOT NULL,
        at timestamptz NOT NULL,
        amount bigint NOT NULL CHECK (amount > 0),
        currency text NOT NULL REFERENCES payment.currency,
        cents bigint NOT NULL CHECK (cents >= 0),
        purpose text NOT NULL,
        gateway text,
        method text,
        device text,
        network text,
        email_domain text,
        country text,
        beneficiary uuid,
        declined_at timestamptz,
        fraud_at timestamptz,
        good_at timestamptz
    ) WITH (fillfactor = 80);
    COMMENT ON TABLE payment.risk_event IS 'One row per payment or payout that was asked about: what velocity is counted from.';
    COMMENT ON COLUMN payment.risk_event.cents IS 'The amount by the policy''s yardstick, to compare currencies by; no exchange.';
    COMMENT ON COLUMN payment.risk_event.fraud_at IS 'When it was first known to be fraud.';
    CREATE INDEX risk_event_user ON payment.risk_event (user_id, at DESC);
    CREATE INDEX risk_event_method ON payment.risk_event (method, at DESC) WHERE method IS NOT NULL;
    CREATE INDEX risk_event_device ON payment.risk_event (device, at DESC) WHERE device IS NOT NULL;
    CREATE INDEX risk_event_network ON payment.risk_event (network, at DESC) WHERE network IS NOT NULL;
    CREATE INDEX risk_event_domain ON payment.risk_event (email_domain, at DESC) WHERE email_domain IS NOT NULL;
    CREATE INDEX risk_event_payee ON payment.risk_event (beneficiary, at DESC) WHERE beneficiary IS NOT NULL;
    CREATE INDEX risk_event_at ON payment.risk_event (at);
    GRANT SELECT, INSERT ON payment.risk_event TO vibestream_app;
    GRANT UPDATE (gateway, method, device, network, email_domain, country, declined_at, fraud_at, good_at)
        ON payment.risk_event TO vibestream_app;

    CREATE TABLE payment.risk_outcome (
        subject text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('captured', 'declined', 'disputed', 'disputed_otherwise',
            'early_fraud_warning', 'refunded_as_fraud', 'paid_out', 'returned', 'reviewed_as_fraud', 'reviewed_as_good')),
        at timestamptz NOT NULL,
        PRIMARY KEY (subject, outcome)
    );
    COMMENT ON TABLE payment.risk_outcome IS 'What became of a payment or payout, each outcome once; may arrive before it was asked about.';
    GRANT SELECT, INSERT ON payment.risk_outcome TO vibestream_app;
"""

_MODELS = """
    CREATE TABLE payment.risk_model (
        model text PRIMARY KEY CHECK (model ~ '^[0-9a-f]{64}$'),
        object_key text NOT NULL,
        features text NOT NULL,
        trained_on text NOT NULL,
        metrics jsonb NOT NULL,
        trained_at timestamptz NOT NULL,
        role text NOT NULL DEFAULT 'candidate' CHECK (role IN ('candidate', 'challenger', 'champion', 'retired')),
        role_since timestamptz NOT NULL
    );
    COMMENT ON TABLE payment.risk_model IS 'Trained models by the SHA-256 of their file.';
    CREATE UNIQUE INDEX one_champion ON payment.risk_model (role) WHERE role IN ('champion', 'challenger');
    GRANT SELECT, INSERT, UPDATE (role, role_since, metrics) ON payment.risk_model TO vibestream_app;

    CREATE TABLE payment.risk_policy (
        version integer PRIMARY KEY CHECK (version > 0),
        document jsonb NOT NULL,
        set_by uuid,
        set_at timestamptz NOT NULL
    );
    COMMENT ON TABLE payment.risk_policy IS 'Costs, capacity and rules; the highest version is in force, none is ever changed.';
    GRANT SELECT, INSERT ON payment.risk_policy TO vibestream_app;

    CREATE TABLE payment.risk_denied (
        list text NOT NULL
            CHECK (list IN ('user', 'method', 'device', 'network', 'email_domain', 'country', 'beneficiary')),
        value text NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
        reason text NOT NULL,
        added_by uuid,
        added_at timestamptz NOT NULL,
        until timestamptz,
        PRIMARY KEY (list, value)
    );
    GRANT SELECT, INSERT, UPDATE, DELETE ON payment.risk_denied TO vibestream_app;

    CREATE TABLE payment.risk_drift (
        measured_on date NOT NULL,
        model text NOT NULL REFERENCES payment.risk_model,
        feature text NOT NULL,
        psi_ppm bigint NOT NULL CHECK (psi_ppm >= 0),
        decisions integer NOT NULL CHECK (decisions > 0),
        PRIMARY KEY (measured_on, model, feature)
    );
    COMMENT ON TABLE payment.risk_drift IS 'How far a feature, or the score (feature score), has moved from what the model was trained on.';
    GRANT SELECT, INSERT, UPDATE ON payment.risk_drift TO vibestream_app;
"""

_DECISIONS = """
    CREATE TABLE payment.risk_decision (
        decision_id uuid PRIMARY KEY,
        subject text NOT NULL REFERENCES payment.risk_event,
        decided_at timestamptz NOT NULL,
        verdict text NOT NULL CHECK (verdict IN ('allow', 'step_up', 'review', 'block')),
        proposed text NOT NULL CHECK (proposed IN ('allow', 'step_up', 'review', 'block')),
        propensity_ppm integer NOT NULL CHECK (propensity_ppm BETWEEN 1 AND 1000000),
        score_ppm integer CHECK (score_ppm BETWEEN 0 AND 1000000),
        model text REFERENCES payment.risk_model,
        challenger text REFERENCES payment.risk_model,
        challenger_score_ppm integer CHECK (challenger_score_ppm BETWEEN 0 AND 1000000),
        policy integer NOT NULL REFERENCES payment.risk_policy,
        rules text[] NOT NULL,
        reasons jsonb NOT NULL,
        features text NOT NULL,
        vector double precision[] NOT NULL,
        signals jsonb NOT NULL,
        CHECK ((model IS NULL) = (score_ppm IS NULL)),
        CHECK ((challenger IS NULL) = (challenger_score_ppm IS NULL)),
        CHECK (verdict = 'allow' OR jsonb_array_length(reasons) > 0)
    );
    COMMENT ON TABLE payment.risk_decision IS 'Every decision with what it was made from, as of its instant. Never changed.';
    COMMENT ON COLUMN payment.risk_decision.propensity_ppm IS
        'How likely the verdict was, given the one proposed: some that would be blocked are let through at random, to learn.';
    CREATE INDEX risk_decision_of ON payment.risk_decision (subject, decided_at DESC);
    CREATE INDEX risk_decision_at ON payment.risk_decision (decided_at);
    GRANT SELECT, INSERT ON payment.risk_decision TO vibestream_app;

    CREATE TABLE payment.risk_review (
        decision_id uuid PRIMARY KEY REFERENCES payment.risk_decision,
        subject text NOT NULL REFERENCES payment.risk_event,
        opened_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        closes_at timestamptz,
        needed smallint NOT NULL CHECK (needed IN (1, 2)),
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'released', 'refused', 'lapsed')),
        decided_at timestamptz,
        CHECK ((state = 'open') = (decided_at IS NULL))
    );
    COMMENT ON COLUMN payment.risk_review.needed IS 'How many different people must agree before it is released.';
    CREATE UNIQUE INDEX one_open_review ON payment.risk_review (subject) WHERE state = 'open';
    CREATE INDEX risk_review_open ON payment.risk_review (due_at, decision_id) WHERE state = 'open';
    CREATE INDEX risk_review_opened ON payment.risk_review (opened_at);
    CREATE INDEX risk_review_of ON payment.risk_review (subject, opened_at DESC);
    CREATE INDEX risk_review_closed ON payment.risk_review (decided_at DESC, decision_id DESC) WHERE state <> 'open';
    GRANT SELECT, INSERT, UPDATE (state, decided_at) ON payment.risk_review TO vibestream_app;

    CREATE TABLE payment.risk_vote (
        decision_id uuid NOT NULL REFERENCES payment.risk_review,
        reviewer uuid NOT NULL,
        released boolean NOT NULL,
        note text NOT NULL CHECK (length(note) BETWEEN 1 AND 2000),
        at timestamptz NOT NULL,
        PRIMARY KEY (decision_id, reviewer)
    );
    COMMENT ON TABLE payment.risk_vote IS 'What each reviewer said: once, for ever.';
    GRANT SELECT, INSERT ON payment.risk_vote TO vibestream_app;

    CREATE FUNCTION payment.require_four_eyes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF OLD.state <> 'open' THEN
            RAISE EXCEPTION 'a review is decided once' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.state = 'released' AND NEW.needed > (
            SELECT count(*) FROM payment.risk_vote vote JOIN payment.risk_event event ON event.subject = NEW.subject
            WHERE vote.decision_id = NEW.decision_id AND vote.released AND vote.reviewer <> event.user_id
                AND vote.reviewer IS DISTINCT FROM event.beneficiary
        ) THEN
            RAISE EXCEPTION 'a review is released by as many people as it needs, none of whom it concerns'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER four_eyes BEFORE UPDATE ON payment.risk_review
        FOR EACH ROW EXECUTE FUNCTION payment.require_four_eyes();
    REVOKE ALL ON FUNCTION payment.require_four_eyes FROM PUBLIC;
"""


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute(_EVENTS)
    op.execute(_MODELS)
    op.execute(_DECISIONS)
