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
--   away, queue_enabled, pace_max, blocked}
--   outcome: ok | event_missing (then all numbers but now_ms are 0)
--   active: passes out; available, sold, capacity: seats of the event; cancelled, paused: 0 or 1
--   outlook: the outlook published last, see includes/tell_pace.lua; '' for none
--   away: users who went away and whom the line has not passed; queue_enabled: 0 or 1
--   pace_max, blocked: the most let in per second, and whether somebody has to go first (0 or 1),
--     see the includes of these names
--
-- Bounds: no loops; O(log n) in the passes.

-- @include clock_ms
-- @include pass_clock_ms
-- @include pace_max
-- @include is_blocked

-- @keys

local now_ms = clock_ms()
local max_active, release_per_s, capacity, cancelled, paused, on_sale_at_ms, ends_at_ms, outlook,
  queue_enabled = unpack(redis.call('HMGET', key.settings, 'max_active', 'release_per_s',
    'capacity', 'cancelled', 'paused', 'on_sale_at_ms', 'ends_at_ms', 'outlook', 'queue_enabled'))
if not max_active then
  return { 'event_missing', 0, 0, 0, 0, 0, 0, 0, now_ms, 0, 0, 0, 0, '', 0, 0, 0, 0 }
end
local available, sold = unpack(redis.call('HMGET', key.counts, 'available', 'sold'))
local pass_now_ms = pass_clock_ms(key.settings, now_ms)
local active = redis.call('ZCOUNT', key.passes, string.format('(%.0f', pass_now_ms), '+inf')
return {
  'ok',
  redis.call('ZCARD', key.queue),
  active,
  tonumber(max_active), tonumber(release_per_s),
  tonumber(available), tonumber(sold), tonumber(capacity),
  now_ms, tonumber(cancelled), tonumber(paused), tonumber(on_sale_at_ms), tonumber(ends_at_ms),
  outlook or '', redis.call('ZCARD', key.away), tonumber(queue_enabled),
  pace_max(key.settings), is_blocked(queue_enabled, max_active, available, active) and 1 or 0,
}
