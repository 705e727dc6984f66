-- Sittings and deelnames that an outside TPL plans at a vendor of the school, through the TA face: kind `relayed`.
ALTER TABLE offering ADD COLUMN planner TEXT;
ALTER TABLE association ADD COLUMN planner TEXT;
-- The landscape: which outside TPL plans at which vendor, and for which student system (R23, R24).
CREATE TABLE landscape (
    tenant TEXT NOT NULL,
    planner TEXT NOT NULL,
    system TEXT NOT NULL,
    allowed BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, planner, system)
);
