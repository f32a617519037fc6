#!lua
-- Has changes of the maps of an event published for some time to come: a reader of its news calls
-- this every few seconds.
--
-- Guarantees: where they have gone unpublished for a while, an entry says so. A repeated call
-- changes nothing but for how long.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] seat_news (stream)
--
-- Returns {outcome, sale, version, serial}
--   outcome: watched | event_missing; then nothing follows
--   sale: where the sale stands, see includes/sale_state.lua
--   version: id of the newest news; serial: their serial number
--
-- Bounds: no loops.

-- @include clock_ms
-- @include sale_state
-- @include append_seat_news
-- @include watch_maps
-- @include expire_with_event

-- @keys

local now_ms = clock_ms()
local sale = sale_state(key.settings, now_ms)
if sale == 'missing' then
  return { 'event_missing' }
end

-- After this point the script must succeed.
local version, serial = watch_maps(key, now_ms)
expire_with_event(key.settings)
return { 'watched', sale, version, serial }
