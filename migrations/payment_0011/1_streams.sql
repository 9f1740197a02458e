-- The one row of a payment that sessions take turns on. Says only how far the stream is and when to look again.
CREATE TABLE payment.payment (
    payment_id  uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    look_at     timestamptz,
    looks       integer NOT NULL DEFAULT 0 CHECK (looks >= 0),
    busy_until  timestamptz
);
COMMENT ON TABLE payment.payment IS 'How far each payment''s stream is; locked by whoever adds to it.';
COMMENT ON COLUMN payment.payment.look_at IS 'When somebody has to look at it again; null when nothing about it is open.';
COMMENT ON COLUMN payment.payment.looks IS 'How often it was looked at since something last happened to it.';
COMMENT ON COLUMN payment.payment.busy_until IS
    'Until then somebody is asking a gateway about it, and nobody else has to; an economy, not a lock.';
CREATE INDEX payment_to_look_at ON payment.payment (look_at) WHERE look_at IS NOT NULL;

CREATE TABLE payment.payment_event (
    payment_id       uuid NOT NULL REFERENCES payment.payment,
    version          integer NOT NULL CHECK (version >= 1),
    type             text NOT NULL CHECK (type ~ '^[a-z_]{1,40}$'),
    data             jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    at               timestamptz NOT NULL,
    transaction_ids  uuid[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (payment_id, version),
    CHECK ((version = 1) = (type = 'started'))
);
COMMENT ON TABLE payment.payment_event IS 'What happened to each payment: the record that everything else is made from.';
COMMENT ON COLUMN payment.payment_event.transaction_ids IS 'The ledger transactions that record it, posted with it.';

CREATE TABLE payment.payment_request (
    key           text PRIMARY KEY CHECK (char_length(key) BETWEEN 1 AND 300),
    request_hash  bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    payment_id    uuid NOT NULL,
    refund_id     uuid UNIQUE,
    at            timestamptz NOT NULL
);
COMMENT ON TABLE payment.payment_request IS
    'Keys of those who want a payment or a refund, kept for ever with what was asked: the same again is the same one.';

CREATE TABLE payment.payment_attempt (
    key           text PRIMARY KEY CHECK (key ~ '^[a-zA-Z0-9:_-]{1,100}$'),
    payment_id    uuid NOT NULL REFERENCES payment.payment,
    gateway       text NOT NULL CHECK (gateway ~ '^[a-z_]{1,40}$'),
    act           text NOT NULL CHECK (act IN ('open', 'charge', 'capture', 'cancel', 'refund')),
    request_hash  bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    at            timestamptz NOT NULL
);
COMMENT ON TABLE payment.payment_attempt IS
    'Keys that gateways are asked with, stored before the call, used again for the same act for ever and for no other.';
CREATE INDEX payment_attempt_of_payment ON payment.payment_attempt (payment_id);

CREATE TABLE payment.payment_ref (
    gateway      text NOT NULL CHECK (gateway ~ '^[a-z_]{1,40}$'),
    payment_ref  text NOT NULL CHECK (char_length(payment_ref) BETWEEN 1 AND 300),
    payment_id   uuid NOT NULL REFERENCES payment.payment,
    PRIMARY KEY (gateway, payment_ref)
);
COMMENT ON TABLE payment.payment_ref IS 'Whose payment it is that a gateway speaks of.';
CREATE INDEX payment_ref_of_payment ON payment.payment_ref (payment_id);

CREATE TRIGGER kept BEFORE DELETE ON payment.payment
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.payment_event
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.payment_request
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.payment_attempt
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.payment_ref
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.payment
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.payment_event
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.payment_request
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.payment_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.payment_ref
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();

GRANT SELECT, INSERT ON payment.payment TO vibestream_app;
GRANT UPDATE (version, look_at, looks, busy_until) ON payment.payment TO vibestream_app;
GRANT SELECT, INSERT ON payment.payment_event TO vibestream_app;
GRANT SELECT, INSERT ON payment.payment_request TO vibestream_app;
GRANT SELECT, INSERT ON payment.payment_attempt TO vibestream_app;
GRANT SELECT, INSERT ON payment.payment_ref TO vibestream_app;
