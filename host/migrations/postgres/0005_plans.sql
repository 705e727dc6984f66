-- Indexes that also give the order asked for. Without them SQLite, to be spared a sort, walks through all rows of a school
-- by its primary key instead of the few that are wanted.

DROP INDEX association_person;
CREATE INDEX association_person ON association (tenant, person, id);
DROP INDEX association_enrolment;
CREATE INDEX association_enrolment ON association (tenant, enrolment, id);
DROP INDEX association_original;
CREATE INDEX association_original ON association (tenant, original, id);
DROP INDEX assignment_account;
CREATE INDEX assignment_account ON assignment (tenant, account, id);
DROP INDEX message_subject;
CREATE INDEX message_subject ON message (tenant, subject_kind, subject_id, received_at, id);
DROP INDEX duplicate_kept;
CREATE INDEX duplicate_kept ON duplicate (tenant, kept, enrolment);
CREATE INDEX task_open_subject ON task (tenant, subject_kind, subject_id, opened_at, id) WHERE open = 1;
CREATE INDEX document_subject ON document (tenant, peer, subject_kind, subject_id, id);
