CREATE TABLE payment.royalty_split (
    id             uuid PRIMARY KEY,
    track_id       uuid NOT NULL REFERENCES payment.royalty_track,
    effective_from date NOT NULL CHECK (extract(day FROM effective_from) = 1),
    made_by        uuid NOT NULL,
    made_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    in_force_from  date CHECK (extract(day FROM in_force_from) = 1),
    in_force_at    timestamptz,
    withdrawn_at   timestamptz,
    CHECK ((in_force_from IS NULL) = (in_force_at IS NULL)),
    CHECK (in_force_from >= effective_from),
    CHECK (in_force_at IS NULL OR withdrawn_at IS NULL)
);
COMMENT ON TABLE payment.royalty_split IS
    'How a track''s royalties are divided, as its owner proposed. It comes into force when every payee has accepted, from '
    'the later of effective_from and the first month that was open then; of a month counts the one with the latest '
    'in_force_from that is not after it, among equals the latest in_force_at. Without one all is the owner''s.';
CREATE INDEX royalty_split_of_track ON payment.royalty_split (track_id, in_force_from);

CREATE TABLE payment.royalty_split_share (
    split_id    uuid NOT NULL REFERENCES payment.royalty_split,
    payee_id    uuid NOT NULL,
    share_bp    integer NOT NULL CHECK (share_bp BETWEEN 1 AND 10000),
    accepted_at timestamptz,
    PRIMARY KEY (split_id, payee_id)
);
CREATE INDEX royalty_split_of_payee ON payment.royalty_split_share (payee_id);

-- Deferred: a split and its shares are written by several statements, and are whole when the transaction ends. Whoever
-- adds to a split that is committed finds its shares complete, so nothing that can be added keeps the sum.
CREATE FUNCTION payment.require_whole_split() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched uuid;
    total bigint;
    unaccepted bigint;
BEGIN
    IF TG_TABLE_NAME = 'royalty_split' THEN
        touched := NEW.id;
    ELSE
        touched := NEW.split_id;
    END IF;
    SELECT coalesce(sum(s.share_bp), 0), count(*) FILTER (WHERE s.accepted_at IS NULL) INTO total, unaccepted
    FROM payment.royalty_split_share s WHERE s.split_id = touched;
    IF total <> 10000 THEN
        RAISE EXCEPTION 'the shares of a split sum to 10000 basis points, not to %', total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'split_is_whole';
    END IF;
    IF unaccepted > 0 AND EXISTS (
        SELECT FROM payment.royalty_split p WHERE p.id = touched AND p.in_force_from IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'a split comes into force when every payee has accepted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'split_is_accepted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER split_is_whole AFTER INSERT OR UPDATE ON payment.royalty_split
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payment.require_whole_split();
CREATE CONSTRAINT TRIGGER split_is_whole AFTER INSERT OR UPDATE ON payment.royalty_split_share
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payment.require_whole_split();

-- The owner proposes, nobody else; what was proposed is only accepted, brought into force or withdrawn, each once, and
-- no split comes into force for a month that is closed.
CREATE FUNCTION payment.guard_split() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.in_force_from IS NOT NULL OR NOT EXISTS (
            SELECT FROM payment.royalty_track t WHERE t.track_id = NEW.track_id AND t.owner_user_id = NEW.made_by
        ) THEN
            RAISE EXCEPTION 'a split is proposed by the owner of the track'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'split_by_owner';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.track_id, OLD.effective_from, OLD.made_by, OLD.made_at)
        IS DISTINCT FROM (NEW.id, NEW.track_id, NEW.effective_from, NEW.made_by, NEW.made_at)
        OR OLD.in_force_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL
    THEN
        RAISE EXCEPTION 'a split is settled once, and its terms never change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.in_force_from IS NOT NULL AND EXISTS (
        SELECT FROM payment.royalty_month m WHERE m.month >= NEW.in_force_from AND m.closed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'the month is closed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'month_open';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON payment.royalty_split
    FOR EACH ROW EXECUTE FUNCTION payment.guard_split();
CREATE TRIGGER kept BEFORE DELETE ON payment.royalty_split FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();

CREATE FUNCTION payment.accept_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.accepted_at IS NOT NULL OR NEW.accepted_at IS NULL
        OR (OLD.split_id, OLD.payee_id, OLD.share_bp) IS DISTINCT FROM (NEW.split_id, NEW.payee_id, NEW.share_bp)
    THEN
        RAISE EXCEPTION 'a share is accepted once, and its terms never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accepted_once BEFORE UPDATE ON payment.royalty_split_share
    FOR EACH ROW EXECUTE FUNCTION payment.accept_once();
CREATE TRIGGER kept BEFORE DELETE ON payment.royalty_split_share
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
