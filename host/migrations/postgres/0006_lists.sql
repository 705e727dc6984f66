-- What pages list and count, so that they look at what is open or recent and not at a year.

-- Results on which the examencommissie may have to decide.
CREATE INDEX result_head_undecided ON result_head (tenant, association)
    WHERE (judgement = 'accepted' AND decided IN ('undecided', 'withdrawn'))
        OR (judgement = 'held' AND why = 'changed-after-decision');
-- Open jobs per peer and flow.
CREATE INDEX job_open_count ON job (tenant, peer, flow, state, created_at) WHERE open = 1;
-- Jobs that were done since a moment.
CREATE INDEX job_done ON job (tenant, finished_at, peer, flow) WHERE open = 0 AND state = 'done';
