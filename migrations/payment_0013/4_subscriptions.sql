CREATE TABLE payment.subscription (
    subscription_id uuid PRIMARY KEY,
    user_id         uuid NOT NULL,
    plan            text NOT NULL REFERENCES payment.plan,
    cycle           text NOT NULL CHECK (cycle IN ('monthly', 'yearly')),
    currency        text NOT NULL REFERENCES payment.currency,
    state           text NOT NULL CHECK (state IN ('incomplete', 'trialing', 'active', 'past_due', 'ended')),
    period_start    timestamptz,
    period_end      timestamptz,
    anchor          timestamptz,
    cancels         boolean NOT NULL DEFAULT false,
    next_plan       text REFERENCES payment.plan,
    next_cycle      text CHECK (next_cycle IN ('monthly', 'yearly')),
    method_of       uuid,
    failures        smallint NOT NULL DEFAULT 0 CHECK (failures >= 0),
    next_attempt_at timestamptz,
    told_of_end     timestamptz,
    had_trial       boolean NOT NULL DEFAULT false,
    end_reason      text CHECK (end_reason IN ('cancelled', 'unpaid', 'abandoned', 'trial_over', 'reversed', 'refunded')),
    made_at         timestamptz NOT NULL,
    ended_at        timestamptz,
    CHECK ((period_start IS NULL) = (period_end IS NULL)),
    CHECK (period_end > period_start),
    CHECK (state IN ('incomplete', 'ended') OR (period_end IS NOT NULL AND anchor IS NOT NULL)),
    CHECK ((next_plan IS NULL) = (next_cycle IS NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CHECK ((state = 'ended') = (end_reason IS NOT NULL)),
    CHECK (state <> 'ended' OR next_attempt_at IS NULL)
);
COMMENT ON TABLE payment.subscription IS 'One subscription from its order to its end. Whoever changes it locks its row.';
COMMENT ON COLUMN payment.subscription.anchor IS 'The instant whose day of the month its periods keep, so that the 31st comes back after a February.';
COMMENT ON COLUMN payment.subscription.cancels IS 'It ends with its period.';
COMMENT ON COLUMN payment.subscription.next_plan IS 'What it is renewed as, when that was changed for the next period.';
COMMENT ON COLUMN payment.subscription.method_of IS 'The payment whose payment method renewals charge.';
COMMENT ON COLUMN payment.subscription.failures IS 'Attempts to renew that came to nothing since the period ended.';
COMMENT ON COLUMN payment.subscription.next_attempt_at IS 'When renewing is tried next; null while an attempt is on its way.';
COMMENT ON COLUMN payment.subscription.told_of_end IS 'The end of the period of which its owner was told beforehand.';
CREATE UNIQUE INDEX subscription_live_of_user ON payment.subscription (user_id) WHERE state <> 'ended';
CREATE INDEX subscription_of_user ON payment.subscription (user_id, subscription_id DESC);
CREATE INDEX subscription_by_end ON payment.subscription (period_end) WHERE state IN ('trialing', 'active', 'past_due');
CREATE INDEX subscription_incomplete ON payment.subscription (made_at) WHERE state = 'incomplete';

CREATE TABLE payment.subscription_invoice (
    invoice_id      uuid PRIMARY KEY,
    subscription_id uuid NOT NULL REFERENCES payment.subscription,
    kind            text NOT NULL CHECK (kind IN ('first', 'renewal', 'change')),
    plan            text NOT NULL REFERENCES payment.plan,
    cycle           text NOT NULL CHECK (cycle IN ('monthly', 'yearly')),
    currency        text NOT NULL REFERENCES payment.currency,
    worth           bigint NOT NULL CHECK (worth > 0),
    credit          bigint NOT NULL CHECK (credit BETWEEN 0 AND worth),
    state           text NOT NULL CHECK (state IN ('open', 'paid', 'void')),
    covers_from     timestamptz,
    covers_until    timestamptz,
    basis_end       timestamptz,
    follows         uuid REFERENCES payment.subscription_invoice,
    made_at         timestamptz NOT NULL,
    paid_at         timestamptz,
    CHECK (covers_until > covers_from),
    CHECK ((covers_from IS NULL) = (covers_until IS NULL)),
    CHECK (state <> 'paid' OR (covers_from IS NOT NULL AND paid_at IS NOT NULL)),
    CHECK (credit = 0 OR follows IS NOT NULL)
);
COMMENT ON TABLE payment.subscription_invoice IS 'What is asked for one period: what the period is worth, less what is left of what was paid before.';
COMMENT ON COLUMN payment.subscription_invoice.follows IS 'The invoice whose unused rest is the credit.';
COMMENT ON COLUMN payment.subscription_invoice.basis_end IS 'Of a change: the end of the period it was reckoned on; void once that is another.';
CREATE INDEX invoice_of_subscription ON payment.subscription_invoice (subscription_id, invoice_id DESC);
CREATE UNIQUE INDEX invoice_open_once ON payment.subscription_invoice (subscription_id) WHERE state = 'open';

CREATE TABLE payment.subscription_payment (
    payment_id uuid PRIMARY KEY,
    invoice_id uuid NOT NULL REFERENCES payment.subscription_invoice,
    attempt    smallint NOT NULL CHECK (attempt >= 1),
    state      text NOT NULL CHECK (state IN ('open', 'taken', 'kept_for_payer', 'abandoned')),
    keeps_method boolean NOT NULL,
    made_at    timestamptz NOT NULL,
    UNIQUE (invoice_id, attempt)
);
COMMENT ON TABLE payment.subscription_payment IS 'Attempts to pay an invoice. At most one is taken for it; another that is captured as well goes to the payer''s wallet.';
CREATE UNIQUE INDEX payment_taken_once ON payment.subscription_payment (invoice_id) WHERE state = 'taken';

CREATE TABLE payment.revenue_month (
    month     date NOT NULL CHECK (extract(day FROM month) = 1),
    currency  text NOT NULL REFERENCES payment.currency,
    closed_at timestamptz,
    PRIMARY KEY (month, currency)
);
COMMENT ON TABLE payment.revenue_month IS 'Guards a month''s deferred revenue: whoever adds to it or takes from it holds its row in share, whoever closes it alone.';

CREATE TABLE payment.subscription_revenue (
    transaction_id  uuid NOT NULL REFERENCES payment.transaction,
    invoice_id      uuid NOT NULL REFERENCES payment.subscription_invoice,
    month           date NOT NULL,
    currency        text NOT NULL,
    minor           bigint NOT NULL CHECK (minor <> 0),
    payment_id      uuid NOT NULL,
    subscription_id uuid NOT NULL REFERENCES payment.subscription,
    user_id         uuid NOT NULL,
    PRIMARY KEY (transaction_id, invoice_id, month),
    FOREIGN KEY (month, currency) REFERENCES payment.revenue_month
);
COMMENT ON TABLE payment.subscription_revenue IS 'What each posting added to, or took from, the deferred revenue of a month, and whose money it was.';
CREATE INDEX revenue_of_month ON payment.subscription_revenue (month, currency, user_id);
CREATE INDEX revenue_of_invoice ON payment.subscription_revenue (invoice_id, month);

CREATE TABLE payment.family_member (
    subscription_id uuid NOT NULL REFERENCES payment.subscription,
    user_id         uuid NOT NULL,
    joined_at       timestamptz NOT NULL,
    left_at         timestamptz CHECK (left_at >= joined_at),
    PRIMARY KEY (subscription_id, user_id, joined_at)
);
COMMENT ON TABLE payment.family_member IS 'Who shares a subscription beside its owner, and from when until when.';
CREATE UNIQUE INDEX family_one_at_a_time ON payment.family_member (user_id) WHERE left_at IS NULL;
CREATE INDEX family_of_subscription ON payment.family_member (subscription_id) WHERE left_at IS NULL;

CREATE TABLE payment.family_invitation (
    invitation_id   uuid PRIMARY KEY,
    subscription_id uuid NOT NULL REFERENCES payment.subscription,
    token_hash      bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    state           text NOT NULL CHECK (state IN ('open', 'accepted', 'withdrawn')),
    made_at         timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL CHECK (expires_at > made_at)
);
COMMENT ON TABLE payment.family_invitation IS 'Links that let one account each join; only a digest of the link''s secret is kept.';
CREATE INDEX invitation_of_subscription ON payment.family_invitation (subscription_id) WHERE state = 'open';

GRANT SELECT, INSERT, UPDATE ON
    payment.subscription, payment.subscription_invoice, payment.subscription_payment, payment.revenue_month,
    payment.family_member, payment.family_invitation
    TO vibestream_app;
GRANT SELECT, INSERT ON payment.subscription_revenue TO vibestream_app;
