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

do $$
declare
  name text;
begin
  foreach name in array array['activity', 'articles', 'feedback', 'golden_paths', 'graph_nodes', 'graph_edges',
                              'graph_projections', 'playbooks'] loop
    execute format('create trigger %I before insert on __schema__.%I for each row execute function __schema__.skip_deleted()',
                   name || '_of_the_living', name);
  end loop;
end
$$;
