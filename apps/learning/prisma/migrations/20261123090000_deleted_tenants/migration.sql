-- Tenants that were deleted for good. Events of theirs may come later than the one that says so, in any order.
create table __schema__.deleted_tenants (
  tenant_id text not null,
  constraint deleted_tenants_pkey primary key (tenant_id)
);

alter table __schema__.deleted_tenants enable row level security;
alter table __schema__.deleted_tenants force row level security;
create policy deleted_tenants_app on __schema__.deleted_tenants to __schema___app
  using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
  with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create policy deleted_tenants_system on __schema__.deleted_tenants to __schema___system using (true) with check (true);

-- Who writes a tenant's row holds the lock that burying the tenant waits for: after that, every such row is there to be
-- deleted, or is not written any more. The second statement sees what was committed while the first one waited.
create function __schema__.is_deleted(tenant text) returns boolean language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('learning tenant ' || tenant));
  return exists (select from __schema__.deleted_tenants d where d.tenant_id = tenant);
end
$$;

create function __schema__.skip_deleted() returns trigger language plpgsql as $$
begin
  if __schema__.is_deleted(new.tenant_id) then
    return null;
  end if;
  return new;
end
$$;

create trigger activity_of_the_living before insert on __schema__.activity
  for each row execute function __schema__.skip_deleted();
create trigger articles_of_the_living before insert on __schema__.articles
  for each row execute function __schema__.skip_deleted();
create trigger feedback_of_the_living before insert on __schema__.feedback
  for each row execute function __schema__.skip_deleted();
create trigger golden_paths_of_the_living before insert on __schema__.golden_paths
  for each row execute function __schema__.skip_deleted();
create trigger graph_nodes_of_the_living before insert on __schema__.graph_nodes
  for each row execute function __schema__.skip_deleted();
create trigger graph_edges_of_the_living before insert on __schema__.graph_edges
  for each row execute function __schema__.skip_deleted();
create trigger graph_projections_of_the_living before insert on __schema__.graph_projections
  for each row execute function __schema__.skip_deleted();
create trigger playbooks_of_the_living before insert on __schema__.playbooks
  for each row execute function __schema__.skip_deleted();
