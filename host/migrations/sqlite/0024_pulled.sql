-- A student system that is asked for flow 1 rather than one that sends (§3.1.2): whether it is, and how far the asking is.
CREATE TABLE pulled (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- 1: it is asked; 0: it sends, or is asked no longer.
    asked BIGINT NOT NULL,
    -- First day that a whole round asks for.
    since TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    -- 1: a person wants a whole round now.
    wanted BIGINT NOT NULL,
    -- When the next whole round is due; NULL before the first.
    whole_due BIGINT,
    -- The round under way, as JSON; NULL between rounds.
    walk TEXT,
    -- What the last round came to, as JSON.
    last TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer)
);
-- A round goes through the planbare toetsen, groups and persons of one student system, by id.
CREATE INDEX offering_plannable_of_peer ON offering (tenant, peer, id) WHERE kind = 'plannable';
CREATE INDEX person_of_peer ON person (tenant, peer, id);
CREATE INDEX test_group_of_peer ON test_group (tenant, peer, id);
