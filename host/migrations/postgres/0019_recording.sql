-- Recorded exchanges with a vendor: only where functioneel beheer asked for it, sealed, for so many days.

CREATE TABLE recording (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- 0: nothing is recorded.
    days BIGINT NOT NULL,
    most BIGINT NOT NULL,
    -- Slots are used again: the last `most` exchanges are there.
    next_slot BIGINT NOT NULL,
    set_by TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer)
);

CREATE TABLE exchange (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    slot BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    interface TEXT NOT NULL,
    outcome TEXT NOT NULL,
    -- Sealed; NULL once its days are over.
    content BYTEA,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, slot)
);
