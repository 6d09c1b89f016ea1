-- Who asked what, and what came of it: nodes and edges made from events, which come in any order and more than once.
create table __schema__.graph_nodes (
  tenant_id  text           not null,
  kind       text           not null check (kind in ('Customer', 'Ticket', 'Agent', 'Article', 'Resolution')),
  node_id    text           not null,
  -- Of resolutions only. success: how the run ended; null until its end was heard of. approved: what a person decided.
  category   text,
  success    boolean,
  approved   boolean,
  properties jsonb          not null,
  created_at timestamptz(3) not null,
  constraint graph_nodes_pkey primary key (tenant_id, kind, node_id)
);

create index graph_nodes_category_idx on __schema__.graph_nodes (tenant_id, kind, category, created_at);

create table __schema__.graph_edges (
  tenant_id  text           not null,
  kind       text           not null,
  from_kind  text           not null,
  from_id    text           not null,
  to_kind    text           not null,
  to_id      text           not null,
  created_at timestamptz(3) not null,
  constraint graph_edges_pkey primary key (tenant_id, kind, from_kind, from_id, to_kind, to_id),
  constraint graph_edges_from_fkey foreign key (tenant_id, from_kind, from_id)
    references __schema__.graph_nodes (tenant_id, kind, node_id) on delete cascade on update cascade,
  constraint graph_edges_to_fkey foreign key (tenant_id, to_kind, to_id)
    references __schema__.graph_nodes (tenant_id, kind, node_id) on delete cascade on update cascade
);

create index graph_edges_from_idx on __schema__.graph_edges (tenant_id, from_kind, from_id);
create index graph_edges_to_idx on __schema__.graph_edges (tenant_id, to_kind, to_id);

alter table __schema__.graph_nodes enable row level security;
alter table __schema__.graph_nodes force row level security;
create policy graph_nodes_app on __schema__.graph_nodes to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy graph_nodes_system on __schema__.graph_nodes to __schema___system using (true) with check (true);

alter table __schema__.graph_edges enable row level security;
alter table __schema__.graph_edges force row level security;
create policy graph_edges_app on __schema__.graph_edges to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy graph_edges_system on __schema__.graph_edges to __schema___system using (true) with check (true);
