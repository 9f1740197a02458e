"""Who works on an artist's music beside its owner; uploads of editors; the rosters of labels."""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Create the tables; the application gets each right by name. Whoever is in a team already works for the artist."""
    for statements in (_MEMBERS, _UPLOADS, _ROSTERS):
        op.execute(statements)


_MEMBERS = """
CREATE TABLE music.artist_member (
    artist_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    through   text NOT NULL CHECK (through IN ('team', 'label')),
    role      text NOT NULL CHECK (role IN ('editor', 'analyst')),
    since     timestamptz NOT NULL,
    PRIMARY KEY (artist_id, user_id, through)
);
COMMENT ON TABLE music.artist_member IS
    'Who works on an artist''s music beside its owner, and through what. Written in the transaction that changes the team or the '
    'roster, never by an event: whoever is taken out is out when that transaction commits.';
CREATE INDEX artist_member_by_user ON music.artist_member (user_id);

INSERT INTO music.artist_member (artist_id, user_id, through, role, since)
    SELECT artist_id, user_id, 'team', role, since FROM users.artist_member;

CREATE FUNCTION music.part_in(artist uuid, person uuid) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        (SELECT 'owner' FROM music.artist a WHERE a.artist_id = part_in.artist AND a.owner_user_id = part_in.person),
        -- of the two words the greater one is also later in the alphabet
        (SELECT max(role) FROM music.artist_member m WHERE m.artist_id = part_in.artist AND m.user_id = part_in.person))
$$;
COMMENT ON FUNCTION music.part_in IS
    'The part that somebody has in an artist''s music: owner, editor or analyst, the greatest of several; null for none.';
REVOKE ALL ON FUNCTION music.part_in FROM PUBLIC;
GRANT EXECUTE ON FUNCTION music.part_in TO vibestream_app;

-- UPDATE also because rows are locked FOR SHARE while their holder edits.
GRANT SELECT, INSERT, DELETE ON music.artist_member TO vibestream_app;
GRANT UPDATE (role, since) ON music.artist_member TO vibestream_app;
"""

_UPLOADS = """
ALTER TABLE music.upload ADD COLUMN as_editor boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN music.upload.as_editor IS
    'Begun by somebody who is no artist and works for one: it is theirs to continue while they are an editor of some artist.';
"""

_ROSTERS = """
CREATE TABLE users.label_artist (
    relation_id uuid PRIMARY KEY,
    label_id    uuid NOT NULL REFERENCES users.account,
    artist_id   uuid NOT NULL REFERENCES users.artist_profile ON DELETE CASCADE,
    role        text NOT NULL CHECK (role IN ('editor', 'analyst')),
    asked_by    text NOT NULL CHECK (asked_by IN ('label', 'artist')),
    asked_at    timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > asked_at),
    since       timestamptz,
    UNIQUE (label_id, artist_id)
);
COMMENT ON TABLE users.label_artist IS
    'Which artists are on the roster of an account that acts for a label, and as what it works for them. Without a since it was '
    'asked and not answered; what ended is in the security log alone.';
CREATE INDEX label_artist_by_artist ON users.label_artist (artist_id);
CREATE INDEX label_artist_unanswered ON users.label_artist (expires_at) WHERE since IS NULL;
CREATE INDEX artist_invitation_by_end ON users.artist_invitation (expires_at);

GRANT SELECT, INSERT, DELETE ON users.label_artist TO vibestream_app;
GRANT UPDATE (since) ON users.label_artist TO vibestream_app;
"""
