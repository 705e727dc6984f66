-- What two people do to a decision, which policy holds where, how scores are converted, and what was sampled.

-- A proposal to change what was decided, and how it ended.
CREATE TABLE proposal (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    -- correction or withdrawal.
    kind TEXT NOT NULL,
    association TEXT NOT NULL,
    seq BIGINT NOT NULL,
    -- The decision that stood, and who took it.
    decision TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    proposer TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- NULL while it waits; confirmed, rejected or lapsed.
    ending TEXT,
    settled_by TEXT,
    settled_reason TEXT,
    settled_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX proposal_association ON proposal (tenant, association);
CREATE INDEX proposal_open ON proposal (tenant, at) WHERE ending IS NULL;

-- What a unit or an exam (planbare toets) says of its own policy; the school's stands in tenant.settings.
CREATE TABLE policy (
    tenant TEXT NOT NULL,
    -- unit or exam.
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    settings TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, id)
);

-- From what a vendor delivers to a scale; the map itself is never changed, only whether it was approved.
CREATE TABLE scale_map (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    peer TEXT NOT NULL,
    component TEXT NOT NULL,
    -- Of one examenversie; empty: of all that have none of their own.
    examenversie TEXT NOT NULL,
    to_scale TEXT NOT NULL,
    -- Counts the versions for the same purpose.
    number BIGINT NOT NULL,
    -- score or points.
    basis TEXT NOT NULL,
    rule TEXT NOT NULL,
    author TEXT NOT NULL,
    source TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    -- proposed, approved or rejected.
    standing TEXT NOT NULL,
    settled_by TEXT,
    settled_at BIGINT,
    settled_reason TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX scale_map_number ON scale_map (tenant, peer, component, examenversie, to_scale, number);

-- A sample that was drawn: from which list, with which seed, by whom.
CREATE TABLE sample (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    plannable TEXT NOT NULL,
    -- Empty: all units.
    unit TEXT NOT NULL,
    -- As text: 64 bits without a sign.
    seed TEXT NOT NULL,
    -- count or percentage.
    size_kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    -- Deelnames, as JSON lists.
    listed TEXT NOT NULL,
    drawn TEXT NOT NULL,
    account TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX sample_plannable ON sample (tenant, plannable, at);

-- The scale map that converted a score: when the version came, now, and when it was decided on.
ALTER TABLE result ADD COLUMN mapping TEXT;
ALTER TABLE result_head ADD COLUMN mapping TEXT;
ALTER TABLE result_head ADD COLUMN decided_mapping TEXT;
ALTER TABLE decision ADD COLUMN mapping TEXT;
-- The proposal that a decision confirmed.
ALTER TABLE decision ADD COLUMN proposal TEXT;
