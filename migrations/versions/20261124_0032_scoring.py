"""Scores of listens, and the cases that wait for a person."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Create the tables; what was decided is never changed, only where it came from is forgotten."""
    op.execute("""
    ALTER TABLE listen_reward.listen
        ADD COLUMN network bytea CHECK (length(network) = 12),
        ADD COLUMN device bytea CHECK (length(device) = 12),
        DROP CONSTRAINT listen_state_check,
        ADD CONSTRAINT listen_state_check
            CHECK (state IN ('open', 'held', 'rejected', 'accepted', 'closed', 'refused')),
        DROP CONSTRAINT listen_check2,
        ADD CONSTRAINT listen_check2 CHECK (NOT live OR state IN ('open', 'held', 'rejected', 'accepted'));
    COMMENT ON COLUMN listen_reward.listen.network IS
        'A keyed hash, which says that two listens came from one network and not from which. Forgotten after 30 days.';

    CREATE TABLE listen_reward.score (
        listen_id uuid PRIMARY KEY REFERENCES listen_reward.listen,
        user_id uuid NOT NULL,
        track_id uuid NOT NULL,
        artist_id uuid NOT NULL,
        owner_user_id uuid NOT NULL,
        network bytea CHECK (length(network) = 12),
        device bytea CHECK (length(device) = 12),
        scored_at timestamptz NOT NULL,
        verdict text NOT NULL CHECK (verdict IN ('accept', 'hold', 'reject')),
        quality smallint NOT NULL CHECK (quality BETWEEN 0 AND 1000),
        risk_ppm integer CHECK (risk_ppm BETWEEN 0 AND 1000000),
        reasons text[] NOT NULL,
        features double precision[] NOT NULL,
        feature_set smallint NOT NULL,
        policy integer NOT NULL,
        model text CHECK (model ~ '^[0-9a-f]{64}$'),
        signature bigint,
        pair_pm smallint NOT NULL CHECK (pair_pm BETWEEN 0 AND 1000),
        quick_pm smallint NOT NULL CHECK (quick_pm BETWEEN 0 AND 1000),
        age_h integer NOT NULL CHECK (age_h >= 0),
        hidden_pm smallint NOT NULL CHECK (hidden_pm BETWEEN 0 AND 1000)
    );
    COMMENT ON TABLE listen_reward.score IS
        'What was decided about each proven listen, with the features and reasons that it was decided by.';
    CREATE INDEX score_of_user ON listen_reward.score (user_id, scored_at);
    CREATE INDEX score_of_network ON listen_reward.score (network, scored_at) WHERE network IS NOT NULL;
    CREATE INDEX score_of_device ON listen_reward.score (device, scored_at) WHERE device IS NOT NULL;
    CREATE INDEX score_of_artist ON listen_reward.score (artist_id, scored_at);
    CREATE INDEX score_of_signature ON listen_reward.score (signature, scored_at) WHERE signature IS NOT NULL;
    CREATE INDEX score_to_forget ON listen_reward.score (scored_at) WHERE network IS NOT NULL OR device IS NOT NULL;
    GRANT SELECT, INSERT, UPDATE (network, device) ON listen_reward.score TO vibestream_app;

    CREATE TABLE listen_reward.held_case (
        case_id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        opened_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL CHECK (due_at > opened_at),
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'released', 'rejected')),
        decided_at timestamptz,
        decided_by uuid,
        note text CHECK (length(note) BETWEEN 1 AND 2000),
        appeal text CHECK (length(appeal) BETWEEN 1 AND 2000),
        appealed_at timestamptz,
        CHECK (num_nulls(decided_at, decided_by, note) IN (0, 3)),
        CHECK ((state = 'open') = (decided_at IS NULL)),
        CHECK (decided_by <> user_id),
        CHECK ((appeal IS NULL) = (appealed_at IS NULL))
    );
    CREATE UNIQUE INDEX one_open_case ON listen_reward.held_case (user_id) WHERE state = 'open';
    CREATE INDEX case_due ON listen_reward.held_case (due_at, case_id) WHERE state = 'open';
    CREATE INDEX case_of_user ON listen_reward.held_case (user_id, opened_at);
    GRANT SELECT, INSERT, UPDATE ON listen_reward.held_case TO vibestream_app;

    CREATE TABLE listen_reward.held_listen (
        listen_id uuid PRIMARY KEY REFERENCES listen_reward.listen,
        case_id uuid NOT NULL REFERENCES listen_reward.held_case
    );
    COMMENT ON TABLE listen_reward.held_listen IS 'A listen waits in one case for ever: it is decided about once.';
    CREATE INDEX held_of_case ON listen_reward.held_listen (case_id);
    GRANT SELECT, INSERT ON listen_reward.held_listen TO vibestream_app;
    """)
