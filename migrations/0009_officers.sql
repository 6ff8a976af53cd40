-- What officers do: decisions by hand, closing a session, long operations. Rules of this folder: see 0001_init.sql.

-- From when on nothing is awarded in a session by itself.
alter table sessions add column closed_at bigint;

-- What an officer decided instead of the criteria; the latest of a learner, session and kind holds. Added to, never changed.
create table manual_decisions (
    session text not null references sessions (code),
    learner text not null references learners (id),
    kind text not null,
    number bigint not null,
    verdict text not null check (verdict in ('award', 'refuse', 'automatic')),
    reason text not null,
    decided_by text not null,
    decided_at bigint not null,
    primary key (session, learner, kind, number)
) /* strict */;

-- Work on many learners, done in parts by the queue: what was asked, how far it came, and what came of each.
create table operations (
    id text primary key,
    kind text not null,
    issuer text not null references issuers (code),
    session text not null references sessions (code),
    state text not null check (state in ('running', 'paused', 'needs_confirmation', 'done', 'failed', 'cancelled')),
    request text not null,
    place text not null,
    total bigint not null,
    done bigint not null,
    counts text not null,
    problem text,
    created_by text not null,
    created_at bigint not null,
    changed_at bigint not null
) /* strict */;
create index operations_issuer on operations (issuer, created_at, id);

create table operation_rows (
    operation text not null references operations (id),
    number bigint not null,
    learner text not null references learners (id),
    outcome text not null,
    document text not null,
    primary key (operation, number)
) /* strict */;
create index operation_rows_outcome on operation_rows (operation, outcome, number);
