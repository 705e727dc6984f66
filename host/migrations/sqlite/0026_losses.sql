-- What the last delivery of an object could not say to its receiver: words of the codec, none where all was said.
CREATE TABLE loss (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    flow BIGINT NOT NULL,
    lost TEXT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, subject_kind, subject_id)
);
CREATE INDEX loss_subject ON loss (tenant, subject_kind, subject_id, peer);
CREATE INDEX loss_newest ON loss (tenant, peer, at) WHERE lost <> '';
