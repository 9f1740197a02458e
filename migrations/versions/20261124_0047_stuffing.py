"""Whether passwords are being guessed at many accounts at once, and what a browser is asked for meanwhile."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Count failures of the whole installation, remember attacks, and let a second step say nothing of the first."""
    op.execute("""
    CREATE TABLE users.sign_in_count (
        window_name text PRIMARY KEY CHECK (window_name IN ('burst', 'trickle')),
        refused     bigint NOT NULL CHECK (refused >= 0),
        let_in      bigint NOT NULL CHECK (let_in >= 0),
        ends_at     timestamptz NOT NULL
    );
    COMMENT ON TABLE users.sign_in_count IS
        'Of all browsers that the account in question does not know: how often a password was wrong, and how many accounts one '
        'let them into, until counting begins anew.';
    INSERT INTO users.sign_in_count VALUES ('burst', 0, 0, 'epoch'), ('trickle', 0, 0, 'epoch');

    CREATE TABLE users.sign_in_attack (
        began_at timestamptz PRIMARY KEY,
        until    timestamptz NOT NULL CHECK (until > began_at),
        ended_at timestamptz CHECK (ended_at >= began_at)
    );
    COMMENT ON TABLE users.sign_in_attack IS
        'When passwords were guessed at many accounts at once. It lasts until `until`; that it is over was noted at `ended_at`.';
    CREATE UNIQUE INDEX sign_in_attack_open ON users.sign_in_attack ((true)) WHERE ended_at IS NULL;

    GRANT SELECT, UPDATE ON users.sign_in_count TO vibestream_app;
    GRANT SELECT, INSERT, UPDATE ON users.sign_in_attack TO vibestream_app;

    ALTER TABLE users.second_step
        ADD COLUMN step_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
        ADD COLUMN guarded boolean NOT NULL DEFAULT false,
        ALTER COLUMN user_id DROP NOT NULL,
        ADD CHECK (user_id IS NOT NULL OR guarded);
    ALTER TABLE users.second_step ALTER COLUMN step_id DROP DEFAULT;
    COMMENT ON COLUMN users.second_step.step_id IS 'What the code that is mailed for a guarded step is derived from.';
    COMMENT ON COLUMN users.second_step.guarded IS
        'Begun during an attack, whatever password was shown. Without a user_id it was wrong, and no code is right.';
    """)
