"""Who works for an artist, from when until when, as listening knows it: what they hear of it earns them nothing."""

from __future__ import annotations

from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Create the table, with whoever works for an artist already; the application gets each right by name."""
    op.execute("""
    CREATE TABLE listen_reward.insider (
        insider_id uuid PRIMARY KEY,
        artist_id uuid NOT NULL,
        owner_user_id uuid NOT NULL,
        user_id uuid NOT NULL,
        through text NOT NULL CHECK (through IN ('team', 'label')),
        since timestamptz NOT NULL,
        until timestamptz CHECK (until >= since),
        CONSTRAINT not_the_owner CHECK (user_id <> owner_user_id)
    );
    COMMENT ON TABLE listen_reward.insider IS
        'Who works, or worked, for an artist beside its owner. Written in the transaction that changes the team or the roster, '
        'never by an event: a listen is never decided before it is known that its listener had joined.';
    CREATE UNIQUE INDEX insider_once ON listen_reward.insider (artist_id, user_id, through) WHERE until IS NULL;
    CREATE INDEX insider_by_user ON listen_reward.insider (user_id, artist_id);

    INSERT INTO listen_reward.insider (insider_id, artist_id, owner_user_id, user_id, through, since)
        SELECT gen_random_uuid(), artist_id, a.user_id, m.user_id, 'team', m.since
        FROM users.artist_member m JOIN users.artist_profile a USING (artist_id)
        UNION ALL
        SELECT relation_id, artist_id, a.user_id, r.label_id, 'label', r.since
        FROM users.label_artist r JOIN users.artist_profile a USING (artist_id) WHERE r.since IS NOT NULL;

    GRANT SELECT, INSERT, DELETE, UPDATE (until) ON listen_reward.insider TO vibestream_app;
    """)
