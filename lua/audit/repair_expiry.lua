#!lua flags=allow-oom
-- Makes the times at which holds end fit the holds: every hold ends, and nothing else does.
--
-- Guarantees: a hold that has a time keeps it. A repeated call changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] bookings (hash)
-- KEYS[3] expiry (sorted set)
--
-- ARGV[1] generation that was audited
-- ARGV[2..] bookings
--
-- Returns {outcome, repaired}
--   outcome: repaired | superseded (another generation is open, or none)
--
-- Bounds: 1000 bookings; the rest is ignored.

-- @include parse_hold
-- @include expire_with_event

-- @keys

local bookings_max = 1000

if redis.call('HGET', key.settings, 'generation') ~= ARGV[1] then
  return { 'superseded', 0 }
end

-- After this point the script must succeed.
local repaired = 0
for index = 2, math.min(#ARGV, 1 + bookings_max) do
  local record = redis.call('HGET', key.bookings, ARGV[index])
  if record then
    local expires_ms = parse_hold(record).expires_ms
    repaired = repaired + redis.call('ZADD', key.expiry, 'NX', expires_ms, ARGV[index])
  else
    repaired = repaired + redis.call('ZREM', key.expiry, ARGV[index])
  end
end
expire_with_event(key.settings)
return { 'repaired', repaired }
