-- Toetsgroepen of flow 1b and who belongs to them (§4.7, §4.8): planned without enrolments, so without flow 5 (R26).
CREATE TABLE test_group (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    -- The student system that made it.
    peer TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE TABLE test_group_member (
    tenant TEXT NOT NULL,
    test_group TEXT NOT NULL,
    person TEXT NOT NULL,
    -- active or canceled.
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, test_group, person)
);
CREATE INDEX test_group_member_person ON test_group_member (tenant, person);
