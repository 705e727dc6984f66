-- Units, or the whole school, plan nothing new at a vendor (a row of `drain` each that is not lifted).
ALTER TABLE peer ADD COLUMN drains BIGINT NOT NULL DEFAULT 0;
CREATE TABLE drain (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- Empty: the whole school.
    unit TEXT NOT NULL,
    -- draining: what was planned is served until its last result is in; ended: nothing is served; lifted: enabled again.
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL,
    ended_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, unit)
);
-- What was planned at a vendor, by the school or by an outside TPL: for both, plan versions count from 1.
CREATE INDEX offering_planned_at ON offering (tenant, peer, id) WHERE plan_version > 0;
