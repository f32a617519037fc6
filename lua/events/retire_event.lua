#!lua flags=allow-oom
-- Lets the keys of an event that is over expire, so that Redis does not keep them for ever. The
-- ledger answers for the event then.
--
-- Guarantees: the keys of an event that is not over do not expire. A repeated call changes nothing.
-- A key that a script makes later expires with the others, see includes/expire_with_event.lua.
--
-- These are all keys of an event: keys::all is made from this list.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] passes (sorted set)
-- KEYS[5] admissions (hash)
-- KEYS[6] places (hash)
-- KEYS[7] holders (hash)
-- KEYS[8] bookings (hash)
-- KEYS[9] expiry (sorted set)
-- KEYS[10] buyers (hash)
-- KEYS[11] resolved (hash)
-- KEYS[12] answers (hash)
-- KEYS[13] answer_times (sorted set)
-- KEYS[14] seen (sorted set)
-- KEYS[15] away (sorted set)
-- KEYS[16] addresses (hash)
-- KEYS[17] contacts (hash)
-- KEYS[18] units_left (hash)
-- KEYS[19] journal (stream)
-- KEYS[20] feed (stream)
-- KEYS[21] seat_news (stream)
-- KEYS[22..] map of each seated section (string)
--
-- ARGV[1] how long they stay after the end of the event, or after it was cancelled, ms; one hour
--   from now at least
-- ARGV[2] 1 when the ledger says that the event is over: a half-built one expires too; else 0
--
-- Returns {outcome}: retired | kept (not over) | event_missing
--
-- Bounds: 64 sections, so 85 keys.

-- @include clock_ms

-- @keys

local keep_ms, is_over = tonumber(ARGV[1]), ARGV[2] == '1'
local hour_ms = 3600000

local ends_at_ms, cancelled =
  unpack(redis.call('HMGET', key.settings, 'ends_at_ms', 'cancelled'))
if not ends_at_ms and not is_over then
  return { 'event_missing' }
end
local now_ms = clock_ms()
local end_ms = math.min(tonumber(ends_at_ms or now_ms), now_ms)
local ttl_ms = redis.call('PTTL', key.settings)

-- After this point the script must succeed.
if ends_at_ms and cancelled ~= '1' and now_ms < tonumber(ends_at_ms) then
  -- The end may have been moved after the event had been over.
  for _, name in ipairs(KEYS) do
    redis.call('PERSIST', name)
  end
  return { 'kept' }
end
local until_ms = math.max(end_ms + keep_ms, now_ms + hour_ms)
if ttl_ms > 0 then
  until_ms = math.min(until_ms, now_ms + ttl_ms)
end
for _, name in ipairs(KEYS) do
  redis.call('PEXPIREAT', name, string.format('%.0f', until_ms))
end
return { 'retired' }
