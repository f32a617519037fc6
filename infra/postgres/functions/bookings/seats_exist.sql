-- Whether a section has the places that a booking wants: each seat written in its one way, inside
-- of the section, no seat twice. A second spelling (A-01-1) would be a second key of one seat.
CREATE OR REPLACE FUNCTION boxoffice.seats_exist(
    section boxoffice.sections, seats text[], quantity bigint
)
RETURNS boolean
LANGUAGE sql IMMUTABLE
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
    SELECT CASE section.kind
        WHEN 'standing' THEN cardinality(seats) = 0 AND quantity > 0
        ELSE quantity > 0 AND cardinality(seats) = quantity AND (
            SELECT count(DISTINCT seat) = quantity AND bool_and(CASE
                -- mutant: other-spellings-of-seats-are-sold
                WHEN seat ~ '^[A-Za-z0-9]{1,16}-[1-9][0-9]{0,5}-[1-9][0-9]{0,5}$' THEN
                    split_part(seat, '-', 1) = section.name
                    AND split_part(seat, '-', 2)::bigint <= section.row_count
                    AND split_part(seat, '-', 3)::bigint <= section.seats_per_row
                ELSE false
            END)
            FROM unnest(seats) AS seat
        )
    END
$body$;
