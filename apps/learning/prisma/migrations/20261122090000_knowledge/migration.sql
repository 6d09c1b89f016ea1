create table __schema__.knowledge_revisions (
  tenant_id text   not null,
  revision  bigint not null,
  constraint knowledge_revisions_pkey primary key (tenant_id)
);

create table __schema__.articles (
  tenant_id       text           not null,
  article_id      text           not null,
  title           text           not null,
  content         text           not null,
  source_url      text,
  tags            text[]         default '{}',
  version         integer        not null default 1,
  indexed_version integer        not null default 0,
  indexed_with    text,
  revision        bigint         not null,
  length          integer        not null,
  created_at      timestamptz(3) not null,
  updated_at      timestamptz(3) not null,
  constraint articles_pkey primary key (tenant_id, article_id)
);

-- Vectors are plain bytes: a search compares them all in memory, exactly, so that no extension is needed.
create table __schema__.passages (
  tenant_id  text    not null,
  article_id text    not null,
  ordinal    integer not null,
  text       text    not null,
  vector     bytea,
  constraint passages_pkey primary key (tenant_id, article_id, ordinal),
  constraint passages_article_fkey foreign key (tenant_id, article_id)
    references __schema__.articles (tenant_id, article_id) on delete cascade on update cascade
);

-- The inverted index of full text. A GIN index on a tsvector would do nothing here: its operator is not leakproof, so
-- under row-level security Postgres does not use it. Equality of text is, and the tenant comes first in the key.
create table __schema__.postings (
  tenant_id  text    not null,
  lexeme     text    not null,
  article_id text    not null,
  in_title   integer not null,
  in_tags    integer not null,
  in_content integer not null,
  constraint postings_pkey primary key (tenant_id, lexeme, article_id),
  constraint postings_article_fkey foreign key (tenant_id, article_id)
    references __schema__.articles (tenant_id, article_id) on delete cascade on update cascade
);

create index postings_article_idx on __schema__.postings (tenant_id, article_id);

alter table __schema__.knowledge_revisions enable row level security;
alter table __schema__.knowledge_revisions force row level security;
create policy knowledge_revisions_app on __schema__.knowledge_revisions to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy knowledge_revisions_system on __schema__.knowledge_revisions to __schema___system using (true) with check (true);

alter table __schema__.articles enable row level security;
alter table __schema__.articles force row level security;
create policy articles_app on __schema__.articles to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy articles_system on __schema__.articles to __schema___system using (true) with check (true);

alter table __schema__.passages enable row level security;
alter table __schema__.passages force row level security;
create policy passages_app on __schema__.passages to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy passages_system on __schema__.passages to __schema___system using (true) with check (true);

alter table __schema__.postings enable row level security;
alter table __schema__.postings force row level security;
create policy postings_app on __schema__.postings to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy postings_system on __schema__.postings to __schema___system using (true) with check (true);
