-- Needs, duplicates and attempts. As in the first: times are milliseconds since 1970 UTC, flags 0 or 1.

-- What the free codes of needs mean at one vendor; functioneel beheer maintains it (N#172).
CREATE TABLE needs_translation (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- Rounding and lines, as JSON text.
    body TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer)
);

-- A deelname whose needs a person has set, or whose needs the vendor can't be told, so that it waits. It holds no need
-- itself: those are read from the person, so that they are erased with them (R5).
CREATE TABLE needs_standing (
    tenant TEXT NOT NULL,
    association TEXT NOT NULL,
    peer TEXT NOT NULL,
    by_hand BIGINT NOT NULL,
    blocked BIGINT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, association)
);
CREATE INDEX needs_standing_blocked ON needs_standing (tenant, blocked, peer, association);

-- Two toetsinschrijvingen of one student for one exam (N#170), and what a person decided about them.
CREATE TABLE duplicate (
    tenant TEXT NOT NULL,
    -- The later one.
    enrolment TEXT NOT NULL,
    -- The one whose deelname serves both once they are merged.
    kept TEXT NOT NULL,
    -- found, merged, apart (a person says they are two), ended.
    state TEXT NOT NULL,
    -- Account, client or host that brought it to this state, and why.
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Once merged: the newest version of the result that the student system confirmed on `enrolment`.
    confirmed_seq BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, enrolment, kept)
);
CREATE INDEX duplicate_state ON duplicate (tenant, state, at);
CREATE INDEX duplicate_kept ON duplicate (tenant, kept);

-- How a student system keeps attempts.
CREATE TABLE attempt_policy (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- offering-per-opportunity, association-per-opportunity, association-with-attempts.
    model TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer)
);

-- An extra attempt that was made here, as the student system knows it since its first result went there: follow-ups go
-- to the same association in the same way (R8).
CREATE TABLE attempt (
    tenant TEXT NOT NULL,
    -- Its toetsinschrijving here, and the original one.
    enrolment TEXT NOT NULL,
    original TEXT NOT NULL,
    number BIGINT NOT NULL,
    peer TEXT NOT NULL,
    -- The student system's association and offering for it, and whether it was made by our PUT.
    association TEXT NOT NULL,
    offering TEXT NOT NULL,
    put BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, enrolment)
);
CREATE INDEX attempt_original ON attempt (tenant, original);
