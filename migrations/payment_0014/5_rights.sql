-- The application adds rows, and changes the few columns that say how something was settled. It removes nothing.
GRANT SELECT, INSERT ON
    payment.royalty_policy, payment.withholding_rate, payment.royalty_payee, payment.royalty_advance,
    payment.royalty_month, payment.royalty_track, payment.royalty_listen, payment.royalty_usage,
    payment.royalty_split, payment.royalty_split_share, payment.royalty_pool, payment.royalty_revenue,
    payment.royalty_run, payment.royalty_exclusion, payment.royalty_share, payment.royalty_line,
    payment.royalty_reversal_request
    TO vibestream_app;
GRANT UPDATE (closed_at) ON payment.royalty_month TO vibestream_app;
GRANT UPDATE (title, isrc) ON payment.royalty_track TO vibestream_app;
GRANT UPDATE (listens, heard_ms) ON payment.royalty_usage TO vibestream_app;
GRANT UPDATE (in_force_from, in_force_at, withdrawn_at) ON payment.royalty_split TO vibestream_app;
GRANT UPDATE (accepted_at) ON payment.royalty_split_share TO vibestream_app;
GRANT UPDATE (reversed_at, reversal_transaction_id) ON payment.royalty_run TO vibestream_app;
GRANT UPDATE (approved_by, approved_at) ON payment.royalty_reversal_request TO vibestream_app;

REVOKE ALL ON FUNCTION
    payment.close_once, payment.refuse_closed_month, payment.require_whole_split, payment.guard_split,
    payment.accept_once, payment.reverse_run_once, payment.approve_once
    FROM PUBLIC;

DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['royalty_policy', 'withholding_rate', 'royalty_payee', 'royalty_advance', 'royalty_month',
        'royalty_track', 'royalty_listen', 'royalty_usage', 'royalty_split', 'royalty_split_share', 'royalty_pool',
        'royalty_revenue', 'royalty_run', 'royalty_exclusion', 'royalty_share', 'royalty_line',
        'royalty_reversal_request'] LOOP
        EXECUTE format('CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change()', one);
    END LOOP;
END $$;
