-- The application reads everything and writes through these functions alone. Internal ones are not for it to call.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA payment FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    payment.open_accounts, payment.post, payment.place_hold, payment.void_hold, payment.expire_holds,
    payment.take_snapshots, payment.request_hash
    TO vibestream_app;
GRANT SELECT ON
    payment.currency, payment.account_kind, payment.account, payment.balance, payment.transaction, payment.entry,
    payment.hold, payment.balance_snapshot, payment.position_mark, payment.account_balance
    TO vibestream_app;
