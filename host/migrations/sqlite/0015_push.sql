-- What vendors push in a format of their own, and how the host knows that it is theirs.

-- The shared secret, or the vendor's public key, per webhook of the manifest.
CREATE TABLE webhook (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    name TEXT NOT NULL,
    secret BLOB NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, name)
);

-- A push as it came, sealed. Its id is the digest of what was signed, where that holds a time: sent again it is the same.
CREATE TABLE push (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    peer TEXT NOT NULL,
    webhook TEXT NOT NULL,
    content BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
