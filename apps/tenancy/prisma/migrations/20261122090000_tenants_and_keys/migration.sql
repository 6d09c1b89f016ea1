-- A tenant's own row is the tenant's: the id is its own tenant_id.
create table __schema__.tenants (
  tenant_id          text           not null,
  name               text           not null,
  tier               text           not null check (tier in ('free', 'starter', 'professional', 'enterprise')),
  status             text           not null check (status in ('pending', 'active', 'suspended', 'deactivated')),
  status_reason      text,
  own_limits         jsonb          not null default '{}',
  allowed_blueprints text[]         default '{}',
  settings           jsonb          not null default '{}',
  version            integer        not null default 1,
  created_at         timestamptz(3) not null,
  updated_at         timestamptz(3) not null,
  activated_at       timestamptz(3),
  suspended_at       timestamptz(3),
  deleted_at         timestamptz(3),
  constraint tenants_pkey primary key (tenant_id)
);

create table __schema__.api_keys (
  tenant_id    text           not null,
  key_id       text           not null,
  name         text           not null,
  public_id    text           not null,
  secret_hash  bytea          not null check (length(secret_hash) = 32),
  roles        text[],
  created_at   timestamptz(3) not null,
  expires_at   timestamptz(3),
  revoked_at   timestamptz(3),
  rotated_at   timestamptz(3),
  last_used_at timestamptz(3),
  constraint api_keys_pkey primary key (tenant_id, key_id),
  constraint api_keys_tenant_id_fkey foreign key (tenant_id) references __schema__.tenants (tenant_id)
    on delete restrict on update restrict
);

-- Over all tenants, because the tenant is what is looked for.
create unique index api_keys_public_id_key on __schema__.api_keys (public_id);

alter table __schema__.tenants enable row level security;
alter table __schema__.tenants force row level security;
create policy tenants_app on __schema__.tenants to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy tenants_system on __schema__.tenants to __schema___system using (true) with check (true);

alter table __schema__.api_keys enable row level security;
alter table __schema__.api_keys force row level security;
create policy api_keys_app on __schema__.api_keys to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy api_keys_system on __schema__.api_keys to __schema___system using (true) with check (true);
