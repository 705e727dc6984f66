-- Keuring: what a school demands before a connector may run, what was tried on it, what its people approved, and how
-- publishers' keys end and follow each other.

-- One row per school that demands something else than the default; `policy` is JSON text.
CREATE TABLE admission_policy (
    tenant TEXT NOT NULL PRIMARY KEY,
    policy TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- One keuring of a package. `outcomes` is a JSON list, `seal` the host's signature over digest and outcomes once it has
-- ended; `done` of `total` scenarios have been played.
CREATE TABLE keuring (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    -- waiting, passed or failed.
    state TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    outcomes TEXT NOT NULL,
    -- Why it could not be tried at all.
    obstacle TEXT,
    seal TEXT,
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    ended_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX keuring_package ON keuring (tenant, digest, asked_at);

-- A person approved what a package may do for a peer beyond what runs there: exactly the difference with this
-- fingerprint.
CREATE TABLE capability_approval (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    digest TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    -- The difference in words, as JSON list.
    changes TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    approved_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, digest, fingerprint, approved_by)
);

-- The detached counter-signatures of a package: one DSSE envelope.
CREATE TABLE counter_signature (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    envelope TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, digest)
);

-- Bundles of a publisher that were imported, by their number.
CREATE TABLE bundle (
    tenant TEXT NOT NULL,
    publisher TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    digest TEXT NOT NULL,
    key_id TEXT NOT NULL,
    imported_by TEXT NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, publisher, sequence)
);

-- Until when packages may be admitted that were signed with a key; and whether it signs packages (publisher) or only
-- along with others (counter).
ALTER TABLE publisher_key ADD COLUMN expires_at BIGINT;
ALTER TABLE publisher_key ADD COLUMN role TEXT NOT NULL DEFAULT 'publisher';
