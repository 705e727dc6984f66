-- A fix in an hour: one sitting first, then those that had the old version.

-- steps or fast.
ALTER TABLE rollout ADD COLUMN route TEXT NOT NULL DEFAULT 'steps';
-- Of the fast route: the sitting that has the revision before all others.
ALTER TABLE rollout ADD COLUMN sitting TEXT;

-- Who approved a rollout on the fast route; never changed.
CREATE TABLE rollout_approval (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    rollout BIGINT NOT NULL,
    account TEXT NOT NULL,
    -- The person behind the account, where that is known.
    person TEXT,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, rollout, account)
);
