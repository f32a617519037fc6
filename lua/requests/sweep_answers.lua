#!lua flags=allow-oom
-- Forgets idempotency entries past their age.
--
-- Guarantees: an entry younger than max_age_ms stays.
--
-- KEYS[1] answers (hash)
-- KEYS[2] answer_times (sorted set)
--
-- ARGV[1] max_age_ms
-- ARGV[2] limit, entries at most
--
-- Returns {removed}
--
-- Bounds: 1000 entries a call, far below unpack's limit of 8000.

-- @include clock_ms

-- @keys

local max_age_ms, limit = tonumber(ARGV[1]), math.min(tonumber(ARGV[2]), 1000)

local newest_ms = clock_ms() - max_age_ms
local old = redis.call('ZRANGEBYSCORE', key.answer_times, '-inf', string.format('%.0f', newest_ms),
  'LIMIT', 0, limit)
if #old == 0 then
  return { 0 }
end

-- After this point the script must succeed.
redis.call('HDEL', key.answers, unpack(old))
redis.call('ZREM', key.answer_times, unpack(old))
return { #old }
