-- The files of this folder are run once, by the superuser, when the data folder is new.
create extension if not exists vector;
create extension if not exists age;

-- What only a superuser may say, and row-level security needs to use an index of a graph (packages/database/src/graph.ts).
alter function ag_catalog.agtype_eq(ag_catalog.agtype, ag_catalog.agtype) leakproof;
alter function ag_catalog.graphid_eq(ag_catalog.graphid, ag_catalog.graphid) leakproof;
alter function ag_catalog.agtype_access_operator(ag_catalog.agtype[]) leakproof;
