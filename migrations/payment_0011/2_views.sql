-- What is listed. Every column follows from the stream; `vibestream rebuild payments` makes all of it again.
CREATE TABLE payment.payment_view (
    payment_id    uuid PRIMARY KEY,
    user_id       uuid NOT NULL,
    purpose       text NOT NULL,
    subject       text NOT NULL,
    description   text NOT NULL,
    state         text NOT NULL,
    currency      text NOT NULL,
    amount        bigint NOT NULL,
    captured      bigint NOT NULL,
    refunded      bigint NOT NULL,
    refunding     bigint NOT NULL,
    disputed      bigint NOT NULL,
    unexplained   boolean NOT NULL,
    fee           bigint,
    fee_currency  text,
    gateway       text,
    payment_ref   text,
    redirect_url  text,
    return_to     text NOT NULL,
    reason        text,
    verdict       text,
    decision_id   uuid,
    in_review     boolean NOT NULL,
    method_kept   boolean NOT NULL,
    version       integer NOT NULL,
    started_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL
);
COMMENT ON TABLE payment.payment_view IS 'Payments as they are listed, in minor units; made from the streams.';
CREATE INDEX payment_view_of_person ON payment.payment_view (user_id, payment_id DESC);
CREATE INDEX payment_view_by_state ON payment.payment_view (state, payment_id DESC);
CREATE INDEX payment_view_by_gateway ON payment.payment_view (gateway, payment_id DESC);
CREATE INDEX payment_view_by_decision ON payment.payment_view (decision_id) WHERE decision_id IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON payment.payment_view TO vibestream_app;
