create table "notes" (
  "tenant_id" text not null,
  "id" text not null,
  "title" text not null,
  "body" text,
  "stars" integer not null default 0,
  "created_at" timestamptz(3) not null default current_timestamp,
  constraint "notes_pkey" primary key ("tenant_id", "id")
);
create unique index "notes_tenant_id_title_key" on "notes" ("tenant_id", "title");
create table "tags" (
  "tenant_id" text not null,
  "note_id" text not null,
  "label" text not null,
  constraint "tags_pkey" primary key ("tenant_id", "note_id", "label"),
  constraint "tags_tenant_id_note_id_fkey" foreign key ("tenant_id", "note_id")
    references "notes" ("tenant_id", "id") on delete cascade on update cascade
);

alter table "notes" enable row level security;
alter table "notes" force row level security;
create policy "tenant" on "notes" to __schema___app
  using ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''))
  with check ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''));
create policy "system" on "notes" to __schema___system using (true) with check (true);

alter table "tags" enable row level security;
alter table "tags" force row level security;
create policy "tenant" on "tags" to __schema___app
  using ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''))
  with check ("tenant_id" = nullif(current_setting('app.tenant_id', true), ''));
create policy "system" on "tags" to __schema___system using (true) with check (true);
