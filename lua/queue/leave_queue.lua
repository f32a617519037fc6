#!lua flags=allow-oom
-- Takes a user out of the queue and takes an unused pass back.
--
-- Guarantees: afterwards the user has no place and no live pass, and the receipt of the place is
-- worth nothing here; the address that took the place may take another. A used pass stays on
-- record, so that it is still refused as used.
--
-- KEYS[1] settings (hash)
-- KEYS[2] queue (sorted set)
-- KEYS[3] passes (sorted set)
-- KEYS[4] admissions (hash)
-- KEYS[5] places (hash)
-- KEYS[6] counts (hash)
-- KEYS[7] feed (stream): news of the place that is empty
-- KEYS[8] seen (sorted set)
-- KEYS[9] away (sorted set)
-- KEYS[10] addresses (hash)
--
-- ARGV[1] user
--
-- Returns {outcome, number}: left | absent | event_missing
--   number: of the place that was left, by this call or an earlier one; 0 for none
--
-- Bounds: no loops; O(log n) in the length of the queue.

-- @include line_order
-- @include tell_waiting
-- @include expire_with_event

-- @keys

local user = ARGV[1]

if redis.call('HEXISTS', key.settings, 'generation') == 0 then
  return { 'event_missing', 0 }
end
local admission = redis.call('HGET', key.admissions, user)
local has_pass = admission and string.find(admission, ' live ', 1, true)
local used_number = admission and string.match(admission, ' used (%d+)$')
local score, joined_ms, state =
  string.match(redis.call('HGET', key.places, user) or '', '^(%d+) (%d+) (%l+)$')
local number = score and number_of(score) or 0
if used_number and tonumber(used_number) == number then
  return { 'absent', 0 }
end

local place = redis.call('ZSCORE', key.queue, user) or redis.call('ZSCORE', key.away, user)

-- After this point the script must succeed.
redis.call('ZREM', key.queue, user)
redis.call('ZREM', key.seen, user)
redis.call('ZREM', key.away, user)
if place then
  tell_waiting(key.counts, key.feed, 'left ' .. place)
end
local address = redis.call('HGET', key.addresses, 'user ' .. user)
if address then
  redis.call('HDEL', key.addresses, 'user ' .. user)
  -- mutant: leaving-keeps-the-address-full
  if redis.call('HINCRBY', key.addresses, address, -1) <= 0 then
    redis.call('HDEL', key.addresses, address)
  end
end
if has_pass then
  redis.call('ZREM', key.passes, user)
  redis.call('HDEL', key.admissions, user)
end
if state == 'joined' then
  -- mutant: a-receipt-brings-back-who-left
  redis.call('HSET', key.places, user, score .. ' ' .. joined_ms .. ' left')
end
expire_with_event(key.settings)
return { state == 'joined' and 'left' or 'absent', number }
