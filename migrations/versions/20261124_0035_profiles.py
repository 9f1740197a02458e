"""Pages of fans, follows and blocks; one holder for each handle; artists whom moderators verify; reports; teams."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Create the tables; handles that artists hold already are held by their accounts."""
    for statements in (_HANDLES, _FANS, _FOLLOWS, _VERIFICATION, _REPORTS, _TEAMS):
        op.execute(statements)


_HANDLES = """
CREATE TABLE users.handle_holder (
    skeleton text PRIMARY KEY,
    user_id  uuid NOT NULL REFERENCES users.account
);
COMMENT ON TABLE users.handle_holder IS
    'Which account a handle belongs to, as a fan''s or an artist''s: so that nobody is mistaken for somebody in the other list. '
    'Former ones stay, and lead to who had them.';
CREATE INDEX handle_holder_by_user ON users.handle_holder (user_id);
INSERT INTO users.handle_holder (skeleton, user_id)
    SELECT handle.skeleton, artist.user_id FROM users.artist_handle handle JOIN users.artist_profile artist USING (artist_id);

CREATE TABLE users.resting_handle (
    digest  bytea PRIMARY KEY CHECK (length(digest) = 32),
    free_at timestamptz NOT NULL
);
CREATE INDEX resting_handle_by_end ON users.resting_handle (free_at);
COMMENT ON TABLE users.resting_handle IS
    'Handles of people who were erased, as SHA-256 of their skeletons: nobody takes one before it has rested.';

GRANT SELECT, INSERT, UPDATE, DELETE ON users.handle_holder, users.resting_handle TO vibestream_app;
"""

_FANS = """
CREATE TABLE users.fan_page (
    user_id       uuid PRIMARY KEY REFERENCES users.account,
    handle        text NOT NULL,
    about         text NOT NULL CHECK (length(about) <= 600),
    taste         text[] NOT NULL CHECK (cardinality(taste) <= 8),
    open          boolean NOT NULL,
    shows_taste   boolean NOT NULL,
    shows_follows boolean NOT NULL,
    shows_badges  boolean NOT NULL,
    hidden        boolean NOT NULL DEFAULT false,
    since         timestamptz NOT NULL
);
COMMENT ON TABLE users.fan_page IS
    'What a fan shows. Not open, or hidden by a moderator: it is there for its owner alone.';

CREATE TABLE users.fan_handle (
    skeleton text PRIMARY KEY REFERENCES users.handle_holder ON DELETE CASCADE,
    user_id  uuid NOT NULL REFERENCES users.fan_page,
    handle   text NOT NULL UNIQUE CHECK (handle ~ '^[a-z0-9]+([._-][a-z0-9]+)*$' AND length(handle) BETWEEN 3 AND 30),
    taken_at timestamptz NOT NULL
);
COMMENT ON TABLE users.fan_handle IS 'Every handle a fan has or had; a former one stays theirs and leads to them.';
CREATE INDEX fan_handle_by_user ON users.fan_handle (user_id, taken_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.fan_page, users.fan_handle TO vibestream_app;
"""

_FOLLOWS = """
CREATE TABLE users.artist_follow (
    follower_id uuid NOT NULL REFERENCES users.account,
    artist_id   uuid NOT NULL REFERENCES users.artist_profile ON DELETE CASCADE,
    since       timestamptz NOT NULL,
    PRIMARY KEY (follower_id, artist_id)
);
CREATE INDEX artist_follow_by_artist ON users.artist_follow (artist_id);

CREATE TABLE users.fan_follow (
    follower_id uuid NOT NULL REFERENCES users.account,
    fan_id      uuid NOT NULL REFERENCES users.account,
    since       timestamptz NOT NULL,
    PRIMARY KEY (follower_id, fan_id),
    CHECK (follower_id <> fan_id)
);
CREATE INDEX fan_follow_by_fan ON users.fan_follow (fan_id);

CREATE TABLE users.block (
    blocker_id uuid NOT NULL REFERENCES users.account,
    blocked_id uuid NOT NULL REFERENCES users.account,
    since      timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
);
CREATE INDEX block_by_blocked ON users.block (blocked_id);
COMMENT ON TABLE users.block IS
    'While there is a row either way, neither sees the other''s page or follows them. Written under a lock on both fan profiles.';

CREATE FUNCTION users.apart(one uuid, other uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM users.block WHERE blocker_id = one AND blocked_id = other)
        OR EXISTS (SELECT FROM users.block WHERE blocker_id = other AND blocked_id = one)
$$;
COMMENT ON FUNCTION users.apart IS 'Whether one of two people blocked the other; false when one of them is nobody (null).';
REVOKE ALL ON FUNCTION users.apart FROM PUBLIC;
GRANT EXECUTE ON FUNCTION users.apart TO vibestream_app;

GRANT SELECT, INSERT, DELETE ON users.artist_follow, users.fan_follow, users.block TO vibestream_app;
"""

_VERIFICATION = """
ALTER TABLE users.artist_profile ADD COLUMN verified_at timestamptz;
COMMENT ON COLUMN users.artist_profile.verified_at IS
    'Since when a moderator says that they are who they say; null again when the name or the handle changes.';

CREATE TABLE users.verification (
    verification_id uuid PRIMARY KEY,
    artist_id       uuid NOT NULL REFERENCES users.artist_profile ON DELETE CASCADE,
    asked_by        uuid NOT NULL REFERENCES users.account,
    evidence        text NOT NULL CHECK (length(evidence) BETWEEN 1 AND 2000),
    links           jsonb NOT NULL CHECK (jsonb_typeof(links) = 'array'),
    asked_at        timestamptz NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'verified', 'refused', 'withdrawn')),
    decided_at      timestamptz,
    decided_by      uuid REFERENCES users.account CHECK (decided_by <> asked_by),
    ground          text,
    reason          text NOT NULL DEFAULT '' CHECK (length(reason) <= 1000),
    CHECK ((state IN ('verified', 'refused')) = (decided_by IS NOT NULL AND ground IS NOT NULL AND reason <> '')),
    CHECK ((state = 'waiting') = (decided_at IS NULL))
);
COMMENT ON TABLE users.verification IS
    'What an artist shows to be verified, and what a moderator decided and why. Nobody decides what they asked for.';
CREATE UNIQUE INDEX verification_waiting ON users.verification (artist_id) WHERE state = 'waiting';
CREATE INDEX verification_by_artist ON users.verification (artist_id, asked_at);
CREATE INDEX verification_queue ON users.verification (asked_at) WHERE state = 'waiting';

GRANT SELECT, INSERT, UPDATE, DELETE ON users.verification TO vibestream_app;
"""

_REPORTS = """
ALTER TABLE users.artist_profile ADD COLUMN hidden boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN users.artist_profile.hidden IS 'A moderator hid its page; what it published is decided about by itself.';

CREATE TABLE users.report (
    report_id   uuid PRIMARY KEY,
    reporter_id uuid NOT NULL REFERENCES users.account,
    kind        text NOT NULL CHECK (kind IN ('fan', 'artist', 'release')),
    subject_id  uuid NOT NULL,
    owner_id    uuid NOT NULL REFERENCES users.account CHECK (owner_id <> reporter_id),
    reason      text NOT NULL CHECK (reason IN ('impersonation', 'harassment', 'rights', 'illegal', 'spam', 'other')),
    words       text NOT NULL CHECK (length(words) <= 1000),
    reported_at timestamptz NOT NULL,
    decision_id uuid,
    UNIQUE (reporter_id, kind, subject_id)
);
COMMENT ON TABLE users.report IS 'What somebody says of a page or a release, once each. Who it is about never learns who said it.';
CREATE INDEX report_queue ON users.report (kind, subject_id, reported_at) WHERE decision_id IS NULL;
CREATE INDEX report_by_reporter ON users.report (reporter_id, reported_at);
CREATE INDEX report_by_owner ON users.report (owner_id);

CREATE TABLE users.report_decision (
    decision_id uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('fan', 'artist', 'release')),
    subject_id  uuid NOT NULL,
    owner_id    uuid NOT NULL REFERENCES users.account,
    verdict     text NOT NULL CHECK (verdict IN ('dismissed', 'hidden', 'shown', 'taken_down')),
    decided_by  uuid NOT NULL REFERENCES users.account CHECK (decided_by <> owner_id),
    decided_at  timestamptz NOT NULL,
    note        text NOT NULL CHECK (length(note) BETWEEN 1 AND 1000),
    CHECK ((kind = 'release') = (verdict = 'taken_down') OR verdict = 'dismissed')
);
COMMENT ON TABLE users.report_decision IS 'What a moderator decided about everything that was open of one subject, and why. Nobody decides of themselves.';
CREATE INDEX report_decision_by_subject ON users.report_decision (kind, subject_id, decided_at);
CREATE INDEX report_decision_by_owner ON users.report_decision (owner_id);
ALTER TABLE users.report ADD FOREIGN KEY (decision_id) REFERENCES users.report_decision;

GRANT SELECT, INSERT, UPDATE, DELETE ON users.report TO vibestream_app;
GRANT SELECT, INSERT, DELETE ON users.report_decision TO vibestream_app;
"""

_TEAMS = """
CREATE TABLE users.artist_member (
    artist_id uuid NOT NULL REFERENCES users.artist_profile ON DELETE CASCADE,
    user_id   uuid NOT NULL REFERENCES users.account,
    role      text NOT NULL CHECK (role IN ('editor', 'analyst')),
    since     timestamptz NOT NULL,
    PRIMARY KEY (artist_id, user_id)
);
COMMENT ON TABLE users.artist_member IS 'Who works for an artist; its owner has no row.';
CREATE INDEX artist_member_by_user ON users.artist_member (user_id);

CREATE TABLE users.artist_invitation (
    invitation_id uuid PRIMARY KEY,
    artist_id     uuid NOT NULL REFERENCES users.artist_profile ON DELETE CASCADE,
    code_hash     bytea NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    role          text NOT NULL CHECK (role IN ('editor', 'analyst')),
    made_by       uuid NOT NULL REFERENCES users.account,
    made_at       timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL CHECK (expires_at > made_at),
    used_at       timestamptz,
    used_by       uuid REFERENCES users.account,
    CHECK ((used_at IS NULL) = (used_by IS NULL))
);
COMMENT ON TABLE users.artist_invitation IS 'Codes that let somebody into a team once, as SHA-256 alone.';
CREATE INDEX artist_invitation_by_artist ON users.artist_invitation (artist_id);
CREATE INDEX artist_invitation_by_maker ON users.artist_invitation (made_by);
CREATE INDEX artist_invitation_by_user ON users.artist_invitation (used_by);

GRANT SELECT, INSERT, UPDATE, DELETE ON users.artist_member, users.artist_invitation TO vibestream_app;
"""
