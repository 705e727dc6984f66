-- Files that a person carries are kept for a term; after it their content and name are erased, and the row stays.

-- Those that are there already have a year from when they were made.
ALTER TABLE carried_file ADD COLUMN erase_at BIGINT NOT NULL DEFAULT 0;
UPDATE carried_file SET erase_at = made_at + 31536000000;
ALTER TABLE carried_file ADD COLUMN erased_at BIGINT;
CREATE INDEX carried_file_to_erase ON carried_file (erase_at) WHERE erased_at IS NULL;

-- What came in is known by its state, and has the media type that its content shows. Until now only CSV and XLSX came in.
UPDATE carried_file SET media_type = 'application/octet-stream' WHERE media_type = '';

-- Whether a file went out or came in is known by its state.
ALTER TABLE carried_file DROP COLUMN direction;
