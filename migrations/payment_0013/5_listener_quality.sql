CREATE TABLE music.listener_quality (
    user_id    uuid PRIMARY KEY,
    max_kbps   integer NOT NULL CHECK (max_kbps > 0),
    lossless   boolean NOT NULL,
    until      timestamptz,
    as_of      timestamptz NOT NULL
);
COMMENT ON TABLE music.listener_quality IS
    'The best quality that a listener may hear, as the payment context last announced it; without a row, or after `until`, that of everybody.';
COMMENT ON COLUMN music.listener_quality.until IS 'From then on it is that of everybody, whether or not news of it came; null: no end is known.';
GRANT SELECT, INSERT, UPDATE ON music.listener_quality TO vibestream_app;
