"""Scoring: what new accounts earn waits for some days; artists are told from what they were heard, where, and how well."""

from __future__ import annotations

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Add the days to policies, nought to those that there are, and the tables."""
    for statements in (_WARMING, _AUDIENCE):
        op.execute(statements)


_WARMING = """
    ALTER TABLE listen_reward.pool_policy
        ADD COLUMN warm_up_days integer NOT NULL DEFAULT 0 CHECK (warm_up_days BETWEEN 0 AND 30);
    ALTER TABLE listen_reward.epoch
        ADD COLUMN warm_up_days integer NOT NULL DEFAULT 0 CHECK (warm_up_days BETWEEN 0 AND 30);
    COMMENT ON COLUMN listen_reward.epoch.warm_up_days IS
        'For how many days an account is new in it: as its policy has it, or as the settings had it when it was opened.';
    COMMENT ON COLUMN listen_reward.pool_policy.warm_up_days IS
        'What an account earns within so many days of its first proven listen is decided when they are over.';

    CREATE TABLE listen_reward.warming (
        listen_id uuid PRIMARY KEY REFERENCES listen_reward.listen,
        user_id uuid NOT NULL,
        owner_user_id uuid NOT NULL,
        track_id uuid NOT NULL,
        accepted_at timestamptz NOT NULL,
        heard_s integer NOT NULL CHECK (heard_s >= 0),
        due_at timestamptz NOT NULL,
        ended_at timestamptz,
        paid boolean,
        CHECK (due_at > accepted_at),
        CHECK ((ended_at IS NULL) = (paid IS NULL))
    );
    COMMENT ON TABLE listen_reward.warming IS
        'Accepted listens of new accounts whose reward is decided later, and what became of them.';
    CREATE INDEX warming_due ON listen_reward.warming (due_at, listen_id) WHERE ended_at IS NULL;
    CREATE INDEX warming_of_user ON listen_reward.warming (user_id);
    GRANT SELECT, INSERT, UPDATE (ended_at, paid), DELETE ON listen_reward.warming TO vibestream_app;
    """

_AUDIENCE = """
    CREATE TABLE listen_reward.listen_surface (
        listen_id uuid PRIMARY KEY REFERENCES listen_reward.listen,
        surface text NOT NULL CHECK (surface IN ('release', 'song', 'queue'))
    );
    COMMENT ON TABLE listen_reward.listen_surface IS
        'What listens were started from, of those who consent to be counted; deleted when their week was told of.';
    GRANT SELECT, INSERT, DELETE ON listen_reward.listen_surface TO vibestream_app;

    ALTER TABLE listen_reward.audience_part
        ADD COLUMN quality smallint CHECK (quality BETWEEN 0 AND 1000 AND quality % 10 = 0);
    COMMENT ON COLUMN listen_reward.audience_part.quality IS
        'Points on average, of those of its listens that were scored, where these are of ten listeners or more.';

    CREATE TABLE listen_reward.audience_piece (
        artist_id uuid NOT NULL,
        week date NOT NULL,
        place integer NOT NULL CHECK (place >= 0),
        kind text NOT NULL CHECK (kind IN ('surface', 'country', 'quality')),
        name text CHECK (length(name) BETWEEN 1 AND 20),
        listens integer NOT NULL CHECK (listens >= 10 AND listens % 10 = 0),
        listeners integer NOT NULL CHECK (listeners >= 10 AND listeners % 10 = 0),
        PRIMARY KEY (artist_id, week, place),
        FOREIGN KEY (artist_id, week) REFERENCES listen_reward.audience_total ON DELETE CASCADE,
        UNIQUE NULLS NOT DISTINCT (artist_id, week, kind, name)
    );
    COMMENT ON TABLE listen_reward.audience_piece IS
        'A week of an artist, cut another way: each kind is a partition of the same listens, in pieces of ten listeners or more.';
    GRANT SELECT, INSERT, DELETE ON listen_reward.audience_piece TO vibestream_app;
"""
