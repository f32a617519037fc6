#!lua
-- Gives a user a place in the queue; with the queue disabled and while the sale is on, a pass at
-- once. A pass's life runs from then on, so before the opening and during a pause there is a place
-- in any case, and admit_users lets it in.
--
-- Guarantees: one place for each user, however often and however parallel they join; a number is
-- given once, also when Redis forgets that it was. A user who joins before the sale opens takes
-- part in the draw (see draw_places) and is ahead of everybody who joins later; among those the
-- number decides. A place that Redis has lost comes back where it was, but no place that it knows
-- is changed by a receipt. No address gets more places than it may: a place counts until it is
-- left, while its owner is away and once it is used or expired, and its owner's next one is counted
-- with it. A proof of work makes one place at most.
--
-- Numbers are taken from blocks that the ledger hands out, each once. A block ends early when the
-- event has moved to another node: a failover may have lost the last numbers that were given.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] admissions (hash)
-- KEYS[5] places (hash)
-- KEYS[6] seen (sorted set)
-- KEYS[7] away (sorted set)
-- KEYS[8] addresses (hash)
-- KEYS[9] feed (stream): news of a place that is empty because its owner got the pass
-- KEYS[10] passes (sorted set)
--
-- ARGV[1] user
-- ARGV[2] first number of a new block; 0 without one
-- ARGV[3] last number of it
-- ARGV[4] receipt: none | shown (says unknown_place if its owner is unknown here) | honoured (the
--   place comes back if its owner is unknown here)
-- ARGV[5] score in the receipt
-- ARGV[6] when its place was made, ms
-- ARGV[7] proof of work for a new place: free (none is asked for) | asked (none is shown) | shown
-- ARGV[8] when the challenge of the proof was made, ms
-- ARGV[9] how long a challenge is good for, ms
-- ARGV[10] digest of the address that asks; '' when addresses do not count
-- ARGV[11] places that one address may have
-- ARGV[12] the state that the block was handed out for; '' without one
-- ARGV[13] 1 when the user is signed in to an account, else 0
--
-- Returns the place, see includes/place_of.lua. More outcomes, none of which adds anything:
--   not_on_sale (cancelled or ended) | account_required (the sale is for accounts) |
--   unknown_place (a receipt is shown of a place that is not known here, or honoured as it was
--   before the draw) | joining_stopped (to newcomers) |
--   address_full (to newcomers) | proof_required (a proof is missing, too old, or older than the
--   last place of the user: it made that one)
--   {'numbers_used_up', state}: a new block is needed. All calls that need it name the same state.
--   closed is also the answer to a newcomer when everything is sold.
--   A live pass and a place in the line are kept, and a user who was away is back at it; with the
--   queue disabled the pass is for the same place. After a used or expired pass there is a new
--   number.
--
-- Bounds: no loops; O(log n) in the length of the queue.

-- @include clock_ms
-- @include pace_max
-- @include line_order
-- @include pass_clock_ms
-- @include is_blocked
-- @include place_of
-- @include see_user
-- @include tell_waiting
-- @include node_id
-- @include fix_draw_count

-- @keys

local user, block_first, block_last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local receipt, receipt_score, receipt_joined_ms = ARGV[4], ARGV[5], ARGV[6]
local proof, challenged_ms, proof_life_ms = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local address, address_max = ARGV[10], tonumber(ARGV[11])
local block_state, is_registered = ARGV[12], ARGV[13] == '1'

local now_ms = clock_ms()
local place = place_of(key, user, now_ms, 0)
if place[1] == 'event_missing' then
  return place
end
local cancelled, ends_at_ms, on_sale_at_ms, capacity, queue_enabled, pass_ttl_ms, joining, paused,
  registered_only = unpack(redis.call('HMGET', key.settings, 'cancelled', 'ends_at_ms',
    'on_sale_at_ms', 'capacity', 'queue_enabled', 'pass_ttl_ms', 'joining', 'paused',
    'registered_only'))
if cancelled == '1' or now_ms >= tonumber(ends_at_ms) then
  place[1] = 'not_on_sale'
  return place
end
-- mutant: guests-join-sales-for-accounts
if registered_only == '1' and not is_registered then
  place[1] = 'account_required'
  return place
end
if redis.call('HGET', key.counts, 'sold') == capacity then
  place[1] = 'closed'
  return place
end
local waits = place[1] == 'waiting'
-- mutant: passes-before-the-opening
local queued = queue_enabled == '1' or paused == '1' or now_ms < tonumber(on_sale_at_ms)
-- mutant: joining-twice
if place[1] == 'admitted' or (waits and queued) then
  if waits then
    see_user(key.queue, key.seen, key.away, user, now_ms)
  end
  return place
end

-- Without a queue: the pass counts for nothing, see admit_users.
local function let_in(number)
  local expires_ms = pass_clock_ms(key.settings, now_ms) + pass_ttl_ms
  redis.call('HSET', key.admissions, user, string.format('%.0f.%.0f %.0f %.0f live %.0f',
    number, now_ms, now_ms, expires_ms, number))
  redis.call('HINCRBY', key.counts, 'admitted', 1)
end

if waits then
  -- The queue was disabled meanwhile. For those behind it is as if this one had left.
  local score = redis.call('ZSCORE', key.queue, user) or redis.call('ZSCORE', key.away, user)
  redis.call('ZREM', key.queue, user)
  redis.call('ZREM', key.seen, user)
  redis.call('ZREM', key.away, user)
  -- mutant: a-disabled-queue-is-left-in-silence
  tell_waiting(key.counts, key.feed, 'left ' .. score)
  let_in(place[3])
  return place_of(key, user, now_ms, 0)
end

local known = redis.call('HEXISTS', key.places, user) == 1
local draw_count, drawn = unpack(redis.call('HMGET', key.counts, 'draw_count', 'drawn'))
local restores = receipt == 'honoured' and not known
-- mutant: a-bare-place-after-the-draw
local is_outdated = restores and drawn == '1' and is_undrawn(receipt_score)
if (receipt == 'shown' and not known) or is_outdated then
  place[1] = 'unknown_place'
  return place
end
-- mutant: everybody-may-join
if joining == '0' and not restores then
  place[1] = 'joining_stopped'
  return place
end
-- A user counts once, from wherever the next place is taken.
local counts_anew = address ~= '' and redis.call('HEXISTS', key.addresses, 'user ' .. user) == 0
if counts_anew and not restores
  -- mutant: any-number-of-places-for-an-address
  and tonumber(redis.call('HGET', key.addresses, address) or 0) >= address_max then
  place[1] = 'address_full'
  return place
end
local last_joined_ms = place[12]
-- mutant: a-proof-makes-many-places
local is_proven = proof == 'shown' and challenged_ms > last_joined_ms
  -- mutant: old-proofs-are-good
  and now_ms - challenged_ms <= proof_life_ms
if proof ~= 'free' and not restores and not is_proven then
  place[1] = 'proof_required'
  return place
end
local node = node_id()
local number, ceiling = unpack(redis.call('HMGET', key.counts, 'number', 'number_ceiling'))
number, ceiling = tonumber(number), tonumber(ceiling)
local used_up = number >= ceiling
  -- mutant: a-failover-reuses-numbers
  or redis.call('HGET', key.settings, 'numbers_node') ~= node
local state = string.format('%s.%s.%.0f', redis.call('HGET', key.settings, 'generation'), node,
  ceiling)
-- Others may have used a block of another state: on the node that was master before, for example.
-- mutant: any-block-is-installed
if used_up and not restores and block_state ~= state then
  return { 'numbers_used_up', state }
end

-- After this point the script must succeed.
if counts_anew then
  redis.call('HSET', key.addresses, 'user ' .. user, address)
  redis.call('HINCRBY', key.addresses, address, 1)
end
if restores then
  redis.call('HSET', key.places, user, receipt_score .. ' ' .. receipt_joined_ms .. ' joined')
  if queued then
    redis.call('ZADD', key.queue, 'NX', receipt_score, user)
    redis.call('ZADD', key.seen, string.format('%.0f', now_ms), user)
  else
    let_in(number_of(receipt_score))
  end
  return place_of(key, user, now_ms, 0)
end
-- Before the number: this one is not drawn for any more.
-- mutant: count-is-not-fixed
local before_draw = not draw_count and now_ms < tonumber(on_sale_at_ms)
if not before_draw then
  fix_draw_count(key.settings, key.counts, node)
end
if used_up then
  number = block_first - 1
  redis.call('HSET', key.counts, 'number_ceiling', block_last)
  redis.call('HSET', key.settings, 'numbers_node', node)
end
number = number + 1
redis.call('HSET', key.counts, 'number', number)
local draw = before_draw and number < draw_after_opening and 0 or draw_after_opening
local score = string.format('%.0f', line_order(draw, number))
redis.call('HSET', key.places, user, string.format('%s %.0f joined', score, now_ms))
if queued then
  redis.call('ZADD', key.queue, score, user)
  redis.call('ZADD', key.seen, string.format('%.0f', now_ms), user)
else
  let_in(number)
end
return place_of(key, user, now_ms, 1)
