"""Keys of requests for tips: what one form, sent twice, asked for.

`payment.tip_request` says which tip a key of its giver stands for and what was asked; it is only ever added to. Of two
sessions with one key, the second waits at the primary key until the first has committed.
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Create the table; the application gets each right by name."""
    op.execute(_TIP_REQUESTS)


_TIP_REQUESTS = """
CREATE TABLE payment.tip_request (
    user_id      uuid NOT NULL,
    key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    tip_id       uuid NOT NULL UNIQUE,
    at           timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
COMMENT ON TABLE payment.tip_request IS 'What a key of somebody who gives tips stands for; never changed.';
GRANT SELECT, INSERT ON payment.tip_request TO vibestream_app;
"""
