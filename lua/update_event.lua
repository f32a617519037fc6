#!lua
-- Changes settings of an open event: times, limits, the queue, paused, cancelled.
--
-- Guarantees: all fields or none; an event that is not open stays that way.
--
-- KEYS[1] settings (hash)
--
-- ARGV[1..] field and new value of each setting that changes
--
-- Returns {outcome}: updated | event_missing
--
-- Bounds: as many fields as the settings have.

local settings = KEYS[1]

if redis.call('HEXISTS', settings, 'generation') == 0 then
  return { 'event_missing' }
end

-- After this point the script must succeed.
redis.call('HSET', settings, unpack(ARGV, 1))
return { 'updated' }
