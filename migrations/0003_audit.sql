-- The audit trail, and the last decision on each ledger. Rules of this folder: see 0001_init.sql.

-- Who did what and when: added to, never changed. `document` is the canonical JSON (RFC 8785) whose SHA-256 is `hash`; each names
-- the hash before it. The other columns repeat what it says, to find it by.
create table audit_entries (
    sequence bigint primary key,
    at bigint not null,
    action text not null,
    issuer text,
    learner_key text,
    text_digest text,
    document text not null,
    hash text not null
) /* strict */;
create index audit_entries_issuer on audit_entries (issuer, sequence);
create index audit_entries_learner on audit_entries (learner_key, sequence) where learner_key is not null;

-- The end of the chain, and the turnstile of whoever adds to it.
create table audit_head (
    one bigint primary key check (one = 1),
    sequence bigint not null,
    hash text not null
) /* strict */;
insert into audit_head (one, sequence, hash)
    values (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Free text, outside the chain: an entry holds the digest of salt and text, so that a text can be deleted and the chain still holds.
create table audit_texts (
    digest text primary key,
    salt text not null,
    text text not null
) /* strict */;

-- The random key under which the chain knows a person. Without the row, nobody can tell whom an entry is about.
create table audit_people (
    key text primary key,
    kind text not null check (kind in ('learner', 'operator')),
    subject text not null,
    unique (kind, subject)
) /* strict */;

-- What was decided last about a ledger, so that only a decision that differs is one more entry.
create table decisions (
    session text not null,
    learner text not null references learners (id),
    kind text not null,
    outcome text not null check (outcome in ('met', 'unmet')),
    digest text not null,
    decided_at bigint not null,
    primary key (session, learner, kind)
) /* strict */;
