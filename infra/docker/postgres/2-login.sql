-- What the services log in as: the owner of its own tables and nothing more, so that row-level security binds it, too.
do $$ begin
  if not exists (select from pg_roles where rolname = 'support101') then create role support101 login createrole noinherit; end if;
  execute format('grant create on database %I to support101', current_database());
end $$;
grant create, usage on schema public to support101;
