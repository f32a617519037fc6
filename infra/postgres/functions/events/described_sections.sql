-- Sections as the organiser describes them, in order. Sizes that do not belong to the kind are
-- ignored.
CREATE OR REPLACE FUNCTION boxoffice.described_sections(described jsonb)
RETURNS TABLE (
    name text, place bigint, kind text, row_count bigint, seats_per_row bigint, capacity bigint,
    price bigint
)
LANGUAGE sql IMMUTABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT
        item.section ->> 'name',
        item.place,
        item.section ->> 'kind',
        size.row_count,
        size.seats_per_row,
        CASE item.section ->> 'kind'
            WHEN 'seated' THEN size.row_count * size.seats_per_row
            ELSE (item.section ->> 'capacity')::bigint
        END,
        (item.section ->> 'price')::bigint
    FROM jsonb_array_elements(described) WITH ORDINALITY AS item (section, place),
        LATERAL (SELECT
            CASE item.section ->> 'kind'
                WHEN 'seated' THEN (item.section ->> 'rows')::bigint ELSE 0
            END AS row_count,
            CASE item.section ->> 'kind'
                WHEN 'seated' THEN (item.section ->> 'seats_per_row')::bigint ELSE 0
            END AS seats_per_row
        ) AS size
    ORDER BY item.place;
$body$;
