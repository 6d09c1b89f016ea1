-- A rule that stops a change where it is written: a transaction of one round trip is committed before anybody could look
-- at an answer, so what must not become true has to fail. The message is the reason, for the program that asked.
create function stop_unless(kept boolean, reason text) returns boolean language plpgsql as $$
begin
  if not kept then
    raise exception using errcode = 'S1STP', message = reason;
  end if;
  return true;
end
$$;
