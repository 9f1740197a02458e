"""The application's role, and the machinery's own tables: events, jobs, sagas."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

ROLE_AND_SCHEMA = """
-- In production an administrator has made the role, and the owner of the tables may not: PostgreSQL says that first.
DO $$ BEGIN
    CREATE ROLE vibestream_app LOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        IF to_regrole('vibestream_app') IS NULL THEN RAISE; END IF;
END $$;
DO $$ BEGIN
    GRANT vibestream_app TO CURRENT_USER;
EXCEPTION WHEN insufficient_privilege THEN
    IF NOT pg_has_role(CURRENT_USER, 'vibestream_app', 'MEMBER') THEN RAISE; END IF;
END $$;
CREATE SCHEMA platform;
GRANT USAGE ON SCHEMA platform TO vibestream_app;
GRANT SELECT ON public.alembic_version TO vibestream_app;
"""

EVENTS = """
CREATE TABLE platform.outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    event_id uuid NOT NULL UNIQUE,
    source text NOT NULL,
    type text NOT NULL,
    version smallint NOT NULL CHECK (version > 0),
    key text NOT NULL CHECK (key <> ''),
    partition smallint NOT NULL CHECK (partition >= 0),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    data json NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    PRIMARY KEY (partition, seq)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
COMMENT ON TABLE platform.outbox IS 'Events, written in the transactions that made them true; the columns of a CloudEvent.';
COMMENT ON COLUMN platform.outbox.xid IS 'The writing transaction. A number, so that a restored database can be renumbered.';
CREATE INDEX outbox_by_transaction ON platform.outbox (partition, xid) INCLUDE (seq);
CREATE INDEX outbox_by_time ON platform.outbox USING brin (recorded_at);

CREATE TABLE platform.consumer (
    name text NOT NULL,
    partition smallint NOT NULL,
    types text[] NOT NULL,
    drained_to bigint NOT NULL,
    window_to bigint,
    after_seq bigint,
    PRIMARY KEY (name, partition),
    CHECK ((window_to IS NULL) = (after_seq IS NULL)),
    CHECK (window_to >= drained_to)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE platform.consumer IS 'How far each consumer has come in each partition: every event of a transaction below drained_to is settled; within the window from there to window_to, every one up to after_seq.';

CREATE TABLE platform.inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    seq bigint NOT NULL,
    xid bigint NOT NULL,
    key text NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    replayed boolean NOT NULL DEFAULT false,
    delivered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02);
COMMENT ON TABLE platform.inbox IS 'Whose effect each consumer has taken, written in the transaction of the effect.';
CREATE INDEX inbox_by_time ON platform.inbox USING brin (delivered_at);

CREATE TABLE platform.undelivered (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    partition smallint NOT NULL,
    seq bigint NOT NULL,
    xid bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    version smallint NOT NULL,
    key text NOT NULL,
    data json NOT NULL,
    correlation_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('retrying', 'dead', 'discarded')),
    blocks boolean NOT NULL,
    replayed boolean NOT NULL DEFAULT false,
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    next_try_at timestamptz NOT NULL,
    error text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    UNIQUE (consumer, event_id),
    CHECK ((state = 'retrying') = (settled_at IS NULL))
);
COMMENT ON TABLE platform.undelivered IS 'Events that a consumer could not take: tried again, waiting behind one of their key, or dead letters.';
CREATE INDEX undelivered_due ON platform.undelivered (partition, next_try_at) WHERE state = 'retrying';
CREATE INDEX undelivered_by_key ON platform.undelivered (partition, consumer, key, seq) WHERE state = 'retrying' AND blocks;

GRANT SELECT, INSERT, DELETE, UPDATE (xid) ON platform.outbox TO vibestream_app;
GRANT SELECT, INSERT, DELETE, UPDATE (xid) ON platform.inbox TO vibestream_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.consumer, platform.undelivered TO vibestream_app;
"""

SAGAS = """
CREATE TABLE platform.saga (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    version smallint NOT NULL CHECK (version > 0),
    data json NOT NULL,
    state text NOT NULL CHECK (state IN ('forward', 'compensating', 'completed', 'compensated')),
    step smallint NOT NULL CHECK (step >= 0),
    turn integer NOT NULL DEFAULT 0 CHECK (turn >= 0),
    called boolean NOT NULL DEFAULT false,
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    due_at timestamptz NOT NULL,
    error text NOT NULL DEFAULT '',
    refusal text,
    alerted_at timestamptz,
    correlation_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
COMMENT ON COLUMN platform.saga.step IS 'Forward: the step to do next. Compensating: how many steps are left to undo, the last first.';
COMMENT ON COLUMN platform.saga.turn IS 'Grows with every change, so that a job that was meant for an earlier turn does nothing.';
COMMENT ON COLUMN platform.saga.called IS 'The outside call of this step may have been made: ask before making it again.';
CREATE INDEX saga_unfinished ON platform.saga (due_at) WHERE state IN ('forward', 'compensating');
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.saga TO vibestream_app;
"""

JOBS_BEFORE = "CREATE SCHEMA jobs; SET LOCAL search_path = jobs;"
JOBS_AFTER = """
SET LOCAL search_path = public;
DO $$ DECLARE routine regprocedure; BEGIN
    FOR routine IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'jobs'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = jobs, pg_temp', routine);
    END LOOP;
END $$;
CREATE TABLE jobs.failure (
    job_id bigint PRIMARY KEY REFERENCES jobs.procrastinate_jobs (id) ON DELETE CASCADE,
    error text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE jobs.failure IS 'What the last failed attempt at a job ended with.';
GRANT USAGE ON SCHEMA jobs TO vibestream_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO vibestream_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO vibestream_app;
"""


def upgrade() -> None:
    """Create the role that the application works as, which owns nothing and gets each right by name, and the tables."""
    cursor = op.get_bind().connection.cursor()  # the driver's own: these scripts are many statements, and one has a %
    procrastinate = Path(__file__).parents[1] / "procrastinate_3_10.sql"
    for script in (ROLE_AND_SCHEMA, EVENTS, SAGAS, JOBS_BEFORE, procrastinate.read_text(), JOBS_AFTER):
        cursor.execute(script)
