"""Analytics: a listener's own days, and what artists are told of their audience."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    for statements in (_LISTENERS, _HEARD, _AUDIENCE):
        op.execute(statements)


_LISTENERS = """
CREATE TABLE users.listening_clock (
    user_id   uuid PRIMARY KEY REFERENCES users.account,
    time_zone text NOT NULL
);
COMMENT ON TABLE users.listening_clock IS
    'Whose listening is counted, with their consent, and by which clock; deleting a row deletes all that was counted.';
CREATE TABLE users.listening_track (
    user_id   uuid NOT NULL REFERENCES users.listening_clock ON DELETE CASCADE,
    day       date NOT NULL,
    track_id  uuid NOT NULL,
    artist_id uuid NOT NULL,
    listens   integer NOT NULL CHECK (listens > 0),
    heard_ms  bigint NOT NULL CHECK (heard_ms >= 0),
    PRIMARY KEY (user_id, day, track_id)
);
CREATE TABLE users.listening_hour (
    user_id   uuid NOT NULL REFERENCES users.listening_clock ON DELETE CASCADE,
    day       date NOT NULL,
    hour      smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
    listens   integer NOT NULL CHECK (listens > 0),
    heard_ms  bigint NOT NULL CHECK (heard_ms >= 0),
    PRIMARY KEY (user_id, day, hour)
);
CREATE TABLE users.listening_unsettled (
    user_id   uuid NOT NULL REFERENCES users.listening_clock ON DELETE CASCADE,
    day       date NOT NULL,
    due_at    timestamptz NOT NULL,
    PRIMARY KEY (user_id, day)
);
COMMENT ON TABLE users.listening_unsettled IS 'Days that were counted while a song was still playing: to be counted again.';
CREATE INDEX listening_due ON users.listening_unsettled (due_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON users.listening_clock, users.listening_track, users.listening_hour,
    users.listening_unsettled TO vibestream_app;
"""

_HEARD = """
CREATE INDEX listen_heard ON listen_reward.listen (user_id, opened_at) WHERE state = 'accepted';
CREATE INDEX listen_counted ON listen_reward.listen (accepted_at) WHERE state = 'accepted';
CREATE INDEX listen_of_track ON listen_reward.listen (track_id, accepted_at) WHERE state = 'accepted';
CREATE INDEX track_of_artist ON listen_reward.track (artist_id);
"""

_AUDIENCE = """
CREATE TABLE listen_reward.audience_week (
    week         date PRIMARY KEY CHECK (extract(isodow FROM week) = 1),
    published_at timestamptz NOT NULL CHECK (published_at >= (week + 7)::timestamp AT TIME ZONE 'UTC')
);
COMMENT ON TABLE listen_reward.audience_week IS 'Weeks, from a Monday in UTC, of which artists were told: once, and never again.';
CREATE TABLE listen_reward.audience_total (
    artist_id uuid NOT NULL,
    week      date NOT NULL REFERENCES listen_reward.audience_week,
    listeners integer NOT NULL CHECK (listeners >= 10 AND listeners % 10 = 0),
    PRIMARY KEY (artist_id, week)
);
CREATE TABLE listen_reward.audience_part (
    artist_id uuid NOT NULL,
    week      date NOT NULL,
    place     integer NOT NULL CHECK (place >= 0),
    track_id  uuid,
    day       date CHECK (day >= week AND day < week + 7),
    listens   integer NOT NULL CHECK (listens >= 10 AND listens % 10 = 0),
    listeners integer NOT NULL CHECK (listeners >= 10 AND listeners % 10 = 0),
    heard_percent smallint NOT NULL CHECK (heard_percent BETWEEN 0 AND 100),
    PRIMARY KEY (artist_id, week, place),
    FOREIGN KEY (artist_id, week) REFERENCES listen_reward.audience_total ON DELETE CASCADE,
    UNIQUE NULLS NOT DISTINCT (artist_id, week, track_id, day),
    CHECK (track_id IS NOT NULL OR day IS NULL)
);
COMMENT ON TABLE listen_reward.audience_part IS
    'A week of an artist, cut into parts that share no listen and of which each has ten listeners or more; rounded down to tens.';
COMMENT ON COLUMN listen_reward.audience_part.track_id IS 'Null: of several tracks.';
COMMENT ON COLUMN listen_reward.audience_part.day IS 'Null: of several days.';
GRANT SELECT, INSERT ON listen_reward.audience_week TO vibestream_app;
GRANT SELECT, INSERT, DELETE ON listen_reward.audience_total, listen_reward.audience_part TO vibestream_app;
"""
