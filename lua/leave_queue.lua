#!lua flags=allow-oom
-- Takes a user out of the queue and takes an unused pass back.
--
-- Guarantees: afterwards the user has no place and no live pass. A used pass stays on record, so
-- that it is still refused as used.
--
-- KEYS[1] settings (hash)
-- KEYS[2] queue (sorted set)
-- KEYS[3] passes (sorted set)
-- KEYS[4] admissions (hash)
--
-- ARGV[1] user
--
-- Returns {outcome}: left | absent | event_missing
--
-- Bounds: no loops; O(log n) in the length of the queue.

local settings, queue, passes, admissions = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local user = ARGV[1]

if redis.call('HEXISTS', settings, 'generation') == 0 then
  return { 'event_missing' }
end
local admission = redis.call('HGET', admissions, user)
local has_pass = admission and string.find(admission, ' live ', 1, true)

-- After this point the script must succeed.
local removed = redis.call('ZREM', queue, user)
if has_pass then
  redis.call('ZREM', passes, user)
  removed = removed + redis.call('HDEL', admissions, user)
end
return { removed > 0 and 'left' or 'absent' }
