"""Rounds of an account, so that nobody who was still getting in stays; and rights to forget what has no use any more."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Count each account's rounds, and note in which round a browser showed the first of two factors.

    Heartbeats arrive in the order of time and are never changed, so that a block index finds the old ones for next to nothing.
    """
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

    ALTER TABLE users.identity_request
        ADD COLUMN user_id uuid REFERENCES users.account,
        ADD COLUMN session_id uuid,
        ADD COLUMN carried bytea,
        ADD CHECK (num_nulls(user_id, session_id, carried) IN (0, 3)),
        ADD CHECK (user_id IS NULL OR NOT linking);
    COMMENT ON COLUMN users.identity_request.session_id IS
        'Of somebody who is signed in and is to show there that it is them: what comes back is for this session alone.';
    COMMENT ON COLUMN users.identity_request.carried IS 'What they had asked for, encrypted, to be done after that.';
    CREATE INDEX identity_request_of_person ON users.identity_request (user_id) WHERE user_id IS NOT NULL;

    CREATE INDEX heartbeat_received ON listen_reward.heartbeat USING brin (received_at);
    COMMENT ON TABLE listen_reward.heartbeat IS
        'Raw heartbeats as taken, never changed: the evidence behind each listen, for as long as anybody may ask for it.';
    GRANT DELETE ON listen_reward.heartbeat TO vibestream_app;

    CREATE INDEX risk_event_signals ON payment.risk_event (at)
        WHERE num_nonnulls(method, device, network, email_domain, country) > 0;
    GRANT DELETE ON payment.family_invitation TO vibestream_app;
    """)
