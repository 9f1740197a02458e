"""Policies of reward pools, and what a listen of an epoch that has one weighs and is paid."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Create the tables. A policy is decided about once; what an epoch was opened with never changes."""
    op.execute("""
    CREATE TABLE listen_reward.pool_policy (
        policy_id uuid PRIMARY KEY,
        effective_from date NOT NULL,
        source text NOT NULL CHECK (source IN ('issuance')),
        budget bigint NOT NULL CHECK (budget > 0),
        listener_cap_bp integer NOT NULL CHECK (listener_cap_bp BETWEEN 0 AND 10000),
        track_cap_bp integer NOT NULL CHECK (track_cap_bp BETWEEN 0 AND 10000),
        artist_cap_bp integer NOT NULL CHECK (artist_cap_bp BETWEEN 0 AND 10000),
        decay_bp integer NOT NULL CHECK (decay_bp BETWEEN 0 AND 10000),
        boost_bp integer NOT NULL CHECK (boost_bp BETWEEN 10000 AND 100000),
        most_seconds integer NOT NULL CHECK (most_seconds BETWEEN 1 AND 65535),
        new_artist_days integer NOT NULL CHECK (new_artist_days BETWEEN 0 AND 3650),
        reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
        proposed_by uuid NOT NULL,
        proposed_at timestamptz NOT NULL,
        state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'approved', 'withdrawn')),
        decided_by uuid,
        decided_at timestamptz,
        CHECK (num_nulls(decided_by, decided_at) IN (0, 2)),
        CHECK ((state = 'proposed') = (decided_at IS NULL)),
        CONSTRAINT four_eyes CHECK (state <> 'approved' OR decided_by <> proposed_by)
    );
    COMMENT ON TABLE listen_reward.pool_policy IS
        'How the budget of epochs is spread, from one on until the next: proposed by one person and approved by another.';
    CREATE UNIQUE INDEX one_policy_from ON listen_reward.pool_policy (effective_from) WHERE state = 'approved';
    CREATE INDEX pool_policy_proposed ON listen_reward.pool_policy (proposed_at, policy_id);
    GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_at) ON listen_reward.pool_policy TO vibestream_app;

    CREATE FUNCTION listen_reward.decided_is_decided() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'policy % was decided about', OLD.policy_id USING ERRCODE = 'check_violation';
    END $$;
    CREATE TRIGGER decided_is_decided BEFORE UPDATE ON listen_reward.pool_policy
        FOR EACH ROW WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION listen_reward.decided_is_decided();

    ALTER TABLE listen_reward.epoch
        ADD COLUMN policy_id uuid REFERENCES listen_reward.pool_policy,
        ADD COLUMN unit bigint CHECK (unit > 0),
        ADD COLUMN settled_at timestamptz,
        ADD CONSTRAINT settled_with_a_unit CHECK ((unit IS NULL) = (settled_at IS NULL)),
        ADD CONSTRAINT settled_by_a_policy CHECK (settled_at IS NULL OR policy_id IS NOT NULL);
    COMMENT ON COLUMN listen_reward.epoch.unit IS
        'What a unit of its summaries is worth, where a policy decided at the end of the day; else per_listen is.';
    CREATE INDEX epoch_unsettled ON listen_reward.epoch (epoch) WHERE policy_id IS NOT NULL AND settled_at IS NULL;
    CREATE FUNCTION listen_reward.opened_is_opened() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (OLD.epoch, OLD.budget, OLD.per_listen, OLD.policy_id) IS DISTINCT FROM
            (NEW.epoch, NEW.budget, NEW.per_listen, NEW.policy_id)
            OR (OLD.settled_at IS NOT NULL
                AND (OLD.unit, OLD.settled_at, OLD.granted) IS DISTINCT FROM (NEW.unit, NEW.settled_at, NEW.granted)) THEN
            RAISE EXCEPTION 'epoch % keeps what it was opened and settled with', OLD.epoch
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER opened_is_opened BEFORE UPDATE ON listen_reward.epoch
        FOR EACH ROW EXECUTE FUNCTION listen_reward.opened_is_opened();

    ALTER TABLE listen_reward.reward
        DROP CONSTRAINT reward_outcome_check,
        ADD CONSTRAINT reward_outcome_check CHECK (
            outcome IN ('granted', 'weighed', 'own_track', 'track_cap', 'listener_cap', 'budget_spent'));
    CREATE INDEX reward_weighed ON listen_reward.reward (epoch, user_id, track_id) WHERE outcome = 'weighed';

    CREATE TABLE listen_reward.weighed (
        listen_id uuid PRIMARY KEY REFERENCES listen_reward.reward,
        artist_id uuid NOT NULL,
        seconds integer NOT NULL CHECK (seconds >= 0),
        quality smallint NOT NULL CHECK (quality BETWEEN 0 AND 1000),
        accepted_at timestamptz NOT NULL
    );
    COMMENT ON TABLE listen_reward.weighed IS
        'What a listen weighs in an epoch that a policy decides at its end: as it was accepted, never changed.';
    GRANT SELECT, INSERT ON listen_reward.weighed TO vibestream_app;

    CREATE TABLE listen_reward.share (
        listen_id uuid PRIMARY KEY REFERENCES listen_reward.weighed,
        amount bigint NOT NULL CHECK (amount >= 0),
        settled_at timestamptz NOT NULL
    );
    COMMENT ON TABLE listen_reward.share IS 'What a weighed listen was paid when its epoch was settled.';
    GRANT SELECT, INSERT ON listen_reward.share TO vibestream_app;

    CREATE VIEW listen_reward.earned AS
    SELECT r.listen_id, r.reward_id, r.user_id, r.track_id, r.epoch, r.way, coalesce(s.amount, r.amount) AS amount,
        CASE WHEN s.amount > 0 THEN 'granted' ELSE r.outcome END AS outcome,
        coalesce(s.settled_at, r.decided_at) AS decided_at
    FROM listen_reward.reward r LEFT JOIN listen_reward.share s USING (listen_id);
    COMMENT ON VIEW listen_reward.earned IS 'What each accepted listen earned, decided at once or at the end of its day.';
    GRANT SELECT ON listen_reward.earned TO vibestream_app;
    """)
