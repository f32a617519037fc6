-- An event with its sections, in the shape that the ledger crate reads.
CREATE OR REPLACE FUNCTION boxoffice.event_document(event boxoffice.events) RETURNS text
LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT json_build_object(
        'id', event.id,
        'name', event.name,
        'description', event.description,
        'venue', event.venue,
        'time_zone', event.time_zone,
        'starts_at_ms', unix_ms(event.starts_at),
        'ends_at_ms', unix_ms(event.ends_at),
        'on_sale_at_ms', unix_ms(event.on_sale_at),
        'created_at_ms', unix_ms(event.created_at),
        'currency', event.currency,
        'sale', event.sale,
        'paused', event.paused,
        'cancelled', event.cancelled,
        'sold_out', event.sold_out,
        'generation', event.generation,
        'settings_version', event.settings_version,
        'sections_version', event.sections_version,
        'draw_commitment', event.draw_commitment,
        'draw_count', event.draw_count,
        'capacity', coalesce(sum(section.capacity), 0)::bigint,
        'sections', coalesce(json_agg(json_build_object(
            'name', section.name,
            'kind', section.kind,
            'rows', section.row_count,
            'seats_per_row', section.seats_per_row,
            'capacity', section.capacity,
            'price', section.price
        ) ORDER BY section.place) FILTER (WHERE section.name IS NOT NULL), '[]'::json)
    )::text
    FROM (VALUES (1)) AS one
    LEFT JOIN sections AS section ON section.event_id = event.id;
$body$;
