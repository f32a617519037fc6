#!lua flags=no-writes
-- Reads the length of the queue and what decides its pace.
--
-- Guarantees: changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] passes (sorted set)
-- KEYS[5] away (sorted set)
--
-- Returns {outcome, waiting, active, max_active, release_per_s, available, sold, capacity, now_ms,
--   cancelled, paused, on_sale_at_ms, ends_at_ms, outlook,
--   away}
--   outcome: ok | event_missing (then all numbers but now_ms are 0)
--   active: passes out; available, sold, capacity: seats of the event; cancelled, paused: 0 or 1
--   outlook: the outlook published last, see includes/tell_pace.lua; '' for none
--   away: users who went away and whom the line has not passed
--
-- Bounds: no loops; O(log n) in the passes.

-- @include clock_ms

-- @keys

local now_ms = clock_ms()
local max_active, release_per_s, capacity, cancelled, paused, on_sale_at_ms, ends_at_ms, outlook =
  unpack(redis.call('HMGET', key.settings, 'max_active', 'release_per_s', 'capacity', 'cancelled',
    'paused', 'on_sale_at_ms', 'ends_at_ms', 'outlook'))
if not max_active then
  return { 'event_missing', 0, 0, 0, 0, 0, 0, 0, now_ms, 0, 0, 0, 0, '', 0 }
end
local available, sold = unpack(redis.call('HMGET', key.counts, 'available', 'sold'))
return {
  'ok',
  redis.call('ZCARD', key.queue),
  redis.call('ZCOUNT', key.passes, string.format('(%.0f', now_ms), '+inf'),
  tonumber(max_active), tonumber(release_per_s),
  tonumber(available), tonumber(sold), tonumber(capacity),
  now_ms, tonumber(cancelled), tonumber(paused), tonumber(on_sale_at_ms), tonumber(ends_at_ms),
  outlook or '', redis.call('ZCARD', key.away),
}
