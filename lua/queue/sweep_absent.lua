#!lua
-- Takes users out of the line who were not seen for abandon_after_ms: their places are kept aside,
-- and the line does not wait for them.
--
-- Guarantees: nobody's position changes, and nobody loses a place by it: a user who is seen before
-- the line has passed the place is back at once (see_users, join_queue). A user who was seen in
-- time is not swept. Time counts from the opening for those who joined before it, from the last
-- change of the setting, and from a time in which nobody swept: nobody could be seen then either.
-- Nobody is swept before the draw, which moves places of the queue.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] seen (sorted set)
-- KEYS[5] away (sorted set)
--
-- ARGV[1] limit, users at most
--
-- Returns {outcome, swept}
--   outcome: ok | event_missing
--
-- Bounds: 1000 users a call, so that one call takes a few milliseconds and unpack stays far below
--   its limit of 8000.

-- @include clock_ms
-- @include expire_with_event

-- @keys

local limit = math.min(tonumber(ARGV[1]), 1000)
-- Sweeps come each second. A longer gap is an outage.
local outage_ms = 30000

local abandon_after_ms, on_sale_at_ms, abandon_from_ms = unpack(redis.call('HMGET', key.settings,
  'abandon_after_ms', 'on_sale_at_ms', 'abandon_from_ms'))
if not on_sale_at_ms then
  return { 'event_missing', 0 }
end
abandon_after_ms = tonumber(abandon_after_ms or 0)
if abandon_after_ms == 0 or redis.call('HGET', key.counts, 'drawn') ~= '1' then
  return { 'ok', 0 }
end
local now_ms = clock_ms()
local swept_ms = tonumber(redis.call('HGET', key.counts, 'swept_ms') or 0)

-- After this point the script must succeed.
redis.call('HSET', key.counts, 'swept_ms', string.format('%.0f', now_ms))
-- mutant: an-outage-is-an-absence
if now_ms - swept_ms > outage_ms then
  abandon_from_ms = string.format('%.0f', now_ms)
  redis.call('HSET', key.settings, 'abandon_from_ms', abandon_from_ms)
end
local from_ms = math.max(tonumber(on_sale_at_ms), tonumber(abandon_from_ms or 0))
if now_ms < from_ms + abandon_after_ms then
  return { 'ok', 0 }
end
local absent = redis.call('ZRANGEBYSCORE', key.seen, '-inf',
  string.format('%.0f', now_ms - abandon_after_ms), 'LIMIT', 0, limit)
local swept = 0
for _, user in ipairs(absent) do
  local score = redis.call('ZSCORE', key.queue, user)
  if score then
    redis.call('ZADD', key.away, score, user)
    redis.call('ZREM', key.queue, user)
    swept = swept + 1
  end
end
if #absent > 0 then
  redis.call('ZREM', key.seen, unpack(absent))
end
expire_with_event(key.settings)
return { 'ok', swept }
