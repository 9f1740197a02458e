"""Tables of the HTTP edge: the answers to requests that may be sent again."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    op.execute("""
    CREATE TABLE platform.idempotency_key (
        user_id uuid NOT NULL,
        key text NOT NULL CHECK (char_length(key) BETWEEN 8 AND 200),
        request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
        status smallint NOT NULL CHECK (status BETWEEN 200 AND 399),
        media_type text NOT NULL,
        body bytea NOT NULL CHECK (octet_length(body) <= 65536),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
        PRIMARY KEY (user_id, key)
    );
    COMMENT ON TABLE platform.idempotency_key IS
        'The answer to a request that carried an Idempotency-Key, written in the transaction of its effect';
    CREATE INDEX idempotency_key_expires_at ON platform.idempotency_key (expires_at);
    GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON platform.idempotency_key TO vibestream_app;
    """)
