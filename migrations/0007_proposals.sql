-- What sources named that nothing stands for yet. Rules of this folder: see 0001_init.sql.

-- `document` holds the ids and the names seen. `course`, `module` and `iri` are empty where they don't apply.
create table mapping_proposals (
    id text primary key,
    source text not null references sources (code),
    course text not null,
    module text not null,
    iri text not null,
    document text not null,
    state text not null check (state in ('open', 'dismissed')),
    first_seen bigint not null,
    last_seen bigint not null,
    unique (source, course, module, iri)
) /* strict */;
create index mapping_proposals_order on mapping_proposals (source, state, last_seen, id);

-- Which deliveries named it. They wait for it while they are parked.
create table mapping_proposal_deliveries (
    proposal text not null references mapping_proposals (id) on delete cascade,
    delivery text not null references deliveries (id) on delete cascade,
    primary key (proposal, delivery)
) /* strict */;
create index mapping_proposal_deliveries_delivery on mapping_proposal_deliveries (delivery);

-- For the health of a source: its latest deliveries, in any state and in one, and what was read from them.
create index deliveries_source on deliveries (source, received_at, id);
create index deliveries_source_state on deliveries (source, state, received_at, id);
create index evidence_delivery on evidence (delivery, at);
