-- Telling others: messages, where they go, and lanes that keep them from holding up each other or what is ours to do. Rules of this
-- folder: see 0001_init.sql.

-- Jobs of the lane `work` are ours alone; each other lane leads to one server elsewhere.
alter table jobs add column lane text not null default 'work';
drop index jobs_due;
create index jobs_due on jobs (lane, run_at, id) where state in ('ready', 'again');
create index jobs_due_sends on jobs (run_at, id, lane) where lane <> 'work' and state in ('ready', 'again');

-- A lane whose server failed several times in a row rests for a while.
create table lanes (
    lane text primary key,
    failures bigint not null,
    rests_until bigint
) /* strict */;

create table webhook_endpoints (
    issuer text not null references issuers (code),
    name text not null,
    document text not null,
    state text not null check (state in ('active', 'disabled')),
    changed_at bigint not null,
    primary key (issuer, name)
) /* strict */;

-- Encrypted by the caller; those that were replaced sign on until they end.
create table webhook_secrets (
    issuer text not null,
    endpoint text not null,
    place bigint not null,
    secret text not null,
    ends_at bigint,
    primary key (issuer, endpoint, place)
) /* strict */;

-- What somebody is to be told: made in the transaction that makes it true. No name and no address: a message is composed from its
-- award when it is sent. `endpoint` is null for e-mail, `award` and `learner` for a ping. `learner` is who stood for the award's
-- learner when the message was made, and `called` the id by which the source knew them, unless that was an address: so neither a merge
-- nor an id that becomes known changes what is said.
create table messages (
    id text primary key,
    channel text not null check (channel in ('webhook', 'mail')),
    issuer text not null references issuers (code),
    endpoint text,
    event text not null,
    award text references awards (id),
    learner text references learners (id),
    called text,
    credential text references credentials (id),
    reasons text not null,
    created_at bigint not null,
    state text not null check (state in ('pending', 'sent', 'dead', 'skipped')),
    attempts bigint not null,
    first_try_at bigint,
    next_at bigint,
    error text,
    sent_at bigint
) /* strict */;
create index messages_issuer on messages (issuer, created_at, id);
create index messages_state on messages (state, created_at, id);
create index messages_award on messages (award) where award is not null;
