#!lua
-- Gives a user a place in the queue; with the queue disabled, a pass at once.
--
-- Guarantees: one place for each user, however often and however parallel they join; a number is
-- given once. Before the sale opens the draw decides the order, after it the number alone, and
-- everybody who joined before it is ahead.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] passes (sorted set)
-- KEYS[5] admissions (hash)
--
-- ARGV[1] user
-- ARGV[2] draw, random, 0 to 2^20 - 1
--
-- Returns the place, see includes/place_of.lua. One more outcome: not_on_sale (cancelled or ended;
--   not added). closed is also the answer to a newcomer when everything is sold (not added).
--   A live pass and a place in the line are kept; after a used or expired pass there is a new
--   number.
--
-- Bounds: no loops; O(log n) in the length of the queue.

-- @include clock_ms
-- @include place_of

local key = {
  settings = KEYS[1],
  counts = KEYS[2],
  queue = KEYS[3],
  passes = KEYS[4],
  admissions = KEYS[5],
}
local user, draw = ARGV[1], tonumber(ARGV[2])
-- A place is draw * 2^32 + number, below 2^53: a double keeps it exactly.
local draw_after_opening, draw_weight = 1048576, 4294967296

local now_ms = clock_ms()
local place = place_of(key, user, now_ms, 0)
if place[1] == 'event_missing' then
  return place
end
local cancelled, ends_at_ms, on_sale_at_ms, capacity, queue_enabled, pass_ttl_ms =
  unpack(redis.call('HMGET', key.settings, 'cancelled', 'ends_at_ms', 'on_sale_at_ms', 'capacity',
    'queue_enabled', 'pass_ttl_ms'))
if cancelled == '1' or now_ms >= tonumber(ends_at_ms) then
  place[1] = 'not_on_sale'
  return place
end
if redis.call('HGET', key.counts, 'sold') == capacity then
  place[1] = 'closed'
  return place
end
if place[1] == 'admitted' or (place[1] == 'waiting' and queue_enabled == '1') then
  return place
end

-- After this point the script must succeed.
local number = redis.call('HINCRBY', key.counts, 'number', 1)
if queue_enabled == '1' then
  if now_ms >= tonumber(on_sale_at_ms) then
    draw = draw_after_opening
  end
  redis.call('ZADD', key.queue, string.format('%.0f', draw * draw_weight + number), user)
else
  local expires_ms = now_ms + pass_ttl_ms
  redis.call('ZREM', key.queue, user)
  redis.call('ZADD', key.passes, expires_ms, user)
  redis.call('HSET', key.admissions, user, string.format('%.0f.%.0f %.0f %.0f live %.0f',
    number, now_ms, now_ms, expires_ms, number))
  redis.call('HINCRBY', key.counts, 'admitted', 1)
end
return place_of(key, user, now_ms, 1)
