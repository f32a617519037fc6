#!lua
-- Takes the seats of holds again that the ledger knows and that are lost here.
--
-- Guarantees: nobody else's seat is taken, and nobody gets beyond the limit per buyer, who may have
-- reserved again meanwhile; a hold that is here, was resolved here or is past its time stays as it
-- is. available + held + sold = capacity before and after. A repeated call changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] holders (hash)
-- KEYS[4] bookings (hash)
-- KEYS[5] expiry (sorted set)
-- KEYS[6] buyers (hash)
-- KEYS[7] resolved (hash)
-- KEYS[8] seat_news (stream): told of the seats, if somebody follows
-- KEYS[9..] map of each section in ARGV[2] (string), in the same order
--
-- ARGV[1] generation that was audited
-- ARGV[2] seated sections of the event, separated by spaces
-- ARGV[3..] for each hold its booking and its record
--
-- Returns {outcome, repaired, refused...}
--   outcome: repaired | superseded (another generation is open, or none)
--   repaired: how many have their seats again
--   refused: bookings of which a seat is another's, or whose buyer has as many tickets without it
--
-- Bounds: 500 holds of 10 seats; the rest is ignored.

-- @include clock_ms
-- @include exceeds_limit
-- @include parse_hold
-- @include map_of_each
-- @include seats_of
-- @include move_count
-- @include take_seats
-- @include note_change
-- @include append_seat_news
-- @include tell_seats
-- @include expire_with_event

-- @keys

local generation, sections, holds_max = ARGV[1], ARGV[2], 500
local first_hold = 3

local known_generation, max_per_buyer, watched_until_ms =
  unpack(redis.call('HMGET', key.settings, 'generation', 'max_per_buyer', 'watched_until_ms'))
if known_generation ~= generation then
  return { 'superseded', 0 }
end
local map_of = map_of_each(key.maps, sections)

-- After this point the script must succeed.
local now_ms = clock_ms()
local reply, changes = { 'repaired', 0 }, {}
for index = first_hold, math.min(#ARGV, first_hold + 2 * holds_max - 1), 2 do
  local booking, record = ARGV[index], ARGV[index + 1]
  local hold = parse_hold(record)
  local descriptor = redis.call('HGET', key.settings, 'section:' .. hold.section)
  local known = redis.call('HEXISTS', key.bookings, booking) == 1
    or redis.call('HEXISTS', key.resolved, booking) == 1
  key.map = map_of[hold.section]
  -- Where the map of a seated section is not given, its hold waits for the next audit.
  local reachable = descriptor and (hold.seats == '-' or key.map)
  -- mutant: what-is-resolved-is-called-lost
  if reachable and not known and hold.expires_ms > now_ms then
    local seats_per_row = tonumber(string.match(descriptor, '^%l+ %d+ (%d+)'))
    local fields, offsets = seats_of(booking, hold, seats_per_row)
    local available = tonumber(redis.call('HGET', key.counts, 'available:' .. hold.section) or 0)
    local is_over_limit = exceeds_limit(key.buyers, hold.user, hold.quantity, max_per_buyer)
    -- mutant: a-lost-hold-passes-the-limit
    local free = available >= hold.quantity and not is_over_limit
    for seat, field in ipairs(fields) do
      local offset = offsets[seat]
      free = free and redis.call('HEXISTS', key.holders, field) == 0
        and (not offset or redis.call('GETRANGE', key.map, offset, offset) == '.')
    end
    -- mutant: a-lost-hold-takes-what-others-hold
    if free then
      take_seats(key, booking, hold, record, fields, offsets, hold.expires_ms)
      reply[2] = reply[2] + 1
      if #offsets > 0 then
        note_change(changes, hold.section, 'h', fields)
      end
    else
      reply[#reply + 1] = booking
    end
  end
end
-- mutant: a-lost-hold-comes-back-untold
tell_seats(key, watched_until_ms, now_ms, changes)
expire_with_event(key.settings)
return reply
