-- Phased by team: which revision serves which unit, how far a rollout is, who said Go, and what calls came to.

-- test, acceptance or production: a label for people.
ALTER TABLE peer ADD COLUMN environment TEXT NOT NULL DEFAULT 'production';
-- 1: units have been named apart, or a share of the sittings has; the rows below say which.
ALTER TABLE peer ADD COLUMN phased BIGINT NOT NULL DEFAULT 0;
-- 1: only the units that are named are served; work of others waits.
ALTER TABLE peer ADD COLUMN named_only BIGINT NOT NULL DEFAULT 0;

CREATE TABLE enablement (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    unit TEXT NOT NULL,
    flow BIGINT NOT NULL,
    -- NULL: named no longer; what it had was taken back or has come to everybody.
    revision BIGINT,
    since BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, unit, flow)
);

CREATE TABLE rollout (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    seq BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    -- What everybody had when it began; NULL when nothing ran.
    replaces BIGINT,
    -- running, paused, stopped, completed or rolled-back.
    stage TEXT NOT NULL,
    -- How many of a hundred sittings of units that are not named.
    share BIGINT NOT NULL,
    steps BIGINT NOT NULL,
    -- undecided, go or no-go: on the present step.
    verdict TEXT NOT NULL,
    -- The function that says Go.
    go_by TEXT NOT NULL,
    -- Thresholds as JSON.
    criteria TEXT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    step_at BIGINT,
    ended_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, seq)
);

-- What was done about a rollout, by whom and why; never changed.
CREATE TABLE rollout_event (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    rollout BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    -- start, units, share, all, go, no-go, pause, resume, stop, criteria or rollback.
    kind TEXT NOT NULL,
    -- As JSON: units and flows, the share, or what the criteria came to.
    detail TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, rollout, seq)
);

-- What calls came to, per hour; each node writes rows of its own.
CREATE TABLE call_tally (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    revision BIGINT NOT NULL,
    -- Beginning of the hour.
    from_at BIGINT NOT NULL,
    flow BIGINT NOT NULL,
    node TEXT NOT NULL,
    done BIGINT NOT NULL,
    by_vendor BIGINT NOT NULL,
    by_connector BIGINT NOT NULL,
    by_host BIGINT NOT NULL,
    -- Calls per class of duration, as JSON list.
    durations TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, revision, from_at, flow, node)
);

CREATE TABLE freeze_window (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    entered_by TEXT NOT NULL,
    withdrawn_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- What a sitting was when it was read back from its vendor.
CREATE TABLE sitting_check (
    tenant TEXT NOT NULL,
    sitting TEXT NOT NULL,
    -- equal, differs or unreadable.
    outcome TEXT NOT NULL,
    -- Which fields and how many deelnames differ; no personal data.
    detail TEXT NOT NULL,
    revision BIGINT NOT NULL,
    plan_version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, sitting)
);

-- What a cursor looks like: another connector, or another way to count, begins anew.
ALTER TABLE poll_cursor ADD COLUMN schema_tag TEXT NOT NULL DEFAULT '';
-- Which revision brought a message, and which one's call made the vendor give an id.
ALTER TABLE message ADD COLUMN revision BIGINT;
ALTER TABLE ledger ADD COLUMN revision BIGINT;

-- What one revision did, looked up when it is taken back.
CREATE INDEX offering_served ON offering (tenant, peer, revision, id) WHERE revision IS NOT NULL;
CREATE INDEX association_served ON association (tenant, peer, revision, offering) WHERE revision IS NOT NULL;
CREATE INDEX result_brought ON result (tenant, revision, association) WHERE revision IS NOT NULL;
CREATE INDEX ledger_made ON ledger (tenant, peer, revision) WHERE revision IS NOT NULL;
