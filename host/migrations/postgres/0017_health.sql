-- What calls of a revision took, beside what they came to, and how a connector failed.

ALTER TABLE call_tally ADD COLUMN wall_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE call_tally ADD COLUMN guest_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE call_tally ADD COLUMN network_us BIGINT NOT NULL DEFAULT 0;
-- The most of any call.
ALTER TABLE call_tally ADD COLUMN memory_peak BIGINT NOT NULL DEFAULT 0;
ALTER TABLE call_tally ADD COLUMN requests BIGINT NOT NULL DEFAULT 0;
ALTER TABLE call_tally ADD COLUMN bytes_sent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE call_tally ADD COLUMN bytes_received BIGINT NOT NULL DEFAULT 0;

-- A way in which the code of a connector failed: the same words at the same place of the code are one row.
CREATE TABLE connector_fault (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    revision BIGINT NOT NULL,
    -- Digest of interface, words and place.
    id TEXT NOT NULL,
    interface TEXT NOT NULL,
    -- Without personal data.
    what TEXT NOT NULL,
    -- Names of the connector's functions, innermost first, as a JSON list.
    frames TEXT NOT NULL,
    times BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, revision, id)
);
