-- The login makes each schema's graph, and lets the schema's roles use it.
grant usage on schema ag_catalog to support101 with grant option;
grant select, insert, update, delete on all tables in schema ag_catalog to support101 with grant option;
