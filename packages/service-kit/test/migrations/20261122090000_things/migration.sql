-- Of the demo service in service.int-spec.ts.
create table __schema__.things (name text primary key);
