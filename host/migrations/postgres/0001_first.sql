-- The first schema, for PostgreSQL: the twin of the SQLite file, but for the name of the bytes type.
-- The first schema. Times are milliseconds since 1970 UTC, flags 0 or 1, `body` the canonical object as JSON text.
-- A `version` counts up by one with each change of its row; the committer applies a row only on top of the one before.
-- The same file stands for both databases but for the name of the bytes type.

-- Schools and who works there ------------------------------------------------------------------------------------

CREATE TABLE tenant (
    tenant TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- Policies as JSON text: when flow 5 is sent, whether finalResultsAllowed leads, and the like.
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- College, team or location; everything is scoped by them (R24).
CREATE TABLE unit (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE account (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Ties the account to what it assessed: its personId and codes (invariant 9).
    person_id TEXT,
    codes TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    disabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX account_token ON account (token_hash);

-- A function (plannen, beoordelen, vaststellen, beheren) for a unit, or a mandate to vaststellen between two dates.
CREATE TABLE assignment (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    duty TEXT NOT NULL,
    unit TEXT NOT NULL,
    mandate BIGINT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    granted_by TEXT NOT NULL,
    withdrawn_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX assignment_account ON assignment (tenant, account);

CREATE TABLE web_session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    csrf TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- Systems around the host ----------------------------------------------------------------------------------------

-- A SIS (hat `dr`) or an examenleverancier (hat `ta`).
CREATE TABLE peer (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    hat TEXT NOT NULL,
    name TEXT NOT NULL,
    -- active or paused, by whom and why.
    state TEXT NOT NULL,
    state_reason TEXT NOT NULL,
    -- The circuit breaker: failures in a row, and until when nothing is tried.
    failures BIGINT NOT NULL,
    open_until BIGINT,
    -- The revision that runs; NULL before the first.
    revision BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE endpoint (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    -- none, bearer (client credentials) or api-key.
    auth TEXT NOT NULL,
    token_url TEXT,
    client_id TEXT,
    -- Sealed with the master key.
    secret BYTEA,
    scope TEXT,
    -- Private addresses the school allows for this endpoint, as JSON list.
    allowed_addresses TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, name)
);

-- A client of the OKE faces: acts for one peer.
CREATE TABLE oauth_client (
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    peer TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    disabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, client_id)
);
CREATE UNIQUE INDEX oauth_client_id ON oauth_client (client_id);

CREATE TABLE access_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Ties our ids to the ids a peer made.
CREATE TABLE ledger (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    kind TEXT NOT NULL,
    our_id TEXT NOT NULL,
    peer_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, kind, our_id)
);
CREATE INDEX ledger_back ON ledger (tenant, peer, kind, peer_id);

-- Connectors -----------------------------------------------------------------------------------------------------

CREATE TABLE publisher_key (
    tenant TEXT NOT NULL,
    key_id TEXT NOT NULL,
    publisher TEXT NOT NULL,
    public_key TEXT NOT NULL,
    trusted_at BIGINT NOT NULL,
    trusted_by TEXT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT,
    compromised_since BIGINT,
    reason TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, key_id)
);

-- A package by the digest of its signed content; immutable.
CREATE TABLE package (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    package_version TEXT NOT NULL,
    key_id TEXT NOT NULL,
    manifest TEXT NOT NULL,
    notes TEXT NOT NULL,
    size BIGINT NOT NULL,
    -- When this host first admitted the digest: the time that counts for revocation.
    admitted_at BIGINT NOT NULL,
    admitted_by TEXT NOT NULL,
    -- The host's own signature over the outcome.
    admission TEXT NOT NULL,
    PRIMARY KEY (tenant, digest)
);
CREATE UNIQUE INDEX package_version_once ON package (tenant, name, package_version);

CREATE TABLE package_chunk (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    seq BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (tenant, digest, seq)
);

-- What runs: component and manifest, configuration, grants, secret references, profile. Immutable, numbered per peer.
CREATE TABLE revision (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    config TEXT NOT NULL,
    grants TEXT NOT NULL,
    profile TEXT,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, number)
);

-- Which revision was put to work when, by whom and why.
CREATE TABLE activation (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    seq BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    previous BIGINT,
    -- install, rollout or rollback.
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, seq)
);

-- Where a poll goes on, per revision (each revision polls with its own cursor).
CREATE TABLE poll_cursor (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    revision BIGINT NOT NULL,
    interface TEXT NOT NULL,
    cursor TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, revision, interface)
);

-- The chain's objects --------------------------------------------------------------------------------------------

CREATE TABLE component (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, id)
);

-- Planbare toets (`plannable`), zitting (`sitting`), course or program offering.
CREATE TABLE offering (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    -- plannable, sitting, course, program.
    kind TEXT NOT NULL,
    unit TEXT,
    -- SIS of a planbare toets, vendor of a sitting: the way back is the way out (R23).
    peer TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    start_at BIGINT,
    end_at BIGINT,
    -- Of a sitting: the planbare toets it serves.
    plannable TEXT,
    -- Of a sitting: component of the vendor.
    component TEXT,
    -- Of a sitting: counts the changes that the vendor must hear of; 0 for what is not delivered.
    plan_version BIGINT NOT NULL,
    -- Of a sitting: the plan version the vendor has confirmed, and the revision that delivered it.
    confirmed_version BIGINT,
    confirmed_at BIGINT,
    revision BIGINT,
    -- Of a sitting: the accounts that planned or changed it, as JSON list (invariant 9).
    planned_by TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX offering_start ON offering (tenant, kind, start_at);
CREATE INDEX offering_plannable ON offering (tenant, plannable);

-- Toetsinschrijving (`enrolment`), deelname (`deelname`), course or program enrolment.
CREATE TABLE association (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    -- enrolment, deelname, course, program.
    kind TEXT NOT NULL,
    peer TEXT NOT NULL,
    offering TEXT NOT NULL,
    person TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Of a deelname: the toetsinschrijving it serves.
    enrolment TEXT,
    -- Of a deelname: as of a sitting.
    plan_version BIGINT NOT NULL,
    confirmed_version BIGINT,
    confirmed_at BIGINT,
    revision BIGINT,
    -- The account that planned it; NULL when another system made it.
    planned_by TEXT,
    -- Of an enrolment for an extra attempt: the original one (R8).
    original TEXT,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX association_offering ON association (tenant, offering, id);
CREATE INDEX association_person ON association (tenant, person);
CREATE INDEX association_enrolment ON association (tenant, enrolment);
CREATE INDEX association_original ON association (tenant, original);

CREATE TABLE person (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    peer TEXT NOT NULL,
    -- Erased: the key stays, the data is gone (R5).
    erased BIGINT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- Every version of a result as it was delivered on a deelname; nothing is overwritten.
CREATE TABLE result (
    tenant TEXT NOT NULL,
    association TEXT NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    normed TEXT NOT NULL,
    examenversie TEXT,
    -- accepted, held (with a task) or aside (suspicious, to be read back).
    judgement TEXT NOT NULL,
    why TEXT NOT NULL,
    -- push, poll, read-back or host.
    source TEXT NOT NULL,
    message TEXT,
    revision BIGINT,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, association, seq)
);

-- The present result of a deelname.
CREATE TABLE result_head (
    tenant TEXT NOT NULL,
    association TEXT NOT NULL,
    peer TEXT NOT NULL,
    component TEXT NOT NULL,
    -- The examenversie; the component itself when the vendor names none.
    examenversie TEXT NOT NULL,
    seq BIGINT NOT NULL,
    judgement TEXT NOT NULL,
    why TEXT NOT NULL,
    normed TEXT NOT NULL,
    -- undecided, vastgesteld or upstream (decided by TA or an outside system).
    decided TEXT NOT NULL,
    decided_seq BIGINT,
    decision TEXT,
    -- The newest result version sent on in flow 5, and confirmed by the SIS.
    sent_seq BIGINT,
    confirmed_seq BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, association)
);
CREATE INDEX result_head_version ON result_head (tenant, peer, component, examenversie, association);

-- Whether the cesuur of an examenversie has been set, by whom and from which source.
CREATE TABLE examenversie (
    tenant TEXT NOT NULL,
    peer TEXT NOT NULL,
    component TEXT NOT NULL,
    -- The vendor's code of the version; the component itself when the vendor names none.
    code TEXT NOT NULL,
    normed TEXT NOT NULL,
    source TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, peer, component, code)
);

-- Decisions of the examencommissie, by a member or under a mandate that is printed on it.
CREATE TABLE decision (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    association TEXT NOT NULL,
    seq BIGINT NOT NULL,
    account TEXT NOT NULL,
    assignment TEXT NOT NULL,
    mandate BIGINT NOT NULL,
    -- Dutch: as it is printed, with the dates of the mandate.
    printed TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX decision_association ON decision (tenant, association);

-- Documents named in results and reports, kept as evidence and served under ids of our own (R27).
CREATE TABLE document (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    peer TEXT NOT NULL,
    peer_id TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    document_type TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT,
    size BIGINT,
    sha256 TEXT,
    -- Under which id the chunks lie: each try to fetch has one of its own.
    content TEXT,
    fetched_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX document_once ON document (tenant, peer, subject_kind, subject_id, peer_id);

CREATE TABLE document_chunk (
    tenant TEXT NOT NULL,
    content TEXT NOT NULL,
    seq BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (tenant, content, seq)
);

-- Messages, work and exceptions ----------------------------------------------------------------------------------

-- The inbox: what came in over a face and what was done with it. The content is sealed.
CREATE TABLE message (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    flow BIGINT NOT NULL,
    peer TEXT NOT NULL,
    method TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    -- applied, repeated (same as the present state), held or ignored.
    outcome TEXT NOT NULL,
    content BYTEA,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX message_subject ON message (tenant, subject_kind, subject_id);
CREATE INDEX message_day ON message (tenant, received_at);

-- Effects that follow a commit. A lane numbers its jobs; the open job with the lowest number is its head.
CREATE TABLE job (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    peer TEXT NOT NULL,
    flow BIGINT,
    lane TEXT NOT NULL,
    seq BIGINT NOT NULL,
    -- A deelname's job waits for its sitting's open jobs up to this number.
    parent_lane TEXT NOT NULL,
    parent_seq BIGINT NOT NULL,
    payload TEXT NOT NULL,
    -- Delivers the whole present state of its object, so that it may take the place of dead letters before it.
    full_state BIGINT NOT NULL,
    -- ready, running, done, dead, dismissed or superseded.
    state TEXT NOT NULL,
    open BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Failures held against the message itself, not against a receiver that is down.
    strikes BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    leased_by TEXT,
    leased_until BIGINT,
    last_error TEXT,
    blame TEXT,
    revision BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX job_lane ON job (tenant, lane, seq);
CREATE INDEX job_open ON job (tenant, lane, seq) WHERE open = 1;
CREATE INDEX job_ready ON job (tenant, peer, due_at, seq) WHERE open = 1 AND state = 'ready';
CREATE INDEX job_running ON job (leased_until) WHERE open = 1 AND state = 'running';
CREATE INDEX job_peer ON job (tenant, peer, state);

-- An exception that waits for a person: what, whose, and the next step.
CREATE TABLE task (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- The function that owns it: plannen, vaststellen, beheren.
    owner TEXT NOT NULL,
    unit TEXT,
    peer TEXT,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    -- Dutch, without personal data.
    title TEXT NOT NULL,
    next_step TEXT NOT NULL,
    open BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT,
    resolution TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX task_open ON task (tenant, opened_at) WHERE open = 1;
CREATE INDEX task_subject ON task (tenant, subject_kind, subject_id);

-- Tamper evidence ------------------------------------------------------------------------------------------------

-- A chain per tenant and writer; an entry's hash covers the one before it (invariant 10).
CREATE TABLE audit (
    tenant TEXT NOT NULL,
    writer TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    verb TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    digest TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant, writer, seq)
);
CREATE INDEX audit_subject ON audit (tenant, subject_kind, subject_id);

-- Signed heads of the chains, each naming the checkpoint before it; a copy of each leaves the database.
CREATE TABLE checkpoint (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    previous TEXT NOT NULL,
    heads TEXT NOT NULL,
    key_id TEXT NOT NULL,
    signature TEXT NOT NULL
);
-- One chain of checkpoints, also when several nodes make them.
CREATE UNIQUE INDEX checkpoint_chain ON checkpoint (previous);
