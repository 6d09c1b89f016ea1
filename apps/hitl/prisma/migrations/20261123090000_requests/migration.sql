-- Questions to people. The upper half of the columns never changes, the lower half is the request's life.
-- No foreign key to reviewers: who has no reviewer record may hold a request too, and closed ones outlive reviewers.
create table requests (
  tenant_id        text           not null,
  request_id       text           not null,
  type             text           not null,
  priority         text           not null constraint requests_priority_known check (
    priority in ('critical', 'high', 'medium', 'low')),
  -- The priority's place in the order of urgency, 0 first.
  rank             smallint       not null,
  title            text           not null,
  question         text           not null,
  options          text[],
  action           jsonb,
  draft            text,
  evidence         jsonb          not null,
  context          jsonb          not null,
  skills           text[],
  run_id           text,
  agent_id         text,
  escalation       jsonb,
  -- Who asked: a run, which waits for the answer, or a person.
  origin           text           not null constraint requests_origin_known check (origin in ('run', 'person')),
  correlation_id   text           not null,
  created_at       timestamptz(3) not null,
  sla_warn_at      timestamptz(3) not null,
  sla_deadline     timestamptz(3) not null,
  expires_at       timestamptz(3),

  status           text           not null constraint requests_status_known check (
    status in ('pending', 'assigned', 'completed', 'expired', 'cancelled')),
  assigned_to      text,
  claimed_by       text,
  claim_expires_at timestamptz(3),
  sla_warned_at    timestamptz(3),
  sla_breached_at  timestamptz(3),
  decision         text,
  reason           text,
  edits            jsonb,
  response         text,
  decided_digest   text,
  decided_by       text,
  closed_at        timestamptz(3),
  -- When something next falls due: a lease, the warning, the deadline, the expiry. Null once it is closed.
  next_due_at      timestamptz(3),
  version          integer        not null,
  constraint requests_pkey primary key (tenant_id, request_id)
);

-- The queue: only what is open, so that it stays small however many requests there were.
create index requests_open_idx on requests (tenant_id, rank, created_at, request_id) where status in ('pending', 'assigned');
-- What is closed, status by status, and everything together.
create index requests_closed_idx on requests (tenant_id, status, rank, created_at, request_id)
  where status in ('completed', 'expired', 'cancelled');
create index requests_tenant_id_rank_created_at_request_id_idx on requests (tenant_id, rank, created_at, request_id);
create index requests_assigned_to_idx on requests (tenant_id, assigned_to, rank, created_at, request_id)
  where assigned_to is not null;
create index requests_agent_id_idx on requests (tenant_id, agent_id, rank, created_at, request_id) where agent_id is not null;
-- What a reviewer has in hand counts against the reviewer's capacity.
create index requests_in_hand_idx on requests (tenant_id, assigned_to) where status = 'assigned';
create index requests_run_id_idx on requests (tenant_id, run_id) where run_id is not null;
-- Over all tenants, because timers are set for all of them at once.
create index requests_due_idx on requests (next_due_at, tenant_id, request_id) where next_due_at is not null;

-- One row per tenant with what its requests add up to. Written together with them: it makes the limit of open
-- requests exact, and spares the numbers a walk over all rows.
create table queue_totals (
  tenant_id        text    not null,
  open_count       integer not null default 0,
  escalations_open integer not null default 0,
  escalations      integer not null default 0,
  completed        integer not null default 0,
  expired          integer not null default 0,
  cancelled        integer not null default 0,
  breached         integer not null default 0,
  -- Summed up from opening to decision, in milliseconds.
  decision_ms      bigint  not null default 0,
  constraint queue_totals_pkey primary key (tenant_id)
);

create table reviewers (
  tenant_id        text           not null,
  reviewer_id      text           not null,
  name             text           not null,
  principal_id     text,
  skills           text[],
  capacity         integer        not null,
  available        boolean        not null,
  -- Among equals, who was last given something longest ago is next.
  last_assigned_at timestamptz(3),
  version          integer        not null,
  created_at       timestamptz(3) not null,
  updated_at       timestamptz(3) not null,
  constraint reviewers_pkey primary key (tenant_id, reviewer_id)
);
create unique index reviewers_tenant_id_principal_id_key on reviewers (tenant_id, principal_id);

create table calendars (
  tenant_id   text           not null,
  calendar_id text           not null,
  name        text           not null,
  time_zone   text           not null,
  weekly      jsonb          not null,
  holidays    text[],
  version     integer        not null,
  created_at  timestamptz(3) not null,
  updated_at  timestamptz(3) not null,
  constraint calendars_pkey primary key (tenant_id, calendar_id)
);

create table sla_policies (
  tenant_id   text           not null,
  policy_id   text           not null,
  name        text           not null,
  minutes     jsonb          not null,
  calendar_id text,
  created_at  timestamptz(3) not null,
  constraint sla_policies_pkey primary key (tenant_id, policy_id),
  constraint sla_policies_tenant_id_calendar_id_fkey foreign key (tenant_id, calendar_id)
    references calendars (tenant_id, calendar_id) on delete restrict on update restrict
);

create table escalation_policies (
  tenant_id   text           not null,
  policy_id   text           not null,
  name        text           not null,
  description text,
  rules       jsonb          not null,
  enabled     boolean        not null,
  version     integer        not null,
  created_at  timestamptz(3) not null,
  updated_at  timestamptz(3) not null,
  constraint escalation_policies_pkey primary key (tenant_id, policy_id)
);

do $$
declare
  name text;
begin
  foreach name in array array['requests', 'queue_totals', 'reviewers', 'calendars', 'sla_policies', 'escalation_policies'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to __schema___app using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')) '
      || 'with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), ''''))', name);
    execute format('create policy system on %I to __schema___system using (true) with check (true)', name);
  end loop;
end
$$;
