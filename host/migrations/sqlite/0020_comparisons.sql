-- What the host holds beside what the other side answers, and the daily check of it.

-- The last comparison of a part of a sitting with a system.
CREATE TABLE comparison (
    tenant TEXT NOT NULL,
    sitting TEXT NOT NULL,
    -- plan, results, enrolments or student-results.
    part TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- equal, differs, waiting or unreadable.
    outcome TEXT NOT NULL,
    -- Which fields and how many objects differ; no personal data.
    detail TEXT NOT NULL,
    -- Field by field, sealed.
    differences BLOB,
    -- Of the round under way, sealed.
    found BLOB,
    -- How many objects were compared, and how many were still on their way.
    compared BIGINT NOT NULL,
    on_their_way BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    plan_version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, sitting, part, peer)
);
CREATE INDEX comparison_outcome ON comparison (tenant, outcome, at);
CREATE INDEX comparison_at ON comparison (tenant, at, peer, part, outcome);

INSERT INTO comparison (tenant, sitting, part, peer, outcome, detail, differences, found, compared, on_their_way,
    revision, plan_version, at, version)
SELECT known.tenant, known.sitting, 'plan', sitting.peer, known.outcome, known.detail, NULL, NULL, 0, 0,
    known.revision, known.plan_version, known.at, 1
FROM sitting_check known JOIN offering sitting ON sitting.tenant = known.tenant AND sitting.id = known.sitting;
DROP TABLE sitting_check;

-- Who has looked at the day, when, and what it stood at; never changed.
CREATE TABLE daily_check (
    tenant TEXT NOT NULL,
    day TEXT NOT NULL,
    seq BIGINT NOT NULL,
    account TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- What it stood at, counts only.
    stood TEXT NOT NULL,
    -- How many differences and messages were open.
    open_count BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant, day, seq)
);

-- Messages that a person or a newer one took out of their lane: few.
CREATE INDEX job_given_up ON job (tenant, finished_at, peer, flow)
    WHERE open = 0 AND state IN ('dismissed', 'superseded');
