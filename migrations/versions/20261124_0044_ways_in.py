"""Rounds: of an account the number of times that everybody was put out of it, so that nobody who was still getting in stays."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Count each account's rounds, and note in which round a browser showed the first of two factors."""
    op.execute("""
    ALTER TABLE users.account
        ADD COLUMN round bigint NOT NULL DEFAULT 0,
        ADD COLUMN round_began_at timestamptz;
    COMMENT ON COLUMN users.account.round IS
        'How often every session of the account was ended. Whoever began to show that it is theirs in another round does '
        'not get in: the statement that opens a session locks this row and compares.';
    COMMENT ON COLUMN users.account.round_began_at IS 'When that was last; null: never.';
    GRANT UPDATE (round, round_began_at) ON users.account TO vibestream_app;

    ALTER TABLE users.second_step ADD COLUMN round bigint NOT NULL DEFAULT 0;
    COMMENT ON COLUMN users.second_step.round IS 'The round in which the first factor was shown.';
    """)
