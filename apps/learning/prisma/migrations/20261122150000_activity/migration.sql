-- What happened in a tenant, as its activity list shows it. Every row comes from an event; the text is ours, never a customer's.
create table __schema__.activity (
  tenant_id      text           not null,
  event_id       text           not null,
  type           text           not null,
  resource       text           not null,
  principal_type text           not null,
  principal_id   text           not null,
  outcome        text           not null,
  run_id         text,
  agent_id       text,
  request_id     text,
  summary        text           not null,
  happened_at    timestamptz(3) not null,
  constraint activity_pkey primary key (tenant_id, event_id)
);

-- Both are read backwards: newest first.
create index activity_happened_idx on __schema__.activity (tenant_id, happened_at, event_id);
create index activity_type_idx on __schema__.activity (tenant_id, type, happened_at, event_id);

alter table __schema__.activity enable row level security;
alter table __schema__.activity force row level security;
create policy activity_app on __schema__.activity to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy activity_system on __schema__.activity to __schema___system using (true) with check (true);
