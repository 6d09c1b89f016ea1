-- The audit: one chain of links per tenant, each with the hash of the one before it.
create table audit_entries (
  tenant_id      text           not null,
  sequence       bigint         not null,
  event_id       text           not null,
  event_type     text           not null,
  action         text           not null,
  resource       text           not null,
  outcome        text           not null,
  principal_type text           not null,
  principal_id   text           not null,
  agent_id       text,
  run_id         text,
  request_id     text,
  correlation_id text           not null,
  -- JSON text, exactly as it was hashed: jsonb would reorder it.
  details        text           not null,
  happened_at    timestamptz(3) not null,
  previous_hash  text           not null,
  hash           text           not null,
  constraint audit_entries_pkey primary key (tenant_id, sequence)
);
create unique index audit_entries_event_key on audit_entries (tenant_id, event_id);
create index audit_entries_run_idx on audit_entries (tenant_id, run_id, sequence);
create index audit_entries_agent_idx on audit_entries (tenant_id, agent_id, sequence);
create index audit_entries_principal_idx on audit_entries (tenant_id, principal_id, sequence);
create index audit_entries_type_idx on audit_entries (tenant_id, event_type, sequence);
create index audit_entries_time_idx on audit_entries (tenant_id, happened_at);

-- The end of each tenant's chain: held while links are added, and what shows that the tail was cut off.
create table audit_heads (
  tenant_id text   not null,
  sequence  bigint not null,
  hash      text   not null,
  constraint audit_heads_pkey primary key (tenant_id)
);

-- Append-only, three times: no policy that lets anybody change or delete, no right to, and a trigger that refuses also the
-- owner and superusers. (Who may drop the trigger is found out by the chain.) Tenants only read: links are added by the one
-- writer, which works for all tenants.
alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy audit_entries_app on audit_entries for select to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy audit_entries_read on audit_entries for select to __schema___system using (true);
create policy audit_entries_append on audit_entries for insert to __schema___system with check (true);
revoke insert, update, delete, truncate on audit_entries from __schema___app;
revoke update, delete, truncate on audit_entries from __schema___system;

alter table audit_heads enable row level security;
alter table audit_heads force row level security;
create policy audit_heads_app on audit_heads for select to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy audit_heads_read on audit_heads for select to __schema___system using (true);
create policy audit_heads_begin on audit_heads for insert to __schema___system with check (true);
create policy audit_heads_move on audit_heads for update to __schema___system using (true) with check (true);
revoke insert, update, delete, truncate on audit_heads from __schema___app;
revoke delete, truncate on audit_heads from __schema___system;

create function refuse_change() returns trigger language plpgsql as $refuse$
begin
  raise exception 'the audit is append-only' using errcode = 'insufficient_privilege';
end
$refuse$;
create trigger audit_entries_append_only before update or delete on audit_entries
  for each row execute function refuse_change();
create trigger audit_entries_not_truncated before truncate on audit_entries
  for each statement execute function refuse_change();
create trigger audit_heads_stay before delete on audit_heads
  for each row execute function refuse_change();
create trigger audit_heads_not_truncated before truncate on audit_heads
  for each statement execute function refuse_change();

-- Who may do what: a tenant's own roles, who has them, and grants beyond roles.
create table roles (
  tenant_id     text           not null,
  name          text           not null,
  description   text           not null,
  permissions   jsonb          not null,
  inherits_from text[],
  created_at    timestamptz(3) not null,
  constraint roles_pkey primary key (tenant_id, name)
);
create table role_assignments (
  tenant_id    text           not null,
  principal_id text           not null,
  role         text           not null,
  assigned_at  timestamptz(3) not null,
  constraint role_assignments_pkey primary key (tenant_id, principal_id, role)
);
create table grants (
  tenant_id    text           not null,
  principal_id text           not null,
  resource     text           not null,
  level        text           not null check (level in ('read', 'execute', 'admin')),
  "except"     text[],
  expires_at   timestamptz(3),
  granted_at   timestamptz(3) not null,
  constraint grants_pkey primary key (tenant_id, principal_id, resource)
);
create table credentials (
  tenant_id    text not null,
  principal_id text not null,
  roles        text[],
  ends_at      timestamptz(3),
  constraint credentials_pkey primary key (tenant_id, principal_id)
);

-- The dashboard's numbers, kept up as events come in: nothing is ever counted by reading through rows.
create table counters (
  tenant_id text   not null,
  name      text   not null,
  value     bigint not null,
  constraint counters_pkey primary key (tenant_id, name)
);
create table agent_activity (
  tenant_id        text           not null,
  agent_id         text           not null,
  name             text,
  blueprint        text           not null,
  unfinished_runs  integer        not null default 0,
  awaiting_human   integer        not null default 0,
  last_activity_at timestamptz(3) not null,
  constraint agent_activity_pkey primary key (tenant_id, agent_id)
);
create index agent_activity_active_idx on agent_activity (tenant_id, agent_id) where unfinished_runs > 0;
create table unfinished_runs (
  tenant_id text    not null,
  run_id    text    not null,
  agent_id  text    not null,
  awaiting  boolean not null default false,
  constraint unfinished_runs_pkey primary key (tenant_id, run_id)
);

alter table roles enable row level security;
alter table roles force row level security;
create policy roles_app on roles to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy roles_system on roles to __schema___system using (true) with check (true);

alter table role_assignments enable row level security;
alter table role_assignments force row level security;
create policy role_assignments_app on role_assignments to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy role_assignments_system on role_assignments to __schema___system using (true) with check (true);

alter table grants enable row level security;
alter table grants force row level security;
create policy grants_app on grants to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy grants_system on grants to __schema___system using (true) with check (true);

alter table credentials enable row level security;
alter table credentials force row level security;
create policy credentials_app on credentials to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy credentials_system on credentials to __schema___system using (true) with check (true);

alter table counters enable row level security;
alter table counters force row level security;
create policy counters_app on counters to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy counters_system on counters to __schema___system using (true) with check (true);

alter table agent_activity enable row level security;
alter table agent_activity force row level security;
create policy agent_activity_app on agent_activity to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy agent_activity_system on agent_activity to __schema___system using (true) with check (true);

alter table unfinished_runs enable row level security;
alter table unfinished_runs force row level security;
create policy unfinished_runs_app on unfinished_runs to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy unfinished_runs_system on unfinished_runs to __schema___system using (true) with check (true);
