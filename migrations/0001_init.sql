-- Sceau, first schema. Valid PostgreSQL as it stands; for SQLite the runner (src/store/migrations.rs) turns `bigint` into
-- `integer` and `/* strict */` into `strict`. Only two column types: `text` (ids, words, JSON documents, base64) and `bigint`
-- (counts, and moments in microseconds since 1970-01-01T00:00:00Z). Documents are never `jsonb`: that would reorder them.
-- This file never changes once released: its SHA-256 is recorded, and an altered one is refused.

-- What belongs to the installation as a whole, such as its public URL.
create table settings (
    name text primary key,
    value text not null
) /* strict */;

-- One row that counts the changes of the catalog, the learners and the keys. Whoever parks or blocks work for want of
-- something locks it, and sees whether something came since it looked.
create table catalog_revision (
    one bigint primary key check (one = 1),
    revision bigint not null
) /* strict */;
insert into catalog_revision (one, revision) values (1, 0);

-- ---- Catalog

create table issuers (
    code text primary key,
    document text not null
) /* strict */;

create table trainings (
    code text primary key,
    issuer text not null references issuers (code),
    document text not null
) /* strict */;

create table sessions (
    code text primary key,
    training text not null references trainings (code),
    issuer text references issuers (code),
    document text not null
) /* strict */;
create index sessions_training on sessions (training);

create table sources (
    code text primary key,
    issuer text not null references issuers (code),
    document text not null
) /* strict */;

-- Encrypted by the caller; several, so that they can rotate.
create table source_secrets (
    source text not null references sources (code),
    place bigint not null,
    secret text not null,
    primary key (source, place)
) /* strict */;

create table learners (
    id text primary key,
    source text not null references sources (code),
    external_id text not null,
    name text,
    email text,
    changed_at bigint not null,
    unique (source, external_id)
) /* strict */;
create index learners_external on learners (external_id);

-- ---- Intake and queue

create table deliveries (
    id text primary key,
    source text not null,
    webhook_id text not null,
    received_at bigint not null,
    body text not null,
    body_sha256 text not null,
    state text not null check (state in ('queued', 'parked', 'processed', 'dead')),
    reason text,
    wait_key text,
    unique (source, webhook_id)
) /* strict */;
create index deliveries_waiting on deliveries (wait_key) where state = 'parked';
create index deliveries_received on deliveries (received_at, id);
create index deliveries_state on deliveries (state, received_at, id);

-- A finished job is deleted, with its effects, in one transaction. `ready`: never claimed since it was enqueued; `leased`;
-- `again`: to be tried again; `dead`. `claims` only grows and fences every effect of whoever claimed; `attempt` counts the tries
-- since the job was enqueued or revived.
create table jobs (
    id text primary key,
    task text not null,
    state text not null check (state in ('ready', 'leased', 'again', 'dead')),
    run_at bigint not null,
    attempt bigint not null,
    claims bigint not null,
    worker text,
    leased_until bigint,
    error text
) /* strict */;
-- Only work that nobody has looked at yet can stand in for the same work asked for again.
create unique index jobs_ready_once on jobs (task) where state = 'ready';
create index jobs_due on jobs (run_at, id) where state in ('ready', 'again');
create index jobs_leased on jobs (leased_until) where state = 'leased';

create table evidence (
    key text primary key,
    session text not null,
    learner text not null references learners (id),
    at bigint not null,
    document text not null,
    delivery text,
    recorded_at bigint not null
) /* strict */;
create index evidence_ledger on evidence (session, learner);

-- ---- Keys (the public part)

create table issuer_keys (
    key_id text primary key,
    issuer text not null references issuers (code),
    thumbprint text not null,
    public_multibase text not null,
    state text not null check (state in ('active', 'retired')),
    created_at bigint not null,
    retired_at bigint
) /* strict */;
create unique index issuer_keys_active on issuer_keys (issuer) where state = 'active';
create index issuer_keys_issuer on issuer_keys (issuer, created_at);

-- ---- Awards and credentials

-- What was achieved, under the hash that is its public id: never changed, never deleted.
create table achievements (
    hash text primary key,
    document text not null
) /* strict */;

create table awards (
    id text primary key,
    session text not null references sessions (code),
    learner text not null references learners (id),
    kind text not null,
    subject text not null unique,
    issuer text not null references issuers (code),
    awarded_at bigint not null,
    state text not null check (state in ('blocked', 'issuing', 'issued')),
    state_document text not null,
    achievement text not null references achievements (hash),
    issuer_document text not null,
    recipient_document text not null,
    activity_start bigint,
    activity_end bigint,
    name_secret text not null,
    qr_token text not null,
    download_token text not null,
    qr_lookup text not null unique,
    download_lookup text not null unique,
    qr_ended_at bigint,
    unique (session, learner, kind)
) /* strict */;
create index awards_learner on awards (learner);
create index awards_order on awards (awarded_at, id);
create index awards_issuer on awards (issuer, awarded_at, id);
create index awards_state on awards (state, awarded_at, id);
create index awards_blocked on awards (issuer) where state = 'blocked';

create table status_lists (
    id text primary key,
    issuer text not null references issuers (code),
    size bigint not null,
    allocated bigint not null,
    state text not null check (state in ('open', 'closed')),
    revision bigint not null,
    published_revision bigint,
    published_document text,
    published_until bigint
) /* strict */;
create unique index status_lists_open on status_lists (issuer) where state = 'open';

create table credentials (
    id text primary key,
    award text not null references awards (id),
    version bigint not null,
    issuer text not null references issuers (code),
    key_id text not null references issuer_keys (key_id),
    status_list text not null references status_lists (id),
    status_index bigint not null,
    valid_from bigint not null,
    recipient_document text not null,
    unsigned_document text not null,
    signed_document text,
    signed_sha256 text,
    revoked_at bigint,
    revoked_category text,
    revoked_text text,
    revoked_by text,
    replaced_by text,
    unique (award, version),
    unique (status_list, status_index)
) /* strict */;
create index credentials_revoked on credentials (status_list, status_index) where revoked_at is not null;

-- ---- Access and attention

create table api_tokens (
    id text primary key,
    label text not null,
    issuer text not null,
    scopes text not null,
    secret_sha256 text not null unique,
    created_at bigint not null,
    expires_at bigint not null,
    revoked_at bigint
) /* strict */;

create table alerts (
    kind text not null,
    award text not null references awards (id),
    session text not null,
    learner text not null,
    document text not null,
    raised_at bigint not null,
    settled_at bigint,
    primary key (kind, award)
) /* strict */;
create index alerts_open on alerts (raised_at) where settled_at is null;
