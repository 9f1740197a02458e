"""Packaged masters: one row per asset, per rung that is listed, and per upload that brought the master."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    _create_asset()
    _create_rendition()
    op.execute("""
    CREATE TABLE music.asset_upload (
        upload_id uuid PRIMARY KEY,
        asset_id uuid NOT NULL REFERENCES music.asset,
        user_id uuid NOT NULL,
        file_name text NOT NULL CHECK (char_length(file_name) BETWEEN 1 AND 255),
        requested_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE music.asset_upload IS 'Which uploads brought a master: the same bytes are one asset';
    CREATE INDEX asset_upload_of_asset ON music.asset_upload (asset_id, user_id);
    CREATE INDEX asset_upload_of_user ON music.asset_upload (user_id, upload_id DESC);

    GRANT SELECT, INSERT, UPDATE ON music.asset TO vibestream_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON music.rendition TO vibestream_app;
    GRANT SELECT, INSERT ON music.asset_upload TO vibestream_app;
    """)


def _create_asset() -> None:
    op.execute("""
    CREATE TABLE music.asset (
        asset_id uuid PRIMARY KEY,
        sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
        ladder_version smallint NOT NULL CHECK (ladder_version >= 1),
        state text NOT NULL DEFAULT 'waiting'
            CHECK (state IN ('waiting', 'probing', 'packaging', 'playable', 'ready', 'refused', 'failed')),
        percent smallint NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
        run integer NOT NULL DEFAULT 0 CHECK (run >= 0),
        runs_allowed integer NOT NULL,
        reason text CHECK (reason ~ '^[a-z_]{1,40}$'),
        container text,
        codec text,
        sample_rate integer CHECK (sample_rate > 0),
        channels smallint CHECK (channels > 0),
        bits smallint CHECK (bits > 0),
        declared_ms integer CHECK (declared_ms > 0),
        exact boolean,
        bitrate_bps bigint CHECK (bitrate_bps >= 0),
        tags jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(tags) = 'object'),
        covers jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(covers) = 'array'),
        duration_ms integer CHECK (duration_ms > 0),
        loudness_lufs double precision,
        loudness_range_lu double precision,
        true_peak_dbtp double precision,
        waveform bytea NOT NULL DEFAULT '' CHECK (octet_length(waveform) <= 1800),
        fingerprint bytea NOT NULL DEFAULT '' CHECK (octet_length(fingerprint) % 4 = 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        changed_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT asset_of_master UNIQUE (sha256, ladder_version),
        CONSTRAINT asset_refused_for_a_reason CHECK ((state = 'refused') = (reason IS NOT NULL)),
        CONSTRAINT asset_playing_was_probed CHECK (
            state NOT IN ('packaging', 'playable', 'ready')
            OR (container IS NOT NULL AND codec IS NOT NULL AND sample_rate IS NOT NULL AND channels IS NOT NULL
                AND exact IS NOT NULL AND bitrate_bps IS NOT NULL)),
        CONSTRAINT asset_ready_was_measured CHECK (state <> 'ready' OR (duration_ms IS NOT NULL AND percent = 100))
    );
    COMMENT ON COLUMN music.asset.run IS 'How often packaging was begun; what an older run writes is not taken';
    COMMENT ON COLUMN music.asset.fingerprint IS 'Chromaprint, raw: 32-bit little-endian items';
    """)


def _create_rendition() -> None:
    op.execute("""
    CREATE TABLE music.rendition (
        asset_id uuid NOT NULL REFERENCES music.asset,
        rung text NOT NULL CHECK (rung ~ '^[a-z0-9-]{1,16}$'),
        family text NOT NULL CHECK (family IN ('lossy', 'lossless')),
        take smallint NOT NULL DEFAULT 1 CHECK (take >= 1),
        codecs text NOT NULL,
        nominal_bps integer CHECK (nominal_bps > 0),
        sample_rate integer NOT NULL CHECK (sample_rate > 0),
        channels smallint NOT NULL CHECK (channels > 0),
        bits smallint CHECK (bits > 0),
        complete boolean NOT NULL DEFAULT false,
        segments integer NOT NULL DEFAULT 0 CHECK (segments >= 0),
        timescale integer NOT NULL DEFAULT 1 CHECK (timescale > 0),
        segment_ticks bigint NOT NULL DEFAULT 0 CHECK (segment_ticks >= 0),
        duration_ticks bigint NOT NULL DEFAULT 0 CHECK (duration_ticks >= 0),
        total_bytes bigint NOT NULL DEFAULT 0 CHECK (total_bytes >= 0),
        average_bps bigint NOT NULL DEFAULT 0 CHECK (average_bps >= 0),
        peak_bps bigint NOT NULL DEFAULT 0 CHECK (peak_bps >= 0),
        delay_samples integer NOT NULL DEFAULT 0 CHECK (delay_samples >= 0),
        PRIMARY KEY (asset_id, rung),
        CONSTRAINT rendition_listed_weighs CHECK (
            segments = 0 OR (segment_ticks > 0 AND duration_ticks > 0 AND total_bytes > 0 AND average_bps > 0
                AND peak_bps > 0)),
        CONSTRAINT rendition_complete_is_listed CHECK (NOT complete OR segments > 0)
    );
    """)
