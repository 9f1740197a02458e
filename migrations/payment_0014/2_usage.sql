CREATE TABLE payment.royalty_month (
    month     date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    closed_at timestamptz
);
COMMENT ON TABLE payment.royalty_month IS
    'The guard of a month: whoever counts a listen for it holds it shared, whoever closes it holds it alone.';

CREATE FUNCTION payment.close_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL OR NEW.month <> OLD.month THEN
        RAISE EXCEPTION 'a month is closed once, and stays closed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closed_once BEFORE UPDATE ON payment.royalty_month FOR EACH ROW EXECUTE FUNCTION payment.close_once();
CREATE TRIGGER kept BEFORE DELETE ON payment.royalty_month FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();

CREATE TABLE payment.royalty_track (
    track_id      uuid PRIMARY KEY,
    artist_id     uuid NOT NULL,
    owner_user_id uuid NOT NULL,
    title         text CHECK (length(title) <= 500),
    isrc          text CHECK (length(isrc) <= 20)
);
COMMENT ON TABLE payment.royalty_track IS 'Whose a track is, as music and listening said; the owner never changes.';
CREATE INDEX royalty_track_of_owner ON payment.royalty_track (owner_user_id);

CREATE TABLE payment.royalty_listen (
    listen_id   uuid PRIMARY KEY,
    month       date NOT NULL REFERENCES payment.royalty_month,
    listener_id uuid NOT NULL,
    track_id    uuid NOT NULL,
    heard_at    timestamptz NOT NULL,
    heard_ms    bigint NOT NULL CHECK (heard_ms >= 0),
    CHECK (month >= (date_trunc('month', heard_at AT TIME ZONE 'UTC'))::date)
);
COMMENT ON TABLE payment.royalty_listen IS
    'Every accepted listen that was counted, once. One that came after its month was closed counts in a later month.';
CREATE INDEX royalty_listen_of_month ON payment.royalty_listen (month);

CREATE TABLE payment.royalty_usage (
    month       date NOT NULL REFERENCES payment.royalty_month,
    listener_id uuid NOT NULL,
    track_id    uuid NOT NULL,
    heard_month date NOT NULL CHECK (extract(day FROM heard_month) = 1),
    listens     bigint NOT NULL CHECK (listens > 0),
    heard_ms    bigint NOT NULL CHECK (heard_ms >= 0),
    PRIMARY KEY (month, listener_id, track_id, heard_month),
    CHECK (heard_month <= month)
);
COMMENT ON TABLE payment.royalty_usage IS 'Listens of a month by listener and track: what royalties are shared by.';

-- Once a month is closed nobody counts more into it, or less: a run can be reckoned again from these rows for ever.
CREATE FUNCTION payment.refuse_closed_month() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT month FROM changed) AS touched
        LEFT JOIN payment.royalty_month guard ON guard.month = touched.month
        WHERE guard.month IS NULL OR guard.closed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'the month is closed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'month_open';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER month_open_for_new AFTER INSERT ON payment.royalty_usage REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_closed_month();
CREATE TRIGGER month_open_for_old AFTER UPDATE ON payment.royalty_usage REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_closed_month();
CREATE TRIGGER kept BEFORE DELETE ON payment.royalty_usage FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER month_open AFTER INSERT ON payment.royalty_listen REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_closed_month();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.royalty_listen
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
