#!lua
-- Gives a user a place in the queue; with the queue disabled, a pass at once.
--
-- Guarantees: one place for each user, however often and however parallel they join; a number is
-- given once, also when Redis forgets that it was. Before the sale opens the draw decides the
-- order, after it the number alone, and everybody who joined before it is ahead. A place that
-- Redis has lost comes back where it was, but no place that it knows is changed by a receipt. A
-- proof of work makes one place at most.
--
-- Numbers are taken from blocks that the ledger hands out, each once. A block ends early when the
-- event has moved to another node: a failover may have lost the last numbers that were given.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] passes (sorted set)
-- KEYS[5] admissions (hash)
-- KEYS[6] places (hash)
-- KEYS[7] seen (sorted set)
-- KEYS[8] away (sorted set)
--
-- ARGV[1] user
-- ARGV[2] draw, random, 0 to 2^20 - 1
-- ARGV[3] first number of a new block; 0 without one
-- ARGV[4] last number of it
-- ARGV[5] receipt: none | shown (says unknown_place if its owner is unknown here) | honoured (the
--   place comes back if its owner is unknown here)
-- ARGV[6] score in the receipt
-- ARGV[7] when its place was made, ms
-- ARGV[8] proof of work for a new place: free (none is asked for) | asked (none is shown) | shown
-- ARGV[9] when the challenge of the proof was made, ms
-- ARGV[10] how long a challenge is good for, ms
--
-- Returns the place, see includes/place_of.lua. More outcomes, none of which adds anything:
--   not_on_sale (cancelled or ended) | unknown_place (a receipt is shown of a place that is not
--   known here) | numbers_used_up (a new block is needed) | proof_required (a proof is missing, too
--   old, or older than the last place of the user: it made that one)
--   closed is also the answer to a newcomer when everything is sold.
--   A live pass and a place in the line are kept, and who was away is back at it; after a used or
--   expired pass there is a new number.
--
-- Bounds: no loops; O(log n) in the length of the queue.

-- @include clock_ms
-- @include place_of
-- @include see_user

local key = {
  settings = KEYS[1],
  counts = KEYS[2],
  queue = KEYS[3],
  passes = KEYS[4],
  admissions = KEYS[5],
  places = KEYS[6],
  seen = KEYS[7],
  away = KEYS[8],
}
local user, draw = ARGV[1], tonumber(ARGV[2])
local block_first, block_last = tonumber(ARGV[3]), tonumber(ARGV[4])
local receipt, receipt_score, receipt_joined_ms = ARGV[5], ARGV[6], ARGV[7]
local proof, challenged_ms, proof_life_ms = ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10])
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
  if place[1] == 'waiting' then
    see_user(key.queue, key.seen, key.away, user, now_ms)
  end
  return place
end

local queued = queue_enabled == '1'
local known = redis.call('HEXISTS', key.places, user) == 1
if queued and receipt == 'shown' and not known then
  place[1] = 'unknown_place'
  return place
end
local restores = queued and receipt == 'honoured' and not known
local last_joined_ms = place[15]
local is_proven = proof == 'shown' and challenged_ms > last_joined_ms
  and now_ms - challenged_ms <= proof_life_ms
if proof ~= 'free' and not restores and not is_proven then
  place[1] = 'proof_required'
  return place
end
-- Where a node has no id of its own there is no failover.
local node = redis.pcall('CLUSTER', 'MYID')
node = type(node) == 'string' and node or '-'
local number, ceiling = unpack(redis.call('HMGET', key.counts, 'number', 'number_ceiling'))
number, ceiling = tonumber(number), tonumber(ceiling)
local used_up = number >= ceiling
  or redis.call('HGET', key.settings, 'numbers_node') ~= node
if used_up and not restores and block_first <= number then
  place[1] = 'numbers_used_up'
  return place
end

-- After this point the script must succeed.
if restores then
  redis.call('ZADD', key.queue, 'NX', receipt_score, user)
  redis.call('ZADD', key.seen, string.format('%.0f', now_ms), user)
  redis.call('HSET', key.places, user, receipt_score .. ' ' .. receipt_joined_ms .. ' joined')
  return place_of(key, user, now_ms, 0)
end
if used_up then
  number = block_first - 1
  redis.call('HSET', key.counts, 'number_ceiling', block_last)
  redis.call('HSET', key.settings, 'numbers_node', node)
end
number = number + 1
redis.call('HSET', key.counts, 'number', number)
if now_ms >= tonumber(on_sale_at_ms) then
  draw = draw_after_opening
end
local score = string.format('%.0f', draw * draw_weight + number)
redis.call('HSET', key.places, user, string.format('%s %.0f joined', score, now_ms))
if queued then
  redis.call('ZADD', key.queue, score, user)
  redis.call('ZADD', key.seen, string.format('%.0f', now_ms), user)
else
  local expires_ms = now_ms + pass_ttl_ms
  redis.call('ZREM', key.queue, user)
  redis.call('ZREM', key.seen, user)
  redis.call('ZREM', key.away, user)
  redis.call('ZADD', key.passes, expires_ms, user)
  redis.call('HSET', key.admissions, user, string.format('%.0f.%.0f %.0f %.0f live %.0f',
    number, now_ms, now_ms, expires_ms, number))
  redis.call('HINCRBY', key.counts, 'admitted', 1)
end
return place_of(key, user, now_ms, 1)
