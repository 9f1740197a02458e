"""What gateways tell us, as it came in; and what reconciliation found."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute(_INBOX)
    op.execute(_RECONCILIATION)


_INBOX = """
    CREATE TABLE payment.webhook (
        webhook_id  uuid PRIMARY KEY,
        gateway     text NOT NULL CHECK (gateway IN ('stripe', 'paypal', 'coinbase')),
        event_ref   text NOT NULL CHECK (length(event_ref) BETWEEN 1 AND 300),
        type        text NOT NULL CHECK (length(type) <= 200),
        kind        text NOT NULL CHECK (kind IN ('payment', 'payout', 'account', 'other')),
        object_ref  text NOT NULL CHECK (length(object_ref) <= 300),
        sent_at     timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        body        bytea CHECK (octet_length(body) <= 262144),
        state       text NOT NULL CHECK (state IN ('received', 'processing', 'done', 'failed')),
        deliveries  integer NOT NULL DEFAULT 1 CHECK (deliveries > 0),
        attempts    integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        error       text CHECK (length(error) <= 500),
        changed_at  timestamptz NOT NULL,
        UNIQUE (gateway, event_ref),
        CHECK (state <> 'failed' OR error IS NOT NULL)
    );
    COMMENT ON TABLE payment.webhook IS 'The inbox: each event that a gateway proved to have sent, once.';
    COMMENT ON COLUMN payment.webhook.body IS 'As it came, for people; no amount is read from it. Null when it is old.';
    COMMENT ON COLUMN payment.webhook.deliveries IS 'How often the gateway has sent it.';
    CREATE INDEX webhook_unfinished ON payment.webhook (changed_at) WHERE state IN ('received', 'processing');
    CREATE INDEX webhook_received_at ON payment.webhook (received_at);
    GRANT SELECT, INSERT, DELETE, UPDATE (body, state, deliveries, attempts, error, changed_at)
        ON payment.webhook TO vibestream_app;

    CREATE TABLE payment.webhook_proof (
        gateway     text NOT NULL,
        proof       text NOT NULL CHECK (length(proof) BETWEEN 1 AND 300),
        body_hash   bytea NOT NULL CHECK (octet_length(body_hash) = 32),
        received_at timestamptz NOT NULL,
        PRIMARY KEY (gateway, proof)
    );
    COMMENT ON TABLE payment.webhook_proof IS
        'Which body came with a transmission whose signature covers no more than a checksum of it: a second body with the '
        'same signature is a forgery.';
    CREATE INDEX webhook_proof_received_at ON payment.webhook_proof (received_at);
    GRANT SELECT, INSERT, DELETE ON payment.webhook_proof TO vibestream_app;
"""

_RECONCILIATION = """
    CREATE TABLE payment.gateway_book_line (
        gateway      text NOT NULL CHECK (gateway IN ('stripe', 'paypal', 'coinbase')),
        line_ref     text NOT NULL CHECK (length(line_ref) BETWEEN 1 AND 300),
        kind         text NOT NULL CHECK (kind IN
            ('charge', 'refund', 'dispute', 'payout', 'payout_return', 'settlement', 'other')),
        object_ref   text NOT NULL CHECK (length(object_ref) <= 300),
        currency     text NOT NULL REFERENCES payment.currency,
        amount       bigint NOT NULL,
        fee          bigint NOT NULL,
        fee_currency text NOT NULL REFERENCES payment.currency,
        payment_id   uuid,
        payout_id    uuid,
        subject      text NOT NULL CHECK (length(subject) BETWEEN 1 AND 400),
        is_ours      boolean NOT NULL,
        at           timestamptz NOT NULL,
        times_listed integer NOT NULL DEFAULT 1 CHECK (times_listed > 0),
        is_listed    boolean NOT NULL DEFAULT true,
        pulled_at    timestamptz NOT NULL,
        PRIMARY KEY (gateway, line_ref)
    );
    COMMENT ON TABLE payment.gateway_book_line IS 'The gateways'' own books, as we pulled them: for comparison, never for posting.';
    COMMENT ON COLUMN payment.gateway_book_line.amount IS 'Before the fee, in minor units, positive towards us.';
    COMMENT ON COLUMN payment.gateway_book_line.fee IS 'What the gateway kept of it, positive; negative when it gave a fee back.';
    COMMENT ON COLUMN payment.gateway_book_line.payment_id IS 'Ours, where the gateway''s book gives it back; as payout_id.';
    COMMENT ON COLUMN payment.gateway_book_line.times_listed IS 'How often one pull listed it: more than once is an error of theirs.';
    COMMENT ON COLUMN payment.gateway_book_line.is_listed IS 'False: it was listed once, and a later pull had it no more.';
    COMMENT ON COLUMN payment.gateway_book_line.subject IS 'What of ours it is about, or the gateway''s id of what is not ours.';
    CREATE INDEX gateway_book_line_subject ON payment.gateway_book_line (gateway, subject);
    CREATE INDEX gateway_book_line_object ON payment.gateway_book_line (gateway, object_ref);
    CREATE INDEX gateway_book_line_strange ON payment.gateway_book_line (gateway) WHERE NOT is_ours;
    CREATE INDEX gateway_book_line_at ON payment.gateway_book_line (gateway, at);
    GRANT SELECT, INSERT, UPDATE (kind, object_ref, currency, amount, fee, fee_currency, payment_id, payout_id, subject, is_ours, at,
        times_listed, is_listed, pulled_at)
        ON payment.gateway_book_line TO vibestream_app;

    CREATE TABLE payment.reconciliation_run (
        gateway      text NOT NULL,
        day          date NOT NULL,
        run_at       timestamptz NOT NULL,
        lines        integer NOT NULL CHECK (lines >= 0),
        matched      integer NOT NULL CHECK (matched >= 0),
        differing    integer NOT NULL CHECK (differing >= 0),
        waiting      integer NOT NULL CHECK (waiting >= 0),
        PRIMARY KEY (gateway, day)
    );
    COMMENT ON TABLE payment.reconciliation_run IS 'The last comparison of each gateway''s day.';
    COMMENT ON COLUMN payment.reconciliation_run.waiting IS 'Movements of ours that the gateway may still be about to list.';
    GRANT SELECT, INSERT, UPDATE (run_at, lines, matched, differing, waiting) ON payment.reconciliation_run TO vibestream_app;

    CREATE TABLE payment.reconciliation_finding (
        finding_id   uuid PRIMARY KEY,
        gateway      text NOT NULL,
        class        text NOT NULL CHECK (class IN
            ('missing_here', 'missing_there', 'amount_differs', 'fee_differs', 'duplicate')),
        kind         text NOT NULL CHECK (kind IN ('charge', 'refund', 'dispute', 'payout', 'other', 'fee')),
        subject      text NOT NULL CHECK (length(subject) BETWEEN 1 AND 400),
        currency     text NOT NULL REFERENCES payment.currency,
        line_ref     text,
        ours         bigint,
        theirs       bigint,
        day          date NOT NULL,
        occurred_at  timestamptz NOT NULL,
        found_at     timestamptz NOT NULL,
        seen_at      timestamptz NOT NULL,
        state        text NOT NULL CHECK (state IN ('open', 'explained', 'resolved')),
        note         text CHECK (length(note) BETWEEN 1 AND 1000),
        decided_by   uuid,
        decided_at   timestamptz,
        UNIQUE (gateway, subject, kind, currency, class),
        CHECK (state = 'open' OR (note IS NOT NULL AND decided_at IS NOT NULL))
    );
    COMMENT ON TABLE payment.reconciliation_finding IS 'Where our books and a gateway''s did not agree, and what became of it.';
    COMMENT ON COLUMN payment.reconciliation_finding.subject IS
        'payment:<id> or payout:<id> of ours, or the gateway''s own id of what is not ours.';
    COMMENT ON COLUMN payment.reconciliation_finding.line_ref IS 'A line of the gateway''s book that shows it, if one does.';
    COMMENT ON COLUMN payment.reconciliation_finding.ours IS 'What our books say in minor units; null: nothing.';
    COMMENT ON COLUMN payment.reconciliation_finding.theirs IS 'What theirs say in minor units; null: nothing.';
    COMMENT ON COLUMN payment.reconciliation_finding.decided_by IS 'Null when it resolved by itself: the books agree now.';
    CREATE INDEX reconciliation_finding_open ON payment.reconciliation_finding (found_at, finding_id) WHERE state = 'open';
    GRANT SELECT, INSERT, UPDATE (line_ref, ours, theirs, day, occurred_at, seen_at, state, note, decided_by, decided_at)
        ON payment.reconciliation_finding TO vibestream_app;

    -- Whose refund or dispute it is that a line of a book speaks of.
    CREATE INDEX payment_event_refund_ref ON payment.payment_event ((data ->> 'refund_ref')) WHERE data ? 'refund_ref';
    CREATE INDEX payment_event_dispute_ref ON payment.payment_event ((data ->> 'dispute_ref')) WHERE data ? 'dispute_ref';
"""
