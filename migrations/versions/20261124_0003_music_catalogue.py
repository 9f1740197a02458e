"""The schema of the music context, the catalogue's tables, and the record of what was served."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the schema and the tables; the application gets each right by name."""
    _create_catalogue()
    _create_delivery()
    op.execute("GRANT USAGE ON SCHEMA music TO vibestream_app")


def _create_catalogue() -> None:
    op.execute("""
    CREATE SCHEMA music;

    -- A replica of artist profiles, fed by their events. No length or uniqueness is asked of it: their owner has done
    -- that, and two profiles that exchange a handle are heard of in either order.
    CREATE TABLE music.artist (
        artist_id uuid PRIMARY KEY,
        owner_user_id uuid NOT NULL,
        name text NOT NULL,
        handle text NOT NULL,
        changed_at timestamptz NOT NULL
    );
    CREATE INDEX artist_by_owner ON music.artist (owner_user_id);
    CREATE INDEX artist_by_handle ON music.artist (handle, changed_at DESC);

    CREATE TABLE music.release (
        release_id uuid PRIMARY KEY,
        artist_id uuid NOT NULL REFERENCES music.artist,
        kind text NOT NULL CHECK (kind IN ('album', 'ep', 'single')),
        title text NOT NULL CHECK (char_length(title) <= 200),
        description text NOT NULL CHECK (char_length(description) <= 5000),
        release_date date,
        language text CHECK (language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
        genres text[] NOT NULL CHECK (cardinality(genres) <= 5 AND array_position(genres, NULL) IS NULL),
        upc text CHECK (upc ~ '^[0-9]{12,13}$'),
        credits jsonb NOT NULL CHECK (jsonb_typeof(credits) = 'array'),
        cover jsonb NOT NULL CHECK (jsonb_typeof(cover) = 'array'),
        stage text NOT NULL CHECK (stage IN ('draft', 'published', 'taken_down')),
        withdrawn_by text CHECK (withdrawn_by IN ('artist', 'operator', 'audio')),
        withdrawn_at timestamptz,
        published_at timestamptz,
        proposed boolean NOT NULL CHECK (NOT proposed OR stage = 'draft'),
        version integer NOT NULL CHECK (version >= 1),
        created_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL CHECK (changed_at >= created_at),
        CONSTRAINT release_taken_down_by_somebody CHECK (
            (stage = 'taken_down') = (withdrawn_by IS NOT NULL) AND (stage = 'taken_down') = (withdrawn_at IS NOT NULL)),
        CONSTRAINT release_public_since CHECK ((stage = 'draft') = (published_at IS NULL)),
        CONSTRAINT release_public_has_title CHECK (stage <> 'published' OR title <> '')
    );
    CREATE INDEX release_newest ON music.release (published_at DESC, release_id DESC) WHERE stage = 'published';
    CREATE INDEX release_newest_of_artist ON music.release (artist_id, published_at DESC, release_id DESC)
        WHERE stage = 'published';
    CREATE INDEX release_of_artist ON music.release (artist_id, release_id DESC);
    CREATE INDEX release_withdrawn ON music.release (withdrawn_at) WHERE stage = 'taken_down';

    CREATE TABLE music.track (
        track_id uuid PRIMARY KEY,
        release_id uuid NOT NULL REFERENCES music.release,
        upload_id uuid NOT NULL,
        asset_id uuid NOT NULL,
        artist_id uuid NOT NULL REFERENCES music.artist,
        disc_no smallint NOT NULL CHECK (disc_no BETWEEN 1 AND 30),
        track_no smallint NOT NULL CHECK (track_no BETWEEN 1 AND 200),
        title text NOT NULL CHECK (char_length(title) <= 200),
        explicit boolean NOT NULL,
        isrc text CHECK (isrc ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'),
        credits jsonb NOT NULL CHECK (jsonb_typeof(credits) = 'array'),
        duration_ms integer CHECK (duration_ms > 0),
        published_at timestamptz,
        withdrawn_by text CHECK (withdrawn_by IN ('artist', 'operator', 'audio')),
        withdrawn_at timestamptz,
        CONSTRAINT track_place UNIQUE (release_id, disc_no, track_no) DEFERRABLE INITIALLY IMMEDIATE,
        CONSTRAINT track_withdrawn_by_somebody CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL)),
        CONSTRAINT track_public_was_measured CHECK (published_at IS NULL OR (duration_ms IS NOT NULL AND title <> ''))
    );
    CREATE INDEX track_of_asset ON music.track (asset_id);
    CREATE INDEX track_of_artist ON music.track (artist_id);
    CREATE INDEX track_newest ON music.track (published_at DESC, track_id DESC)
        WHERE published_at IS NOT NULL AND withdrawn_by IS NULL;
    CREATE INDEX track_withdrawn ON music.track (withdrawn_at) WHERE withdrawn_by IS NOT NULL;

    GRANT SELECT, INSERT, UPDATE ON music.artist TO vibestream_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON music.release, music.track TO vibestream_app;
    """)


def _create_delivery() -> None:
    op.execute("""
    -- Runs of segments that were served to listens: raw evidence of two days, written by COPY and dropped by age.
    CREATE TABLE music.served (
        listen_id uuid NOT NULL,
        track_id uuid NOT NULL,
        rung text NOT NULL CHECK (char_length(rung) BETWEEN 1 AND 16),
        first_segment integer NOT NULL CHECK (first_segment >= 1),
        last_segment integer NOT NULL,
        first_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        CONSTRAINT served_in_order CHECK (last_segment >= first_segment AND last_at >= first_at)
    );
    CREATE INDEX served_to_listen ON music.served (listen_id);
    CREATE INDEX served_by_age ON music.served (last_at);

    GRANT SELECT, INSERT, DELETE ON music.served TO vibestream_app;
    """)
