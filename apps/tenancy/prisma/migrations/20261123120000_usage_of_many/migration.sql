-- The use of several tenants is written in one commit, which the system role makes. Still nobody may change a row.
create policy usage_ledger_append_system on __schema__.usage_ledger for insert to __schema___system with check (true);
