-- Secrets are sealed (AES-256-GCM): nonce, ciphertext and tag in one value; the key is not in the database.
create table __schema__.sources (
  tenant_id               text           not null,
  source_id               text           not null,
  provider                text           not null check (provider in ('zendesk', 'slack', 'jira', 'generic')),
  name                    text           not null,
  enabled                 boolean        not null default true,
  secret_version          integer        not null,
  secret_key_id           text,
  sealed_secret           bytea,
  previous_secret_version integer,
  previous_secret_key_id  text,
  previous_sealed_secret  bytea,
  previous_secret_until   timestamptz(3),
  version                 integer        not null default 1,
  created_at              timestamptz(3) not null,
  updated_at              timestamptz(3) not null,
  deleted_at              timestamptz(3),
  constraint sources_pkey primary key (tenant_id, source_id),
  constraint sources_secret_check check (deleted_at is not null or (sealed_secret is not null and secret_key_id is not null))
);

-- Over all tenants, because the tenant is what is looked for.
create unique index sources_source_id_key on __schema__.sources (source_id);

-- A delivery is the same by the id its provider gives it, or by the SHA-256 of what was signed.
create table __schema__.inbound (
  tenant_id   text           not null,
  inbound_id  text           not null,
  source_id   text           not null,
  type        text           not null,
  delivery_id text,
  digest      bytea          not null check (length(digest) = 32),
  external_id text,
  body        bytea          not null,
  duplicates  integer        not null default 0,
  received_at timestamptz(3) not null,
  constraint inbound_pkey primary key (tenant_id, inbound_id),
  constraint inbound_source_fkey foreign key (tenant_id, source_id) references __schema__.sources (tenant_id, source_id)
    on delete cascade on update restrict
);

create unique index inbound_delivery_key on __schema__.inbound (tenant_id, source_id, delivery_id);
create unique index inbound_digest_key on __schema__.inbound (tenant_id, source_id, digest);
create index inbound_source_received_idx on __schema__.inbound (tenant_id, source_id, received_at);
-- For the sweep that deletes what is old, of all tenants.
create index inbound_received_idx on __schema__.inbound (received_at);

alter table __schema__.sources enable row level security;
alter table __schema__.sources force row level security;
create policy sources_app on __schema__.sources to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy sources_system on __schema__.sources to __schema___system using (true) with check (true);

alter table __schema__.inbound enable row level security;
alter table __schema__.inbound force row level security;
create policy inbound_app on __schema__.inbound to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy inbound_system on __schema__.inbound to __schema___system using (true) with check (true);
