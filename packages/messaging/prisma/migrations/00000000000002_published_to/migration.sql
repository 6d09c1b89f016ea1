-- Which store of the broker took the event, and as which of its messages: so that what the broker has lost can be
-- told and published again. Both stay empty in process, where consumers themselves have taken the event.
alter table "outbox" add column "published_to" text;
alter table "outbox" add column "published_seq" bigint;
