-- Which tenants' nodes and edges also stand in the graph of Apache AGE. A tenant without a row is read from the tables.
create table __schema__.graph_projections (
  tenant_id text    not null,
  -- Of which graph: one that was dropped and made again has another number, so nobody stands in it.
  graph     text    not null,
  -- The rebuild that made it; a later one takes it from the one before.
  build     text    not null,
  -- False while it is being built: written already, read not yet.
  whole     boolean not null,
  constraint graph_projections_pkey primary key (tenant_id)
);

alter table __schema__.graph_projections enable row level security;
alter table __schema__.graph_projections force row level security;
create policy graph_projections_app on __schema__.graph_projections to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy graph_projections_system on __schema__.graph_projections to __schema___system using (true) with check (true);
