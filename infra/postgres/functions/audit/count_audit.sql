-- Counts what an audit came to.
CREATE OR REPLACE FUNCTION boxoffice.count_audit(
    p_event uuid, p_differences bigint, p_places bigint, p_counts bigint, p_buyers bigint,
    p_holds bigint, OUT audits bigint
)
LANGUAGE sql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    INSERT INTO audit_totals AS t (
        event_id, audits, differences, places, counts, buyers, holds
    ) VALUES (p_event, 1, p_differences, p_places, p_counts, p_buyers, p_holds)
    ON CONFLICT (event_id) DO UPDATE SET
        audits = t.audits + 1,
        differences = t.differences + p_differences,
        places = t.places + p_places,
        counts = t.counts + p_counts,
        buyers = t.buyers + p_buyers,
        holds = t.holds + p_holds
    RETURNING t.audits
$body$;
