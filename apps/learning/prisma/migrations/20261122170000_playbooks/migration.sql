-- Drafts of what resolved cases of a category.
create table __schema__.playbooks (
  tenant_id     text           not null,
  playbook_id   text           not null,
  category      text           not null,
  blueprint     text           not null,
  status        text           not null default 'draft' check (status in ('draft')),
  steps         text[],
  -- SHA-256 over category, blueprint and steps: drafting again changes the draft of the same steps and makes no second one.
  fingerprint   text           not null,
  success_count integer        not null check (success_count >= 0),
  failure_count integer        not null check (failure_count >= 0),
  sources       text[],
  created_at    timestamptz(3) not null,
  updated_at    timestamptz(3) not null,
  constraint playbooks_pkey primary key (tenant_id, playbook_id),
  constraint playbooks_fingerprint_key unique (tenant_id, fingerprint)
);

create index playbooks_category_idx on __schema__.playbooks (tenant_id, category, playbook_id);

alter table __schema__.playbooks enable row level security;
alter table __schema__.playbooks force row level security;
create policy playbooks_app on __schema__.playbooks to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy playbooks_system on __schema__.playbooks to __schema___system using (true) with check (true);
