-- Who has a place under a limit. Without an end it is kept until it is given back; with one it is a lease.
create table __schema__.usage_places (
  tenant_id  text not null,
  limit_name text not null check (limit_name in ('agents', 'concurrentExecutions', 'hitlQueueSize', 'vectorDocuments')),
  holder     text not null,
  expires_at timestamptz(3),
  constraint usage_places_pkey primary key (tenant_id, limit_name, holder)
);
create index usage_places_leases_idx on __schema__.usage_places (tenant_id, limit_name, expires_at) where expires_at is not null;

-- How many places are kept, and the row whose lock lets one change of the places come after the other. Leases are not in
-- it: they end by themselves. Updated often and in place.
create table __schema__.usage_counters (
  tenant_id  text    not null,
  limit_name text    not null,
  kept       integer not null default 0 check (kept >= 0),
  constraint usage_counters_pkey primary key (tenant_id, limit_name)
) with (fillfactor = 50);

-- What happened, each fact once per record. Never changed; removed only with its tenant.
create table __schema__.usage_ledger (
  tenant_id      text           not null,
  record_id      text           not null,
  kind           text           not null,
  at             timestamptz(3) not null,
  input_tokens   bigint         not null default 0,
  output_tokens  bigint         not null default 0,
  cost_micro_usd bigint         not null default 0,
  constraint usage_ledger_pkey primary key (tenant_id, record_id, kind)
);

-- The ledger added up by calendar month in UTC (YYYY-MM), in the transaction that writes it.
create table __schema__.usage_months (
  tenant_id      text    not null,
  period         text    not null,
  kind           text    not null,
  count          integer not null,
  input_tokens   bigint  not null,
  output_tokens  bigint  not null,
  cost_micro_usd bigint  not null,
  constraint usage_months_pkey primary key (tenant_id, period, kind)
) with (fillfactor = 50);

alter table __schema__.usage_places enable row level security;
alter table __schema__.usage_places force row level security;
create policy usage_places_app on __schema__.usage_places to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy usage_places_system on __schema__.usage_places to __schema___system using (true) with check (true);

alter table __schema__.usage_counters enable row level security;
alter table __schema__.usage_counters force row level security;
create policy usage_counters_app on __schema__.usage_counters to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy usage_counters_system on __schema__.usage_counters to __schema___system using (true) with check (true);

-- No policy for updates: what was written stays as it was written.
alter table __schema__.usage_ledger enable row level security;
alter table __schema__.usage_ledger force row level security;
create policy usage_ledger_read on __schema__.usage_ledger for select to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy usage_ledger_append on __schema__.usage_ledger for insert to __schema___app
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy usage_ledger_remove on __schema__.usage_ledger for delete to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy usage_ledger_system on __schema__.usage_ledger for select to __schema___system using (true);

alter table __schema__.usage_months enable row level security;
alter table __schema__.usage_months force row level security;
create policy usage_months_app on __schema__.usage_months to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy usage_months_system on __schema__.usage_months to __schema___system using (true) with check (true);
