-- The index by sequence is for whoever asks for all that waits, and says so by `seq > 0`. Without that condition nothing
-- that is about one resource can be answered from it: in a quiet hour it looks as small to Postgres as the index by
-- resource, and a plan that is kept from then reads the whole backlog with each event.
drop index "outbox_waiting_idx";
create index "outbox_waiting_idx" on "outbox" ("seq") where "published_at" is null and "seq" > 0;
