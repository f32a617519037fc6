#!lua
-- Notes that a buyer has reserved in an event, so that the buyer's list knows where to look.
--
-- Guarantees: the event is among the latest of this buyer. A repeated call changes the time alone.
-- The note ends by itself.
--
-- KEYS[1] own_events (sorted set)
--
-- ARGV[1] event
-- ARGV[2] how many events are kept, the latest ones
-- ARGV[3] how long the note stays after the latest one, ms
--
-- Returns {events}: how many are kept now
--
-- Bounds: no loops.

-- @include clock_ms

-- @keys

local event, events_max, life_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- After this point the script must succeed.
redis.call('ZADD', key.own_events, clock_ms(), event)
redis.call('ZREMRANGEBYRANK', key.own_events, 0, -events_max - 1)
redis.call('PEXPIRE', key.own_events, life_ms)
return { redis.call('ZCARD', key.own_events) }
