-- The totals of an event, or with NULL of all.
CREATE OR REPLACE FUNCTION boxoffice.read_audit_totals(
    p_event uuid, OUT audits bigint, OUT differences bigint, OUT places bigint, OUT counts bigint,
    OUT buyers bigint, OUT holds bigint, OUT rebuilds bigint, OUT double_holds bigint
)
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT coalesce(sum(t.audits), 0)::bigint, coalesce(sum(t.differences), 0)::bigint,
        coalesce(sum(t.places), 0)::bigint, coalesce(sum(t.counts), 0)::bigint,
        coalesce(sum(t.buyers), 0)::bigint, coalesce(sum(t.holds), 0)::bigint,
        coalesce(sum(t.rebuilds), 0)::bigint,
        (SELECT count(*) FROM double_holds AS d WHERE p_event IS NULL OR d.event_id = p_event)
    FROM audit_totals AS t WHERE p_event IS NULL OR t.event_id = p_event
$body$;
