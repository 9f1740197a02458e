"""Access admin: the roles of labels and moderators; changes of the address, and undoing them."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Let the roles be granted, and create the tables; the application gets each right by name."""
    for statements in (_ROLES, _EMAIL, _FREEZE, _LISTENS, _LOCKS, _PROPOSALS):
        op.execute(statements)


_ROLES = """
ALTER TABLE users.role_grant DROP CONSTRAINT role_grant_role_check;
ALTER TABLE users.role_grant ADD CONSTRAINT role_grant_role_check
    CHECK (role IN ('artist', 'label', 'moderator', 'finance', 'admin'));
"""

_EMAIL = """
CREATE TABLE users.email_change (
    change_id    uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users.account,
    browser_hash bytea NOT NULL UNIQUE CHECK (length(browser_hash) = 32),
    email        text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    lookup       text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
    tries_left   integer NOT NULL CHECK (tries_left >= 0)
);
COMMENT ON TABLE users.email_change IS
    'A browser that asked to give its account another address. It reserves nothing: whoever proves an address first has it.';
COMMENT ON COLUMN users.email_change.browser_hash IS 'SHA-256 of the secret in the cookie of the browser that asked.';
CREATE INDEX email_change_by_user ON users.email_change (user_id, created_at);
CREATE INDEX email_change_by_lookup ON users.email_change (lookup, created_at);
CREATE INDEX email_change_by_expiry ON users.email_change (expires_at);

CREATE TABLE users.email_undo (
    undo_id    uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users.account,
    email      text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    code_hash  bytea NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    made_at    timestamptz NOT NULL,
    good_until timestamptz NOT NULL CHECK (good_until > made_at),
    ended_at   timestamptz
);
COMMENT ON TABLE users.email_undo IS
    'An address that an account had: whoever shows the code that was mailed there puts it back, until good_until.';
COMMENT ON COLUMN users.email_undo.ended_at IS 'It was used, or one that was made no later was.';
CREATE INDEX email_undo_by_user ON users.email_undo (user_id, made_at);
CREATE INDEX email_undo_by_expiry ON users.email_undo (good_until);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.email_change, users.email_undo TO vibestream_app;
"""

_LISTENS = """
ALTER TABLE listen_reward.listen ADD COLUMN session_id uuid;
COMMENT ON COLUMN listen_reward.listen.session_id IS
    'The session or the app''s grant that opened it: playback is granted for it there alone.';
"""

_FREEZE = """
CREATE TABLE payment.payout_freeze (
    user_id uuid PRIMARY KEY,
    until   timestamptz NOT NULL
);
COMMENT ON TABLE payment.payout_freeze IS 'Nothing is paid out to a payee before this: their account may have been taken over.';
GRANT SELECT, INSERT, UPDATE, DELETE ON payment.payout_freeze TO vibestream_app;
"""

_LOCKS = """
CREATE TABLE users.account_lock (
    lock_id     uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users.account,
    reason      text NOT NULL CHECK (reason IN ('compromised', 'abuse', 'fraud', 'legal', 'owner')),
    note        text NOT NULL CHECK (length(note) BETWEEN 1 AND 500),
    locked_at   timestamptz NOT NULL,
    locked_by   uuid NOT NULL REFERENCES users.account,
    unlocked_at timestamptz CHECK (unlocked_at >= locked_at),
    unlocked_by uuid REFERENCES users.account,
    unlock_note text CHECK (length(unlock_note) BETWEEN 1 AND 500),
    CHECK (num_nulls(unlocked_at, unlocked_by, unlock_note) IN (0, 3))
);
COMMENT ON TABLE users.account_lock IS 'Accounts that an admin locked: nobody signs in to one that is not unlocked.';
CREATE UNIQUE INDEX account_lock_open ON users.account_lock (user_id) WHERE unlocked_at IS NULL;
CREATE INDEX account_lock_by_user ON users.account_lock (user_id, locked_at DESC);
GRANT SELECT, INSERT, UPDATE (unlocked_at, unlocked_by, unlock_note), DELETE ON users.account_lock TO vibestream_app;
"""

_PROPOSALS = """
CREATE TABLE users.role_proposal (
    proposal_id uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users.account,
    role        text NOT NULL CHECK (role IN ('finance', 'admin')),
    grants      boolean NOT NULL,
    proposed_by uuid NOT NULL REFERENCES users.account CHECK (proposed_by <> user_id),
    proposed_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > proposed_at),
    outcome     text CHECK (outcome IN ('approved', 'refused', 'expired')),
    decided_by  uuid REFERENCES users.account CHECK (decided_by <> user_id),
    decided_at  timestamptz CHECK (decided_at >= proposed_at),
    CHECK ((outcome IS NULL) = (decided_at IS NULL)),
    CHECK (outcome <> 'approved' OR decided_by <> proposed_by)
);
COMMENT ON TABLE users.role_proposal IS
    'That a person gets, or loses, a role with which much harm can be done: one admin proposes, another approves, and '
    'neither is that person.';
CREATE UNIQUE INDEX role_proposal_open ON users.role_proposal (user_id, role) WHERE outcome IS NULL;
CREATE INDEX role_proposal_by_time ON users.role_proposal (proposed_at DESC);
GRANT SELECT, INSERT, UPDATE (outcome, decided_by, decided_at), DELETE ON users.role_proposal TO vibestream_app;
"""
