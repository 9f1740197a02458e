"""Uploads of masters: one row per upload, from its creation to its stored original or its end."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    op.execute("""
    CREATE TABLE music.upload (
        upload_id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        file_name text NOT NULL CHECK (char_length(file_name) BETWEEN 1 AND 255),
        metadata text NOT NULL CHECK (octet_length(metadata) <= 4096),
        size_bytes bigint NOT NULL CHECK (size_bytes > 0),
        received_bytes bigint NOT NULL DEFAULT 0 CHECK (received_bytes BETWEEN 0 AND size_bytes),
        state text NOT NULL DEFAULT 'receiving' CHECK (state IN ('receiving', 'stored', 'expired', 'terminated')),
        place uuid NOT NULL,
        sha256 bytea CHECK (octet_length(sha256) = 32),
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        -- The last byte counts only together with the stored original: whoever is told that all of it arrived may
        -- throw its own copy away.
        CONSTRAINT upload_whole_is_stored CHECK ((state = 'stored') = (received_bytes = size_bytes)),
        CONSTRAINT upload_stored_has_checksum CHECK ((state = 'stored') = (sha256 IS NOT NULL)),
        CONSTRAINT upload_end_has_a_time CHECK ((state = 'receiving') = (ended_at IS NULL))
    );
    COMMENT ON COLUMN music.upload.metadata IS 'The Upload-Metadata header, given back by HEAD';
    COMMENT ON COLUMN music.upload.received_bytes IS 'The offset: as many bytes as are certainly on disk';
    COMMENT ON COLUMN music.upload.place IS 'The folder of unfinished uploads that holds the bytes';

    CREATE INDEX upload_of_user ON music.upload (user_id, upload_id DESC);
    CREATE INDEX upload_due ON music.upload (expires_at) WHERE state = 'receiving';
    CREATE INDEX upload_forgettable ON music.upload (ended_at) WHERE state IN ('expired', 'terminated');
    CREATE INDEX upload_by_checksum ON music.upload (sha256) WHERE state = 'stored';

    GRANT SELECT, INSERT, DELETE ON music.upload TO vibestream_app;
    GRANT UPDATE (received_bytes, state, sha256, expires_at, ended_at) ON music.upload TO vibestream_app;
    """)
