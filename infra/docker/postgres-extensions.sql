-- Run once, by the superuser, when the data folder is new.
create extension if not exists vector;
create extension if not exists age;
grant usage on schema ag_catalog to public;
