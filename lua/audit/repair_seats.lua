#!lua flags=allow-oom
-- Puts seats of a section right that the audit found wrong: their state, their holder, and the
-- counts that go with the state.
--
-- Guarantees: a seat changes only if state and holder are still as the audit saw them, and not
-- while its holder is being confirmed. available + held + sold keeps its sum. A repeated call
-- changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] holders (hash)
-- KEYS[4] bookings (hash)
-- KEYS[5] map of the section (string); not used when standing
-- KEYS[6] seat_news (stream): told of the seats, if somebody follows
--
-- ARGV[1] generation that was audited
-- ARGV[2] section
-- ARGV[3..] for each seat its field in holders, its offset in the map ('' when standing), state
--   and holder as seen, state and holder as wanted; '' for no holder
--
-- Returns {outcome, repaired}
--   outcome: repaired | superseded (another generation is open, or none)
--
-- Bounds: 500 seats; the rest is ignored.

-- @include clock_ms
-- @include move_count
-- @include note_change
-- @include append_seat_news
-- @include tell_seats
-- @include expire_with_event

-- @keys

local generation, section, seats_max = ARGV[1], ARGV[2], 500
local count_of = { ['.'] = 'available', h = 'held', s = 'sold' }

local known_generation, watched_until_ms =
  unpack(redis.call('HMGET', key.settings, 'generation', 'watched_until_ms'))
if known_generation ~= generation then
  return { 'superseded', 0 }
end

-- After this point the script must succeed.
local repaired = 0
local fields_of = { ['.'] = {}, h = {}, s = {} }
for index = 3, math.min(#ARGV, 2 + 6 * seats_max), 6 do
  local field, offset, seen_state, seen_holder, state, holder = unpack(ARGV, index, index + 5)
  local now_holder = redis.call('HGET', key.holders, field) or ''
  local now_state = offset == '' and seen_state or redis.call('GETRANGE', key.map, offset, offset)
  local hold = now_holder ~= '' and redis.call('HGET', key.bookings, now_holder)
  local known = offset == '' or count_of[now_state]
  local confirming = hold and string.find(hold, 'confirming ', 1, true) == 1
    and now_holder ~= holder
  -- mutant: repairs-of-what-has-changed
  if now_holder == seen_holder and now_state == seen_state and known and not confirming then
    if offset ~= '' and state ~= now_state then
      redis.call('SETRANGE', key.map, offset, state)
      move_count(key.counts, section, 1, count_of[now_state], count_of[state])
      fields_of[state][#fields_of[state] + 1] = field
    end
    if holder == '' then
      redis.call('HDEL', key.holders, field)
    else
      redis.call('HSET', key.holders, field, holder)
    end
    repaired = repaired + 1
  end
end
local changes = {}
for _, state in ipairs({ '.', 'h', 's' }) do
  note_change(changes, section, state, fields_of[state])
end
-- mutant: a-repair-is-not-told
tell_seats(key, watched_until_ms, clock_ms(), changes)
expire_with_event(key.settings)
return { 'repaired', repaired }
