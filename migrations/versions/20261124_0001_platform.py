"""The application's role, and the machinery's own tables."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the role that the application works as; it owns nothing and gets each right by name."""
    op.execute("""
    DO $$ BEGIN
        CREATE ROLE vibestream_app LOGIN;
    EXCEPTION WHEN duplicate_object THEN NULL;
    END $$;
    GRANT vibestream_app TO CURRENT_USER;
    CREATE SCHEMA platform;
    GRANT USAGE ON SCHEMA platform TO vibestream_app;
    GRANT SELECT ON public.alembic_version TO vibestream_app;
    """)
