-- One learner under several names. Rules of this folder: see 0001_init.sql.

-- Where the identifiers of a source mean something: one site of one issuer (`site:{issuer}:{url}`), else the source alone
-- (`source:{code}`).
alter table sources add column namespace text not null default '';
update sources set namespace = 'source:' || code;

-- The learner who stands for this one: itself, or the one that it turned out to be. Evidence and awards keep the id that they were
-- made for; they are read over all who stand for one.
alter table learners add column canonical text not null default '';
update learners set canonical = id;
create index learners_canonical on learners (canonical);

-- The turnstile of whoever learns of identifiers in a namespace.
create table learner_namespaces (
    name text primary key
) /* strict */;

create table learner_identifiers (
    namespace text not null,
    kind text not null check (kind in ('id', 'username', 'email')),
    value text not null,
    learner text not null references learners (id),
    since bigint not null,
    primary key (namespace, kind, value)
) /* strict */;
create index learner_identifiers_learner on learner_identifiers (learner);
create index learner_identifiers_value on learner_identifiers (value);
insert into learner_identifiers (namespace, kind, value, learner, since)
    select 'source:' || source, 'id', external_id, id, changed_at from learners;

-- Two learners whom somebody declared to be two people: nothing merges them by itself again.
create table learners_apart (
    one text not null references learners (id),
    other text not null references learners (id),
    since bigint not null,
    primary key (one, other)
) /* strict */;
