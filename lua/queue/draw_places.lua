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
-- KEYS[5] feed (stream): news that the draw is done
--
-- ARGV[1] how many numbers are drawn for
-- ARGV[2..] user, bare number, drawn order as draw * 2^32 + number; and so on
--
-- Returns {outcome, user, bare number, …}: more (the next users) | drawn (now or before) |
--   event_missing
--
-- Bounds: 1000 users in and out.

-- @include line_order
-- @include tell_waiting
-- @include expire_with_event

-- @keys

local count = ARGV[1]
local users_max = 1000

if redis.call('HEXISTS', key.settings, 'generation') == 0 then
  return { 'event_missing' }
elseif redis.call('HGET', key.counts, 'drawn') == '1' then
  return { 'drawn' }
end

-- After this point the script must succeed.
redis.call('HSET', key.counts, 'draw_count', count)
for index = 2, #ARGV, 3 do
  local user, bare, order = unpack(ARGV, index, index + 2)
  if redis.call('ZSCORE', key.queue, user) == bare then
    redis.call('ZADD', key.queue, order, user)
    local record = redis.call('HGET', key.places, user) or ''
    local rest = string.match(record, '^' .. bare .. '( %d+ %l+)$')
    if rest then
      redis.call('HSET', key.places, user, order .. rest)
    end
  end
end
local first_drawn = string.format('%.0f', line_order(1, 0))
local left = redis.call('ZRANGEBYSCORE', key.queue, '-inf', '(' .. first_drawn, 'WITHSCORES',
  'LIMIT', 0, users_max)
-- mutant: drawn-with-some-left
if #left > 0 then
  return { 'more', unpack(left) }
end
redis.call('HSET', key.counts, 'drawn', 1)
tell_waiting(key.counts, key.feed, 'anew')
expire_with_event(key.settings)
return { 'drawn' }
