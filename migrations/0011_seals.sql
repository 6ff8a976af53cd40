-- Seals: the organisations' certificates, and the attestations sealed with them. Rules of this folder: see 0001_init.sql.

-- `certificates` is PEM, the seal's own first; `fingerprint` the SHA-256 of that one's DER. The private key lies in the keyring, by
-- its thumbprint. One seals for an issuer at a time.
create table seals (
    issuer text not null references issuers (code),
    fingerprint text not null,
    thumbprint text not null,
    certificates text not null,
    not_before bigint not null,
    not_after bigint not null,
    state text not null check (state in ('active', 'retired')),
    created_at bigint not null,
    retired_at bigint,
    primary key (issuer, fingerprint)
) /* strict */;
create unique index seals_active on seals (issuer) where state = 'active';

-- Attestations as they were sealed, once: `document` is encrypted by the caller, since the page shows a name, the secret that goes
-- with it and a link. Rows are deleted when personal data is erased.
create table sealed_attestations (
    credential text primary key references credentials (id),
    document text not null,
    fingerprint text not null,
    sealed_at bigint not null
) /* strict */;
