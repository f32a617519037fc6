-- Sagas for operators, newest first, after the one at (p_before_ms, p_before) if given.
CREATE OR REPLACE FUNCTION boxoffice.list_sagas(
    p_status text, p_limit bigint, p_before_ms bigint, p_before text
)
RETURNS SETOF boxoffice.saga_row
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT saga_row_of(s)
    FROM sagas AS s
    WHERE s.status = p_status
        AND (s.created_at, s.id)
            < (coalesce(instant(p_before_ms), 'infinity'::timestamptz), coalesce(p_before, ''))
    ORDER BY s.created_at DESC, s.id DESC LIMIT p_limit
$body$;
