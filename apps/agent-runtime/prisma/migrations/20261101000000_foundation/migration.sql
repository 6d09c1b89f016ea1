-- What tenants make: agents.
create table agents (
  tenant_id         text not null,
  id                text not null,
  name              text not null,
  description       text,
  blueprint         text not null,
  blueprint_version text not null,
  status            text not null constraint agents_status_known check (status in ('active', 'disabled')),
  config            jsonb not null,
  version           integer not null,
  created_at        timestamptz(3) not null,
  updated_at        timestamptz(3) not null,
  constraint agents_pkey primary key (tenant_id, id)
);
create index agents_tenant_id_blueprint_id_idx on agents (tenant_id, blueprint, id);

-- One row per run, written when it is accepted, when a worker first takes it, and when it ends.
-- No foreign key to agents: finished runs stay readable when their agent is deleted.
create table runs (
  tenant_id         text not null,
  id                text not null,
  agent_id          text not null,
  blueprint         text not null,
  blueprint_version text not null,
  config            jsonb not null,
  input             jsonb not null,
  status            text not null constraint runs_status_known check (
    status in ('queued', 'running', 'awaiting_human', 'completed', 'failed', 'cancelled', 'timed_out')),
  output            jsonb,
  outcome           text,
  error_code        text,
  error_detail      text,
  steps_count       integer not null default 0,
  input_tokens      integer not null default 0,
  output_tokens     integer not null default 0,
  cost_micro_usd    bigint not null default 0,
  model             text,
  correlation_id    text not null,
  traceparent       text,
  created_at        timestamptz(3) not null,
  started_at        timestamptz(3),
  completed_at      timestamptz(3),
  constraint runs_pkey primary key (tenant_id, id)
);
create index runs_tenant_id_agent_id_id_idx on runs (tenant_id, agent_id, id);
create index runs_tenant_id_status_id_idx on runs (tenant_id, status, id);

-- One narrow row per unfinished run: who may write its journal now (fence), and how far it is. It goes when the run
-- ends, so the table stays as small as the work in hand. Every append touches it; room in the page keeps that a
-- heap-only update, for which no column that an append changes may be indexed.
create table run_leases (
  tenant_id      text not null,
  run_id         text not null,
  agent_id       text not null,
  owner          text,
  fence          integer not null default 0,
  expires_at     timestamptz(3) not null,
  timeout_ms     integer not null,
  deadline_at    timestamptz(3),
  steps_count    integer not null default 0,
  input_tokens   integer not null default 0,
  output_tokens  integer not null default 0,
  cost_micro_usd bigint not null default 0,
  model          text,
  constraint run_leases_pkey primary key (tenant_id, run_id)
) with (fillfactor = 50);
create index run_leases_expires_at_idx on run_leases (expires_at);
create index run_leases_tenant_id_agent_id_idx on run_leases (tenant_id, agent_id);

-- The journal: one row per finished step, never changed. `change` is the step's JSON Patch on the run's state; every
-- so often `snapshot` holds the whole state instead. The lease row stands for the foreign key to runs: no append
-- without it.
create table run_steps (
  tenant_id      text not null,
  run_id         text not null,
  step           integer not null,
  action         text not null,
  outcome        text not null,
  result         jsonb not null,
  tools          jsonb not null,
  change         jsonb,
  snapshot       jsonb,
  fence          integer not null,
  input_tokens   integer not null,
  output_tokens  integer not null,
  cost_micro_usd bigint not null,
  model          text,
  duration_ms    integer not null,
  completed_at   timestamptz(3) not null,
  constraint run_steps_pkey primary key (tenant_id, run_id, step)
);

do $$
declare
  name text;
begin
  foreach name in array array['agents', 'runs', 'run_leases', 'run_steps'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to __schema___app using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')) '
      || 'with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), ''''))', name);
    execute format('create policy system on %I to __schema___system using (true) with check (true)', name);
  end loop;
end
$$;
