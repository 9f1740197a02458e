"""The tables of the listen_reward context."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the context's schema; the application gets each right by name."""
    op.execute("""
    CREATE SCHEMA listen_reward;
    GRANT USAGE ON SCHEMA listen_reward TO vibestream_app;

    CREATE TABLE listen_reward.track (
        track_id uuid PRIMARY KEY,
        artist_id uuid NOT NULL,
        owner_user_id uuid NOT NULL,
        duration_ms integer NOT NULL CHECK (duration_ms > 0),
        withdrawn boolean NOT NULL DEFAULT false
    );
    COMMENT ON TABLE listen_reward.track IS 'Local replica of what listening needs to know, fed by events of music.';
    GRANT SELECT, INSERT, UPDATE ON listen_reward.track TO vibestream_app;

    CREATE TABLE listen_reward.listen (
        listen_id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        track_id uuid NOT NULL REFERENCES listen_reward.track,
        player_id text NOT NULL CHECK (length(player_id) BETWEEN 1 AND 64),
        opened_at timestamptz NOT NULL,
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'closed', 'refused')),
        live boolean NOT NULL DEFAULT true,
        reason text,
        ended_at timestamptz,
        last_beat_at timestamptz,
        accepted_at timestamptz,
        last_seq integer NOT NULL DEFAULT 0,
        last_at_ms bigint NOT NULL DEFAULT 0,
        last_position_ms integer NOT NULL DEFAULT 0,
        playing boolean NOT NULL DEFAULT false,
        credited_ms bigint NOT NULL DEFAULT 0,
        oddities integer NOT NULL DEFAULT 0,
        heard int4multirange NOT NULL DEFAULT '{}',
        attributed boolean,
        served int4multirange NOT NULL DEFAULT '{}',
        CHECK ((state = 'accepted') = (accepted_at IS NOT NULL)),
        CHECK (live = (ended_at IS NULL)),
        CHECK (NOT live OR state IN ('open', 'accepted'))
    ) WITH (fillfactor = 70);
    CREATE UNIQUE INDEX one_live_listen ON listen_reward.listen (user_id) WHERE live;
    CREATE INDEX listen_unsettled ON listen_reward.listen (ended_at) WHERE state = 'open' AND NOT live;
    CREATE INDEX listen_of_user ON listen_reward.listen (user_id, listen_id);
    GRANT SELECT, INSERT, UPDATE ON listen_reward.listen TO vibestream_app;

    CREATE TABLE listen_reward.heartbeat (
        listen_id uuid NOT NULL,
        seq integer NOT NULL CHECK (seq > 0),
        at_ms bigint NOT NULL,
        position_ms integer NOT NULL,
        state text NOT NULL,
        muted boolean NOT NULL,
        visible boolean NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (listen_id, seq)
    );
    COMMENT ON TABLE listen_reward.heartbeat IS 'Raw heartbeats as taken, append-only: the evidence behind each listen.';
    GRANT SELECT, INSERT ON listen_reward.heartbeat TO vibestream_app;

    CREATE TABLE listen_reward.epoch (
        epoch date PRIMARY KEY,
        budget bigint NOT NULL CHECK (budget >= 0),
        per_listen bigint NOT NULL CHECK (per_listen >= 0),
        track_cap integer NOT NULL CHECK (track_cap > 0),
        listener_cap integer NOT NULL CHECK (listener_cap > 0),
        granted bigint NOT NULL DEFAULT 0,
        CHECK (granted BETWEEN 0 AND budget)
    ) WITH (fillfactor = 50);
    GRANT SELECT, INSERT, UPDATE ON listen_reward.epoch TO vibestream_app;

    CREATE TABLE listen_reward.reward (
        listen_id uuid PRIMARY KEY,
        reward_id uuid NOT NULL UNIQUE,
        user_id uuid NOT NULL,
        track_id uuid NOT NULL,
        epoch date NOT NULL REFERENCES listen_reward.epoch,
        outcome text NOT NULL
            CHECK (outcome IN ('granted', 'own_track', 'track_cap', 'listener_cap', 'budget_spent')),
        amount bigint NOT NULL CHECK (amount >= 0),
        decided_at timestamptz NOT NULL,
        CHECK ((outcome = 'granted') = (amount > 0))
    );
    COMMENT ON TABLE listen_reward.reward IS 'The one decision about each accepted listen, including those that earn nothing.';
    CREATE INDEX reward_earned ON listen_reward.reward (epoch, user_id, track_id) WHERE outcome = 'granted';
    GRANT SELECT, INSERT ON listen_reward.reward TO vibestream_app;
    """)
