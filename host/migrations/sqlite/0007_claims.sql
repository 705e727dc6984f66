-- Who has taken up an exception, what lists and the report read of a result without its body, and what was entered of a
-- cesuur. The same file stands for both databases.

-- The account that has taken it up, and since when; both empty while nobody has.
ALTER TABLE task ADD COLUMN claimed_by TEXT;
ALTER TABLE task ADD COLUMN claimed_at BIGINT;

-- Whether the vendor calls it completed: only then can the examencommissie decide on it.
ALTER TABLE result ADD COLUMN completed BIGINT NOT NULL DEFAULT 0;
UPDATE result SET completed = 1 WHERE body LIKE '%"state":"completed"%';
-- Its score where that is a number, for averages; those kept before this column have none.
ALTER TABLE result ADD COLUMN score DOUBLE PRECISION;

-- In the order in which lists are read.
DROP INDEX task_open;
CREATE INDEX task_open ON task (tenant, opened_at, id) WHERE open = 1;
DROP INDEX proposal_open;
CREATE INDEX proposal_open ON proposal (tenant, at, id) WHERE ending IS NULL;
DROP INDEX needs_standing_blocked;
CREATE INDEX needs_standing_blocked ON needs_standing (tenant, blocked, peer, at, association);

-- What was entered of the cesuur of an examenversie, all of it; the newest stands in `examenversie`.
CREATE TABLE cesuur_entry (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    component TEXT NOT NULL,
    code TEXT NOT NULL,
    -- The version of the row in `examenversie` that it made.
    number BIGINT NOT NULL,
    normed TEXT NOT NULL,
    source TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, component, code, number)
);
INSERT INTO cesuur_entry SELECT tenant, peer, component, code, version, normed, source, actor, at FROM examenversie;
