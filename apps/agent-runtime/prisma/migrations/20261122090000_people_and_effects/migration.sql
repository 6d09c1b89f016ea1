-- A run that waits for a person keeps its lease row without a holder: the request it waits for, and when it has been
-- decided, the decision that is still to be applied. What is left of its time is put back into timeout_ms meanwhile.
-- Decisions are steps of the journal that do not count as the agent's.
alter table run_leases
  add column request_id text,
  add column decisions integer not null default 0;

-- What runs asked people, and what was decided. `content` is what the person is shown, `subject` what the runtime needs
-- to go on; `visible` is set when the request stands in the queue. Kept when the run has ended.
create table run_requests (
  tenant_id  text not null,
  id         text not null,
  run_id     text not null,
  step       integer not null,
  content    jsonb not null,
  subject    jsonb not null,
  visible    boolean not null default false,
  decision   jsonb,
  created_at timestamptz(3) not null,
  decided_at timestamptz(3),
  constraint run_requests_pkey primary key (tenant_id, id)
);
create index run_requests_tenant_id_run_id_step_idx on run_requests (tenant_id, run_id, step);

-- The ledger of effects: one row per call of a tool that changes something outside the run, written before the call.
create table effects (
  tenant_id    text not null,
  run_id       text not null,
  step         integer not null,
  tool         text not null,
  position     integer not null,
  tool_version text not null,
  arguments    jsonb not null,
  fence        integer not null,
  attempt      integer not null default 1,
  request_id   text,
  state        text not null constraint effects_state_known check (state in ('pending', 'committed', 'unknown')),
  result       jsonb,
  created_at   timestamptz(3) not null,
  settled_at   timestamptz(3),
  constraint effects_pkey primary key (tenant_id, run_id, step, tool, position)
);

-- One approval, one effect.
create unique index effects_tenant_id_request_id_key on effects (tenant_id, request_id);

-- Tickets that runs opened for customers.
create table tickets (
  tenant_id   text not null,
  id          text not null,
  run_id      text not null,
  agent_id    text not null,
  customer_id text,
  subject     text not null,
  description text not null,
  priority    text not null,
  effect_key  text not null,
  created_at  timestamptz(3) not null,
  constraint tickets_pkey primary key (tenant_id, id)
);
create unique index tickets_tenant_id_effect_key_key on tickets (tenant_id, effect_key);

do $$
declare
  name text;
begin
  foreach name in array array['run_requests', 'effects', 'tickets'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to __schema___app using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')) '
      || 'with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), ''''))', name);
    execute format('create policy system on %I to __schema___system using (true) with check (true)', name);
  end loop;
end
$$;
