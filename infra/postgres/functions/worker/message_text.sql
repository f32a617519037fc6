-- A message as it is sent.
--
-- No SECURITY DEFINER: only computes.
CREATE OR REPLACE FUNCTION boxoffice.message_text(kind text, data json) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN json_build_object(
    'type', kind,
    'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', data
)::text;
