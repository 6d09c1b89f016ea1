-- What the consumers and handlers of the tests do: each row is one effect.
create table "effects" (
  "tenant_id" text not null,
  "seq" bigserial not null,
  "name" text not null,
  constraint "effects_pkey" primary key ("tenant_id", "seq")
);
alter table "effects" enable row level security;
alter table "effects" force row level security;
create policy "tenant" on "effects" to __schema___app
  using ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''))
  with check ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''));
create policy "system" on "effects" to __schema___system using (true) with check (true);
