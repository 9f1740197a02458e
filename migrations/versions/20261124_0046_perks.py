"""Reward pools from named sources; codes of a perk, of which each proof takes one."""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Create the tables. What a source gave an epoch is written once; a code goes to one proof, and a proof gets one code."""
    _sources()
    _perks()


def _sources() -> None:
    op.execute("""
    INSERT INTO payment.account_kind (kind, guarded, personal) VALUES ('pool_source', true, false);

    CREATE TABLE payment.source_top_up (
        top_up_id uuid PRIMARY KEY,
        source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$' AND source <> 'issuance'),
        amount bigint NOT NULL CHECK (amount > 0),
        reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
        proposed_by uuid NOT NULL,
        proposed_at timestamptz NOT NULL,
        state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'approved', 'withdrawn')),
        decided_by uuid,
        decided_at timestamptz,
        transaction_id uuid UNIQUE,
        CHECK (num_nulls(decided_by, decided_at) IN (0, 2)),
        CHECK ((state = 'proposed') = (decided_at IS NULL)),
        CHECK ((state = 'approved') = (transaction_id IS NOT NULL)),
        CONSTRAINT four_eyes CHECK (state <> 'approved' OR decided_by <> proposed_by)
    );
    COMMENT ON TABLE payment.source_top_up IS
        'Points for a source of reward pools: proposed by one person, issued when another approved.';
    CREATE INDEX source_top_up_proposed ON payment.source_top_up (proposed_at, top_up_id);
    GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_at, transaction_id) ON payment.source_top_up
        TO vibestream_app;
    CREATE FUNCTION payment.top_up_is_decided_once() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        RAISE EXCEPTION 'top-up % was decided about', OLD.top_up_id USING ERRCODE = 'check_violation';
    END $$;
    REVOKE ALL ON FUNCTION payment.top_up_is_decided_once FROM PUBLIC;
    CREATE TRIGGER top_up_is_decided_once BEFORE UPDATE ON payment.source_top_up
        FOR EACH ROW WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION payment.top_up_is_decided_once();

    CREATE TABLE listen_reward.pool_policy_source (
        policy_id uuid NOT NULL REFERENCES listen_reward.pool_policy,
        source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$' AND source <> 'issuance'),
        amount bigint NOT NULL CHECK (amount > 0),
        PRIMARY KEY (policy_id, source)
    );
    COMMENT ON TABLE listen_reward.pool_policy_source IS
        'What of a policy''s budget is taken from named sources; the rest is issued.';
    GRANT SELECT, INSERT ON listen_reward.pool_policy_source TO vibestream_app;
    CREATE FUNCTION listen_reward.sources_are_proposed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM listen_reward.pool_policy WHERE policy_id = NEW.policy_id AND state = 'proposed') THEN
            RAISE EXCEPTION 'policy % was decided about', NEW.policy_id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER sources_are_proposed BEFORE INSERT ON listen_reward.pool_policy_source
        FOR EACH ROW EXECUTE FUNCTION listen_reward.sources_are_proposed();

    ALTER TABLE listen_reward.epoch
        ADD COLUMN funded bigint CHECK (funded BETWEEN 0 AND budget),
        ADD CONSTRAINT within_what_was_given CHECK (granted <= coalesce(funded, budget));
    COMMENT ON COLUMN listen_reward.epoch.funded IS
        'What its sources gave of the budget, where its policy names any; NULL: not yet, or all of it is issued when it is first paid from.';
    CREATE FUNCTION listen_reward.funded_is_funded() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'epoch % keeps what it was funded with', OLD.epoch USING ERRCODE = 'check_violation';
    END $$;
    CREATE TRIGGER funded_is_funded BEFORE UPDATE ON listen_reward.epoch FOR EACH ROW
        WHEN (OLD.funded IS NOT NULL AND NEW.funded IS DISTINCT FROM OLD.funded)
        EXECUTE FUNCTION listen_reward.funded_is_funded();

    CREATE TABLE listen_reward.epoch_source (
        epoch date NOT NULL REFERENCES listen_reward.epoch,
        source text NOT NULL,
        wanted bigint NOT NULL CHECK (wanted > 0),
        given bigint NOT NULL CHECK (given BETWEEN 0 AND wanted),
        PRIMARY KEY (epoch, source)
    );
    COMMENT ON TABLE listen_reward.epoch_source IS
        'What a source was to give an epoch and gave: written with the posting, never changed.';
    GRANT SELECT, INSERT ON listen_reward.epoch_source TO vibestream_app;
    """)


def _perks() -> None:
    op.execute("""
    CREATE TABLE listen_reward.perk_code (
        perk_id uuid NOT NULL REFERENCES listen_reward.perk,
        place integer NOT NULL CHECK (place >= 0),
        code text NOT NULL CHECK (length(code) BETWEEN 1 AND 120),
        nullifier bytea,
        PRIMARY KEY (perk_id, place),
        UNIQUE (perk_id, code),
        UNIQUE (perk_id, nullifier),
        FOREIGN KEY (perk_id, nullifier) REFERENCES listen_reward.perk_proof
    );
    COMMENT ON TABLE listen_reward.perk_code IS
        'Codes that a perk gives, each to one proof. A code is worth the proof that it went to: it says no more of whose it was.';
    CREATE INDEX perk_code_left ON listen_reward.perk_code (perk_id, place) WHERE nullifier IS NULL;
    GRANT SELECT, INSERT, DELETE, UPDATE (nullifier) ON listen_reward.perk_code TO vibestream_app;
    CREATE FUNCTION listen_reward.code_goes_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a code of perk % went to another proof', OLD.perk_id USING ERRCODE = 'check_violation';
    END $$;
    CREATE TRIGGER code_goes_once BEFORE UPDATE ON listen_reward.perk_code FOR EACH ROW
        WHEN (OLD.nullifier IS NOT NULL) EXECUTE FUNCTION listen_reward.code_goes_once();
    """)
