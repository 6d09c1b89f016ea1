-- What people decided, as later runs use it. The text that searches find stands in articles, under the path's id.
create table __schema__.golden_paths (
  tenant_id     text           not null,
  path_id       text           not null,
  -- SHA-256 over blueprint and question: the tenant is part of the key, so no two tenants ever share a path.
  fingerprint   text           not null,
  blueprint     text           not null,
  question      text           not null,
  answer        text           not null,
  origin        text           not null check (origin in ('approved', 'corrected')),
  steps         text[],
  evidence      text[],
  run_id        text           not null,
  request_id    text,
  decided_by    text,
  success_count integer        not null default 0 check (success_count >= 0),
  failure_count integer        not null default 0 check (failure_count >= 0),
  use_count     integer        not null default 0 check (use_count >= 0),
  status        text           not null default 'active' check (status in ('active', 'retired')),
  created_at    timestamptz(3) not null,
  updated_at    timestamptz(3) not null,
  constraint golden_paths_pkey primary key (tenant_id, path_id),
  constraint golden_paths_fingerprint_key unique (tenant_id, fingerprint)
);

create table __schema__.feedback (
  tenant_id    text           not null,
  feedback_id  text           not null,
  ticket_id    text,
  run_id       text,
  score        real           not null check (score between 1 and 5),
  comment      text,
  principal_id text           not null,
  created_at   timestamptz(3) not null,
  constraint feedback_pkey primary key (tenant_id, feedback_id)
);

create index feedback_run_idx on __schema__.feedback (tenant_id, run_id);

alter table __schema__.golden_paths enable row level security;
alter table __schema__.golden_paths force row level security;
create policy golden_paths_app on __schema__.golden_paths to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy golden_paths_system on __schema__.golden_paths to __schema___system using (true) with check (true);

alter table __schema__.feedback enable row level security;
alter table __schema__.feedback force row level security;
create policy feedback_app on __schema__.feedback to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy feedback_system on __schema__.feedback to __schema___system using (true) with check (true);
