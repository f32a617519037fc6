-- Events that the provider's webhook has not brought, and who asks the provider for them.

-- The provider's lists of events that are read, and how far. One row each: a list that is due is
-- taken by one worker, whichever instance it runs in.
CREATE TABLE boxoffice.event_lists (
    name text COLLATE "C" PRIMARY KEY CHECK (name IN ('undelivered', 'refunds')),
    due_at timestamptz NOT NULL DEFAULT '-infinity',
    -- The event behind which the next run goes on; NULL when the last one came to the end.
    after_event text
);
INSERT INTO boxoffice.event_lists (name) VALUES ('undelivered'), ('refunds');

-- Takes the lists that are due; each is due again after p_every_ms. Two workers get different ones.
CREATE FUNCTION boxoffice.claim_event_lists(p_every_ms bigint)
RETURNS TABLE (name text, after_event text)
LANGUAGE sql
SET search_path = boxoffice, pg_temp
AS $body$
    UPDATE event_lists AS l SET due_at = now() + p_every_ms * interval '1 ms'
    WHERE l.name IN (
        SELECT due.name FROM event_lists AS due
        WHERE due.due_at <= now() ORDER BY due.name FOR UPDATE SKIP LOCKED
    )
    RETURNING l.name, l.after_event
$body$;

-- Notes where the next run goes on, NULL for nowhere.
CREATE FUNCTION boxoffice.note_event_list(p_name text, p_after_event text, OUT noted boolean)
LANGUAGE plpgsql
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    UPDATE event_lists AS l SET after_event = p_after_event WHERE l.name = p_name;
    noted := FOUND;
END
$body$;

-- Those of p_ids that no webhook and no list has brought yet.
CREATE FUNCTION boxoffice.unrecorded_events(p_ids text[]) RETURNS TABLE (id text)
LANGUAGE sql STABLE
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT given.id FROM unnest(p_ids) AS given (id)
    WHERE NOT EXISTS (SELECT FROM provider_events AS kept WHERE kept.id = given.id)
$body$;
