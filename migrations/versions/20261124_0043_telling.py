"""Telling of releases: how far the followers of an artist are told of each; and which mails are sent together, as a digest."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Create the table, change the index of followers, and let a mail join another."""
    for statements in (_NEWS, _DIGESTS):
        op.execute(statements)


_NEWS = """
CREATE TABLE users.release_news (
    news_id    uuid PRIMARY KEY,
    release_id uuid NOT NULL,
    artist_id  uuid NOT NULL REFERENCES users.artist_profile ON DELETE CASCADE,
    form       text NOT NULL CHECK (form IN ('album', 'ep', 'single')),
    state      text NOT NULL CHECK (state IN ('running', 'done', 'stopped')),
    began_at   timestamptz NOT NULL,
    reached    uuid,
    told       bigint NOT NULL CHECK (told >= 0)
);
COMMENT ON TABLE users.release_news IS 'A release that an artist''s followers are told of, and how far that is.';
COMMENT ON COLUMN users.release_news.reached IS 'The last follower who was told, in the order of ids; null at first and when all were.';
CREATE INDEX release_news_by_release ON users.release_news (release_id, began_at DESC);
CREATE INDEX release_news_by_artist ON users.release_news (artist_id, began_at DESC);
CREATE INDEX release_news_age ON users.release_news (began_at);
CREATE UNIQUE INDEX release_news_running ON users.release_news (release_id) WHERE state = 'running';
GRANT SELECT, INSERT, UPDATE (state, began_at, reached, told), DELETE ON users.release_news TO vibestream_app;

DROP INDEX users.artist_follow_by_artist;
CREATE INDEX artist_follow_by_artist ON users.artist_follow (artist_id, follower_id);
"""

_DIGESTS = """
ALTER TABLE users.notification_delivery ADD COLUMN joined uuid;
COMMENT ON COLUMN users.notification_delivery.joined IS
    'The delivery whose mail says this one too, itself where it is the first; null until it is first tried.';
CREATE INDEX notification_delivery_joined ON users.notification_delivery (joined) WHERE state = 'waiting';
GRANT UPDATE (joined) ON users.notification_delivery TO vibestream_app;
"""
