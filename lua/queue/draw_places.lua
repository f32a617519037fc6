#!lua
-- Moves those who joined before the opening to the places they have drawn, a batch at a time, and
-- says whose turn it is next; when nobody is left the draw is done.
--
-- Guarantees: only a place whose order is still its bare number is moved, so batches may come
-- twice, in any order and from many workers; the draw is done in the one step that finds nobody
-- left. The count is the one that the ledger has made durable.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] places (hash)
-- KEYS[5] feed (stream): told when the draw is done
--
-- ARGV[1] how many numbers are drawn for
-- ARGV[2..] user, bare number, drawn order as draw * 2^32 + number; and so on
--
-- Returns {outcome, user, bare number, …}: more (the next users) | drawn (now or before) |
--   event_missing
--
-- Bounds: 1000 users in and out.

-- @include tell_waiting

local settings, counts, queue, places, feed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local count = ARGV[1]
local users_max = 1000

if redis.call('HEXISTS', settings, 'generation') == 0 then
  return { 'event_missing' }
elseif redis.call('HGET', counts, 'drawn') == '1' then
  return { 'drawn' }
end

-- After this point the script must succeed.
redis.call('HSET', counts, 'draw_count', count)
for index = 2, #ARGV, 3 do
  local user, bare, order = unpack(ARGV, index, index + 2)
  if redis.call('ZSCORE', queue, user) == bare then
    redis.call('ZADD', queue, order, user)
    local rest = string.match(redis.call('HGET', places, user) or '', '^' .. bare .. '( %d+ %l+)$')
    if rest then
      redis.call('HSET', places, user, order .. rest)
    end
  end
end
local left = redis.call('ZRANGEBYSCORE', queue, '-inf', '(4294967296', 'WITHSCORES', 'LIMIT', 0,
  users_max)
-- mutant: drawn-with-some-left
if #left > 0 then
  return { 'more', unpack(left) }
end
redis.call('HSET', counts, 'drawn', 1)
tell_waiting(counts, feed, 'anew')
return { 'drawn' }
