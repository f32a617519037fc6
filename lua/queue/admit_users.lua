#!lua
-- Lets the next users in: moves them from the queue to the passes.
--
-- Guarantees: strictly in queue order, without waiting for those who are away; never more than
-- max_active passes out, never more than the places still available but for the measured share of
-- passes that nobody uses, nobody before the sale opens or while it is paused, ended or cancelled,
-- nobody before the places of those who joined early are drawn (draw_places), and nobody while
-- those who lost their place with Redis may still come back to it. A pass that has run out is
-- replaced by this very call; while the sale is paused none does. Any number of schedulers may
-- call: together they admit at most release_per_s. The same idempotency entry again gets the first
-- answer.
--
-- With the queue disabled a pass is worth nothing that others could miss: whoever waits, since
-- before the opening or since there was a queue, is let in by the next scheduled calls, in order,
-- and neither rate nor max_active nor the places left hold anybody back. Such passes are not
-- counted, neither now nor when there is a queue again.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] passes (sorted set)
-- KEYS[5] admissions (hash)
-- KEYS[6] answers (hash)
-- KEYS[7] answer_times (sorted set)
-- KEYS[8] feed (stream): told who is let in, and what the line is doing and what is to be expected
--   when that has changed
-- KEYS[9] seen (sorted set)
-- KEYS[10] away (sorted set): those whom the line passes lose their places
--
-- ARGV[1] mode: scheduled | manual (by hand: the release rate does not apply)
-- ARGV[2] limit, users at most
-- ARGV[3] idempotency entry, '' for none
-- ARGV[4] fingerprint of the request, no spaces
--
-- Returns {outcome, admitted, waiting, active, served}
--   outcome: ok | replayed (the first answer) | idempotency_key_reused | event_missing |
--     undrawn (the draw is due or begun, and not done: nothing changed)
--   admitted: let in by this call; waiting: still in the queue; active: passes out; served: the
--   highest place that was let in, as draw * 2^32 + number
--
-- Bounds: 10000 users passed a call, a matter of milliseconds; those beyond stay in the line.
--   1000 users let in a call, so that one call takes a few milliseconds and unpack stays far below
--   its limit of 8000.

-- @include clock_ms
-- @include pace_max
-- @include pass_clock_ms
-- @include line_state
-- @include tell_waiting
-- @include tell_state
-- @include passes_for
-- @include line_pace
-- @include tell_pace
-- @include line_order
-- @include expire_with_event

-- @keys

local mode, limit, entry, fingerprint = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local users_max, passed_max = 1000, 10000
-- Of passes whose time is over, about so many of the last decide the share of no-shows.
local turns_max = 1000

local cancelled, paused, on_sale_at_ms, ends_at_ms, max_active, release_per_s, pass_ttl_ms,
  queue_enabled = unpack(redis.call('HMGET', key.settings, 'cancelled', 'paused', 'on_sale_at_ms',
    'ends_at_ms', 'max_active', 'release_per_s', 'pass_ttl_ms', 'queue_enabled'))
if not cancelled then
  return { 'event_missing', 0, 0, 0, 0 }
end
local answer = entry ~= '' and redis.call('HGET', key.answers, entry)
if answer then
  local first_fingerprint, admitted, waiting, active, served =
    string.match(answer, '^(%S+) %d+ 200 (%d+) (%d+) (%d+) (%d+)$')
  if first_fingerprint ~= fingerprint then
    return { 'idempotency_key_reused', 0, 0, 0, 0 }
  end
  return { 'replayed', tonumber(admitted), tonumber(waiting), tonumber(active), tonumber(served) }
end

-- mutant: a-disabled-queue-holds-back
local is_queued = queue_enabled == '1'
-- The release allowance is a bucket of tokens: one per user, filled at release_per_s, 2 s worth at
-- most, so that a late scheduler catches up and a long pause does not let a crowd in. It is stored
-- as the time at which it was empty, in µs, which stay below 2^53: at the highest rate a user costs
-- 10 µs, so rounding down gives away next to nothing. It begins with 1 s worth, and begins anew
-- when the stored time is ahead: the clock of a new master is behind that of the old one.
local now_us = clock_ms() * 1000
local now_ms = now_us / 1000
local pass_now_ms = pass_clock_ms(key.settings, now_ms)
local second_us, rate = 1000000, tonumber(release_per_s)
local available, stored_us, served, admit_from_ms, used, unused, drawn, draw_count =
  unpack(redis.call('HMGET', key.counts, 'available', 'allowance_us', 'served', 'admit_from_ms',
    'passes_used', 'passes_unused', 'drawn', 'draw_count'))
-- A draw that has begun is finished, also when the sale is put off meanwhile.
-- mutant: let-in-before-the-draw
-- mutant: a-begun-draw-stops
if drawn ~= '1' and (draw_count or now_ms >= tonumber(on_sale_at_ms)) then
  return { 'undrawn', 0, 0, 0, 0 }
end
served = tonumber(served or 0)
local empty_us = tonumber(stored_us)
if not empty_us or empty_us > now_us then
  empty_us = now_us - second_us
end
empty_us = math.max(empty_us, now_us - 2 * second_us)
local allowance = math.floor((now_us - empty_us) * rate / second_us)

local active = redis.call('ZCOUNT', key.passes, string.format('(%.0f', pass_now_ms), '+inf')
local waiting = redis.call('ZCARD', key.queue)
-- A pass that could not have been used, because of a pause or because none was needed, says nothing
-- about its fan.
used, unused = tonumber(used or 0), tonumber(unused or 0)
local run_out = redis.call('ZCOUNT', key.passes, '-inf', string.format('%.0f', pass_now_ms))
-- mutant: a-pause-is-a-no-show
if paused == '0' and is_queued then
  unused = unused + run_out
end
if used + unused > turns_max then
  used, unused = math.floor(used / 2), math.floor(unused / 2)
end
local promised = passes_for(tonumber(available), used, unused)
local count = math.min(limit, users_max, waiting)
if is_queued or mode == 'manual' then
  -- mutant: more-passes-than-allowed
  -- mutant: seats-promised-again
  count = math.min(count, max_active - active, promised - active)
end
if is_queued and mode == 'scheduled' then
  count = math.min(count, allowance)
end
local is_open = true
if cancelled == '1' or paused == '1' or now_ms < tonumber(on_sale_at_ms)
  -- mutant: no-grace-after-a-rebuild
  or now_ms >= tonumber(ends_at_ms) or (is_queued and now_ms < tonumber(admit_from_ms or 0)) then
  is_open, count = false, 0
end

-- After this point the script must succeed.
tell_state(key.settings, key.counts, key.feed, now_ms)
if run_out > 0 then
  redis.call('ZREMRANGEBYSCORE', key.passes, '-inf', string.format('%.0f', pass_now_ms))
  redis.call('HSET', key.counts, 'passes_used', used, 'passes_unused', unused)
end
count = math.max(count, 0)
local passed = 0
if count > 0 then
  local expires_ms = pass_now_ms + pass_ttl_ms
  local pass_entries, admission_entries, users = {}, {}, {}
  local popped = redis.call('ZPOPMIN', key.queue, count)
  for index = 1, #popped, 2 do
    local user, score = popped[index], tonumber(popped[index + 1])
    local number = number_of(score)
    pass_entries[index], pass_entries[index + 1] = expires_ms, user
    admission_entries[index] = user
    users[#users + 1] = user
    admission_entries[index + 1] = string.format('%.0f.%.0f %.0f %.0f live %.0f',
      number, now_ms, now_ms, expires_ms, number)
    served = math.max(served, score)
  end
  if is_queued then
    redis.call('ZADD', key.passes, unpack(pass_entries))
    active = active + count
  end
  redis.call('ZREM', key.seen, unpack(users))
  redis.call('HSET', key.admissions, unpack(admission_entries))
  redis.call('HINCRBY', key.counts, 'admitted', count)
  redis.call('HSET', key.counts, 'served', string.format('%.0f', served))
  passed = math.min(redis.call('ZCOUNT', key.away, '-inf', '(' .. popped[#popped]), passed_max)
  -- mutant: the-absent-are-never-passed
  if passed > 0 then
    redis.call('ZREMRANGEBYRANK', key.away, 0, passed - 1)
  end
  -- mutant: streams-do-not-hear-of-the-passed
  tell_waiting(key.counts, key.feed, string.format('admitted %.0f %s %.0f %.0f', count + passed,
    popped[#popped], now_ms, now_ms + pass_ttl_ms))
  if is_queued and mode == 'scheduled' then
    empty_us = empty_us + math.floor(count * second_us / rate)
    redis.call('HSET', key.counts, 'allowance_us', string.format('%.0f', empty_us))
  end
end
-- A pause is no pace: nobody can say how long it lasts. Nor is what moves without a queue.
local moved = is_queued and count + passed or 0
-- mutant: a-pause-is-a-standstill
local stretches = note_pace(key.settings, now_ms, moved, is_queued and is_open and waiting > count)
tell_pace(key.settings, key.counts, key.feed, now_ms, active, stretches)
if entry ~= '' then
  redis.call('HSET', key.answers, entry, string.format('%s %.0f 200 %.0f %.0f %.0f %.0f',
    fingerprint, now_ms, count, waiting - count, active, served))
  redis.call('ZADD', key.answer_times, now_ms, entry)
end
expire_with_event(key.settings)
return { 'ok', count, waiting - count, active, served }
