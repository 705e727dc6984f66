-- Who did not turn up, few of many: the work list looks there instead of at every result of two weeks.
CREATE INDEX result_absent ON result (tenant, association, seq) WHERE progress = 'absent';
