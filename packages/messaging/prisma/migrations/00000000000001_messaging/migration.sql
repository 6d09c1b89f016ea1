-- Outbox, inbox, idempotency keys and dead letters of one service. Indexes that serve the relay and the sweeps, which
-- work for all tenants at once, begin with a time or the sequence instead of the tenant.

create table "outbox" (
  "tenant_id" text not null,
  "event_id" text not null,
  "seq" bigserial not null,
  "type" text not null,
  "resource" text not null,
  "envelope" text not null,
  "recorded_at" timestamptz(3) not null,
  "claimed_by" text,
  "claimed_until" timestamptz(3),
  "attempts" integer not null default 0,
  "not_before" timestamptz(3),
  "last_error" text,
  "published_at" timestamptz(3),
  constraint "outbox_pkey" primary key ("tenant_id", "event_id")
);
-- What the relay looks for, and what must go before it. Rows leave both indexes when they are published.
create index "outbox_waiting_idx" on "outbox" ("seq") where "published_at" is null;
create index "outbox_waiting_resource_idx" on "outbox" ("tenant_id", "resource", "seq") where "published_at" is null;
create index "outbox_published_idx" on "outbox" ("published_at") where "published_at" is not null;

create table "inbox" (
  "tenant_id" text not null,
  "durable" text not null,
  "event_id" text not null,
  "handled_at" timestamptz(3) not null,
  constraint "inbox_pkey" primary key ("tenant_id", "durable", "event_id")
);
create index "inbox_handled_at_idx" on "inbox" ("handled_at");

create table "idempotency_keys" (
  "tenant_id" text not null,
  "subject" text not null,
  "key" text not null,
  "body_hash" text not null,
  "answer" text not null,
  "answered_at" timestamptz(3) not null,
  constraint "idempotency_keys_pkey" primary key ("tenant_id", "subject", "key")
);
create index "idempotency_keys_answered_at_idx" on "idempotency_keys" ("answered_at");

create table "dead_letters" (
  "tenant_id" text not null,
  "durable" text not null,
  "event_id" text not null,
  "type" text not null,
  "envelope" text not null,
  "reason" text not null,
  "attempts" integer not null,
  "failed_at" timestamptz(3) not null,
  constraint "dead_letters_pkey" primary key ("tenant_id", "durable", "event_id")
);
create index "dead_letters_failed_at_idx" on "dead_letters" ("failed_at");

alter table "outbox" enable row level security;
alter table "outbox" force row level security;
create policy "tenant" on "outbox" to __schema___app
  using ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''))
  with check ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''));
create policy "system" on "outbox" to __schema___system using (true) with check (true);

alter table "inbox" enable row level security;
alter table "inbox" force row level security;
create policy "tenant" on "inbox" to __schema___app
  using ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''))
  with check ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''));
create policy "system" on "inbox" to __schema___system using (true) with check (true);

alter table "idempotency_keys" enable row level security;
alter table "idempotency_keys" force row level security;
create policy "tenant" on "idempotency_keys" to __schema___app
  using ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''))
  with check ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''));
create policy "system" on "idempotency_keys" to __schema___system using (true) with check (true);

alter table "dead_letters" enable row level security;
alter table "dead_letters" force row level security;
create policy "tenant" on "dead_letters" to __schema___app
  using ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''))
  with check ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''));
create policy "system" on "dead_letters" to __schema___system using (true) with check (true);
