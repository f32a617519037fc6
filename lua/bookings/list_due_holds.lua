#!lua flags=no-writes
-- Lists holds whose time is over, the longest overdue first.
--
-- Guarantees: changes nothing.
--
-- KEYS[1] expiry (sorted set)
--
-- ARGV[1] limit, holds at most
--
-- Returns {now_ms, booking, …}: none to as many as the limit
--
-- Bounds: 100 holds, as many as expire_holds takes.

-- @include clock_ms

-- @keys

local limit = math.min(tonumber(ARGV[1]), 100)

local now_ms = clock_ms()
local due = redis.call('ZRANGEBYSCORE', key.expiry, '-inf', string.format('%.0f', now_ms),
  'LIMIT', 0, limit)
return { now_ms, unpack(due) }
