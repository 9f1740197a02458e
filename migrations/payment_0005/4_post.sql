CREATE FUNCTION payment.request_hash(
    kind text, details jsonb, effective timestamptz, captures uuid, reverses uuid, legs bytea
) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(
        convert_to(
            concat(kind, E'\n', details, E'\n', extract(epoch FROM effective), E'\n', captures, E'\n', reverses, E'\n'),
            'UTF8'
        ) || legs
    )
$$;
COMMENT ON FUNCTION payment.request_hash IS
    'What a posting asks for. Of each leg, in order: the account as 16 bytes and the amount as 8, big-endian.';

CREATE FUNCTION payment.reversal_fault(original uuid, accounts uuid[], amounts bigint[]) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    header payment.transaction;
    mirrored boolean;
BEGIN
    SELECT t.* INTO header FROM payment.transaction t WHERE t.id = original;
    IF NOT FOUND THEN
        RETURN 'unknown_transaction';
    ELSIF header.reverses IS NOT NULL THEN
        RETURN 'reversal_of_reversal';
    ELSIF EXISTS (SELECT FROM payment.transaction t WHERE t.reverses = original) THEN
        RETURN 'already_reversed';
    END IF;
    SELECT array_agg(e.account_id ORDER BY e.line) = accounts AND array_agg(-e.amount ORDER BY e.line) = amounts
    INTO mirrored FROM payment.entry e WHERE e.transaction_id = original;
    IF NOT mirrored THEN
        RAISE EXCEPTION 'a reversal has the legs of its original, negated' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION payment.reversal_fault IS 'Why a transaction cannot be reversed by these legs; null when it can.';

-- The one door. It takes any number of postings, each with its legs, decides them one after the other, and writes all
-- that it accepts in four statements, so that the cost of a posting falls with the size of the batch:
--
--     1  lock the balances of the guarded accounts, in the order of their ids: no two calls can deadlock; read them
--     2  read currencies and known keys into arrays, one element per distinct account, per posting, per leg
--     3  decide each posting in order, on the arrays alone; a refused one leaves no trace, and its key stays free
--     4  write headers, entries, balances, captured holds
--
-- A refusal is a row of the answer, never an error, so that it neither sinks the batch nor the caller's transaction.
-- An error is either a defect of the caller (arrays that do not fit, legs that do not balance) or, as a violation of the
-- constraint transaction_idempotency_key_key, a lost race for a key: run again, the posting is found and replayed.
-- (ON CONFLICT, which could count what was lost, costs each posting a speculative insertion: 4 % of a batch.)
--
-- The keys are looked up after the locks, so that whoever waited for the same posting finds it committed.
--
-- The plans are generic, made once per session, perhaps while the tables are still empty. Nested loops over indexes
-- suit every size from one leg to tens of thousands; OFFSET 0 and the settings keep the planner from anything else,
-- such as a hash of the whole table, which was cheap on the day the plan was made.
CREATE FUNCTION payment.post(
    ids uuid[], keys text[], kinds text[], details jsonb[], effective timestamptz[], captures uuid[], reversals uuid[],
    leg_posting integer[], leg_account uuid[], leg_currency text[], leg_amount bigint[]
) RETURNS TABLE (outcome text, posted_as uuid, refused_by uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    largest CONSTANT bigint := 9223372036854775807;
    postings CONSTANT integer := cardinality(ids);
    legs CONSTANT integer := cardinality(leg_account);
    -- one element per distinct account, in the order of ids; the balance is null on append-only ones
    accounts uuid[];
    currencies text[];
    balances bigint[];
    reserved bigint[];
    changed boolean[];
    -- of the guarded accounts among them, as they were locked
    guarded uuid[];
    guarded_posted bigint[];
    guarded_held bigint[];
    holding boolean;
    -- one element per leg
    account_of integer[];  -- its place in the arrays above
    leg_after bigint[];
    leg_transaction uuid[];  -- null until its posting is accepted
    leg_line integer[];
    -- one element per posting
    known_id uuid[];
    known_hash bytea[];
    same_key integer[];  -- the first posting of the batch with the same key
    leg_bytes bytea[];
    hashes bytea[];
    outcomes text[];
    results uuid[];
    culprits uuid[];
    accepted_under integer[];  -- at the first posting with a key: the one that was accepted under it
    -- holds that are captured, transactions that are reversed, by accepted postings
    taken_hold uuid[] := '{}';
    taken_amount bigint[] := '{}';
    taken_by uuid[] := '{}';
    reversed uuid[] := '{}';
    -- of the posting at hand
    verdict text;
    culprit uuid;
    first_leg integer;
    next_leg integer := 1;
    a integer;
    amount bigint;
    twin integer;
    hold payment.hold;
    hold_at integer;
    taken numeric;
BEGIN
    IF legs IS NULL OR postings IS NULL
        OR (cardinality(keys), cardinality(kinds), cardinality(details), cardinality(effective), cardinality(captures),
            cardinality(reversals)) IS DISTINCT FROM (postings, postings, postings, postings, postings, postings)
        OR (cardinality(leg_posting), cardinality(leg_currency), cardinality(leg_amount))
            IS DISTINCT FROM (legs, legs, legs)
    THEN
        RAISE EXCEPTION 'the arrays of postings, or those of legs, differ in length'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF array_remove(reversals, NULL) <> '{}' THEN
        PERFORM FROM payment.transaction t WHERE t.id = ANY(reversals) ORDER BY t.id FOR NO KEY UPDATE;
    END IF;
    SELECT array_agg(locked.account_id), array_agg(locked.posted), array_agg(locked.held), bool_or(locked.held > 0)
    INTO guarded, guarded_posted, guarded_held, holding FROM (
        SELECT b.account_id, b.posted, b.held FROM payment.balance b WHERE b.account_id = ANY(leg_account)
        ORDER BY b.account_id FOR NO KEY UPDATE
    ) AS locked;
    IF holding THEN
        PERFORM payment.release_expired(leg_account);
        SELECT array_agg(b.held ORDER BY b.account_id) INTO guarded_held
        FROM payment.balance b WHERE b.account_id = ANY(leg_account);
    END IF;

    SELECT array_agg(leg.account ORDER BY leg.account), array_agg(account.currency ORDER BY leg.account)
    INTO accounts, currencies
    FROM (SELECT DISTINCT account FROM unnest(leg_account) AS given (account)) AS leg
    LEFT JOIN LATERAL (SELECT x.currency FROM payment.account x WHERE x.id = leg.account OFFSET 0) AS account ON true;
    -- a guarded account has a balance, an append-only one has none; both lists are in the order of ids
    balances := array_fill(NULL::bigint, ARRAY[coalesce(cardinality(accounts), 0)]);
    reserved := balances;
    a := 0;
    FOR g IN 1 .. coalesce(cardinality(guarded), 0) LOOP
        LOOP
            a := a + 1;
            EXIT WHEN accounts[a] = guarded[g];
        END LOOP;
        balances[a] := guarded_posted[g];
        reserved[a] := guarded_held[g];
    END LOOP;

    SELECT array_agg(leg.place ORDER BY leg.number) INTO account_of
    FROM (
        SELECT given.number, dense_rank() OVER (ORDER BY given.account)::integer AS place
        FROM unnest(leg_account) WITH ORDINALITY AS given (account, number)
    ) AS leg;

    SELECT array_agg(known.id ORDER BY asked.number), array_agg(known.request_hash ORDER BY asked.number),
        array_agg(asked.first_number ORDER BY asked.number)
    INTO known_id, known_hash, same_key
    FROM (
        SELECT given.key, given.number, (min(given.number) OVER (PARTITION BY given.key))::integer AS first_number
        FROM unnest(keys) WITH ORDINALITY AS given (key, number)
    ) AS asked
    LEFT JOIN LATERAL (
        SELECT t.id, t.request_hash FROM payment.transaction t WHERE t.idempotency_key = asked.key OFFSET 0
    ) AS known ON true;

    SELECT array_agg(posting.bytes ORDER BY posting.number) INTO leg_bytes
    FROM (
        SELECT leg.posting AS number,
            string_agg(uuid_send(leg.account) || int8send(leg.amount), ''::bytea ORDER BY leg.number) AS bytes
        FROM unnest(leg_posting, leg_account, leg_amount) WITH ORDINALITY AS leg (posting, account, amount, number)
        GROUP BY leg.posting
    ) AS posting;

    changed := array_fill(false, ARRAY[coalesce(cardinality(accounts), 0)]);
    leg_after := array_fill(NULL::bigint, ARRAY[legs]);
    leg_transaction := array_fill(NULL::uuid, ARRAY[legs]);
    leg_line := array_fill(NULL::integer, ARRAY[legs]);
    hashes := array_fill(NULL::bytea, ARRAY[postings]);
    outcomes := array_fill(NULL::text, ARRAY[postings]);
    results := array_fill(NULL::uuid, ARRAY[postings]);
    culprits := array_fill(NULL::uuid, ARRAY[postings]);
    accepted_under := array_fill(NULL::integer, ARRAY[postings]);

    FOR p IN 1 .. postings LOOP
        verdict := NULL;
        culprit := NULL;
        hold_at := NULL;
        first_leg := next_leg;
        WHILE leg_posting[next_leg] = p LOOP
            next_leg := next_leg + 1;
        END LOOP;
        IF first_leg = next_leg THEN
            RAISE EXCEPTION 'posting % has no legs where they should follow', p
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        hashes[p] := payment.request_hash(kinds[p], details[p], effective[p], captures[p], reversals[p], leg_bytes[p]);

        twin := accepted_under[same_key[p]];
        IF known_id[p] IS NOT NULL THEN
            results[p] := known_id[p];
            outcomes[p] := CASE WHEN known_hash[p] = hashes[p] THEN 'replayed' ELSE 'key_reused' END;
            CONTINUE;
        ELSIF twin IS NOT NULL THEN
            results[p] := ids[twin];
            outcomes[p] := CASE WHEN hashes[twin] = hashes[p] THEN 'replayed' ELSE 'key_reused' END;
            CONTINUE;
        END IF;

        IF reversals[p] IS NOT NULL THEN
            verdict := CASE WHEN reversals[p] = ANY(reversed) THEN 'already_reversed' ELSE payment.reversal_fault(
                reversals[p], leg_account[first_leg:next_leg - 1], leg_amount[first_leg:next_leg - 1]) END;
        END IF;

        IF captures[p] IS NOT NULL AND verdict IS NULL THEN
            SELECT h.* INTO hold FROM payment.hold h WHERE h.id = captures[p];
            IF NOT FOUND THEN
                verdict := 'unknown_hold';
            ELSIF hold.state = 'expired' OR (hold.state = 'pending' AND hold.expires_at <= clock_timestamp()) THEN
                verdict := 'hold_expired';
            ELSIF hold.state <> 'pending' OR hold.id = ANY(taken_hold) THEN
                verdict := 'hold_resolved';
            ELSE
                taken := 0;
                FOR l IN first_leg .. next_leg - 1 LOOP
                    IF leg_account[l] = hold.account_id THEN
                        taken := taken - leg_amount[l];
                        hold_at := account_of[l];
                    END IF;
                END LOOP;
                IF taken BETWEEN 1 AND hold.amount THEN
                    reserved[hold_at] := reserved[hold_at] - hold.amount;
                ELSE
                    verdict := 'exceeds_hold';
                    culprit := hold.account_id;
                    hold_at := NULL;
                END IF;
            END IF;
        END IF;

        IF verdict IS NULL THEN
            FOR l IN first_leg .. next_leg - 1 LOOP
                a := account_of[l];
                amount := leg_amount[l];
                IF currencies[a] IS NULL THEN
                    verdict := 'unknown_account';
                ELSIF currencies[a] <> leg_currency[l] THEN
                    verdict := 'currency_mismatch';
                ELSIF balances[a] IS NULL THEN
                    CONTINUE;
                ELSIF (amount > 0 AND balances[a] > largest - amount) OR (amount < 0 AND balances[a] < -largest - amount) THEN
                    verdict := 'out_of_range';
                ELSE
                    balances[a] := balances[a] + amount;
                    leg_after[l] := balances[a];
                    CONTINUE;
                END IF;
                culprit := accounts[a];
                EXIT;
            END LOOP;
            IF verdict IS NULL THEN
                FOR l IN first_leg .. next_leg - 1 LOOP
                    a := account_of[l];
                    IF balances[a] < reserved[a] THEN
                        verdict := 'insufficient_funds';
                        culprit := accounts[a];
                        EXIT;
                    END IF;
                END LOOP;
            END IF;
        END IF;

        IF verdict IS NULL THEN
            outcomes[p] := 'posted';
            results[p] := ids[p];
            accepted_under[same_key[p]] := p;
            FOR l IN first_leg .. next_leg - 1 LOOP
                leg_transaction[l] := ids[p];
                leg_line[l] := l - first_leg + 1;
                changed[account_of[l]] := true;
            END LOOP;
            IF reversals[p] IS NOT NULL THEN
                reversed := reversed || reversals[p];
            END IF;
            IF hold_at IS NOT NULL THEN
                taken_hold := taken_hold || hold.id;
                taken_amount := taken_amount || taken::bigint;
                taken_by := taken_by || ids[p];
            END IF;
        ELSE
            outcomes[p] := verdict;
            culprits[p] := culprit;
            FOR l IN first_leg .. next_leg - 1 LOOP
                IF leg_after[l] IS NOT NULL THEN
                    a := account_of[l];
                    balances[a] := balances[a] - leg_amount[l];
                END IF;
            END LOOP;
            IF hold_at IS NOT NULL THEN
                reserved[hold_at] := reserved[hold_at] + hold.amount;
            END IF;
        END IF;
    END LOOP;
    IF next_leg <> legs + 1 THEN
        RAISE EXCEPTION 'leg % belongs to no posting', next_leg USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF 'posted' = ANY(outcomes) THEN
        INSERT INTO payment.transaction (id, idempotency_key, request_hash, kind, details, reverses, effective_at)
        SELECT new.id, new.key, new.hash, new.kind, new.details, new.reverses, new.effective
        FROM unnest(ids, keys, hashes, kinds, details, reversals, effective, outcomes)
            AS new (id, key, hash, kind, details, reverses, effective, outcome)
        WHERE new.outcome = 'posted'
        ORDER BY new.key COLLATE "C";
        INSERT INTO payment.entry (transaction_id, account_id, amount, balance_after, line)
        SELECT new.transaction_id, new.account_id, new.amount, new.after, new.line
        FROM unnest(leg_transaction, leg_account, leg_amount, leg_after, leg_line) WITH ORDINALITY
            AS new (transaction_id, account_id, amount, after, line, number)
        WHERE new.transaction_id IS NOT NULL
        ORDER BY new.number;
        UPDATE payment.balance b SET posted = new.posted, held = new.held
        FROM unnest(accounts, balances, reserved, changed) AS new (account_id, posted, held, changed)
        WHERE b.account_id = new.account_id AND new.changed AND new.posted IS NOT NULL;
    END IF;
    IF taken_hold <> '{}' THEN
        UPDATE payment.hold h
        SET state = 'captured', resolved_at = clock_timestamp(), captured = new.captured, captured_by = new.captured_by
        FROM unnest(taken_hold, taken_amount, taken_by) AS new (id, captured, captured_by)
        WHERE h.id = new.id;
    END IF;
    RETURN QUERY SELECT * FROM unnest(outcomes, results, culprits);
END $$;
COMMENT ON FUNCTION payment.post IS 'Decide postings in order, write those that are accepted, and return what became of each.';
