-- Deadlines and reports: what a version of a result says, in columns that lists count by; the planned day of a cesuur;
-- and the sittings at which nothing is left to be done. The same file stands for both databases.

-- open (still to be assessed), known, or absent (a no-show has nothing to assess).
ALTER TABLE result ADD COLUMN progress TEXT NOT NULL DEFAULT 'open';
-- passed, failed, or empty where it was not said.
ALTER TABLE result ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
-- Whether something irregular was reported with it.
ALTER TABLE result ADD COLUMN irregular BIGINT NOT NULL DEFAULT 0;
UPDATE result SET progress = 'known' WHERE body LIKE '%"state":"completed"%';
UPDATE result SET progress = 'absent' WHERE body LIKE '%"attendance":"not_present"%';
UPDATE result SET outcome = 'passed' WHERE body LIKE '%"pass":"passed"%';
UPDATE result SET outcome = 'failed' WHERE body LIKE '%"pass":"failed"%';
UPDATE result SET irregular = 1 WHERE body LIKE '%"irregularities":"_%';

-- When the cesuur of an examenversie is planned to be set, by whom.
CREATE TABLE cesuur_plan (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    component TEXT NOT NULL,
    -- The vendor's code of the version; the component itself when the vendor names none.
    code TEXT NOT NULL,
    -- A day, as 2026-09-30.
    planned_on TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, component, code)
);

-- Sittings that were found to have nothing left to do, so that lists need not look at all of a year's. It counts for the
-- version of the sitting that was looked at: who adds a deelname moves that on.
CREATE TABLE settled (
    tenant TEXT NOT NULL,
    sitting TEXT NOT NULL,
    sitting_version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, sitting)
);

CREATE INDEX settled_version ON settled (tenant, sitting, sitting_version);

-- With all that is asked about a sitting that ended, so that its row is not read.
CREATE INDEX offering_end ON offering (tenant, kind, end_at, state, id, version);
CREATE INDEX result_head_unconfirmed ON result_head (tenant, association)
    WHERE confirmed_seq IS NULL OR confirmed_seq < seq;
