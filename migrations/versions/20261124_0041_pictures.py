"""Pictures of profiles: what a fan and an artist look like, and the banner over an artist's page."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    op.execute(_PICTURES)


_PICTURES = """
CREATE TABLE users.picture (
    picture_id uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users.account,
    artist_id  uuid REFERENCES users.artist_profile ON DELETE CASCADE,
    place      text NOT NULL CHECK (place IN ('portrait', 'banner')),
    images     jsonb NOT NULL CHECK (jsonb_typeof(images) = 'array' AND jsonb_array_length(images) BETWEEN 1 AND 3),
    given_at   timestamptz NOT NULL,
    CHECK (artist_id IS NOT NULL OR place = 'portrait'),
    UNIQUE NULLS NOT DISTINCT (user_id, artist_id, place)
);
COMMENT ON TABLE users.picture IS
    'Pictures of profiles: of a fan without artist_id, else of an artist, whose owner user_id is. Their objects lie under the id.';
CREATE INDEX picture_of_artist ON users.picture (artist_id) WHERE artist_id IS NOT NULL;

CREATE TABLE users.picture_try (
    user_id  uuid PRIMARY KEY REFERENCES users.account,
    began_at timestamptz NOT NULL,
    taken    integer NOT NULL CHECK (taken > 0)
);
COMMENT ON TABLE users.picture_try IS 'How many pictures an account sent since an instant: each costs seconds of a processor.';

GRANT SELECT, INSERT, DELETE ON users.picture TO vibestream_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users.picture_try TO vibestream_app;
"""
