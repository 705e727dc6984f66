-- Files that a person carries to and from a vendor without an API. Their content lies in document_chunk, sealed.
CREATE TABLE carried_file (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- out: a sitting list; in: what came back.
    direction TEXT NOT NULL,
    -- taken; previewed, storing, stored.
    state TEXT NOT NULL,
    -- Sealed: a name that a person gave may name another.
    name BLOB NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    -- Keyed digest of the content: the same file is known again.
    digest TEXT NOT NULL,
    content TEXT NOT NULL,
    -- Of what is being stored: its lines, as they were previewed.
    lines TEXT,
    counts TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    stored_by TEXT,
    stored_at BIGINT,
    revision BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX carried_file_of_peer ON carried_file (tenant, peer, made_at);
CREATE INDEX carried_file_by_digest ON carried_file (tenant, peer, digest);
