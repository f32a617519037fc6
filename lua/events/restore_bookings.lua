#!lua
-- Puts sales and holds that the ledger knows back into an event that is being opened.
--
-- Guarantees: changes nothing unless the event is being opened with this generation; a seat that
-- is taken already stays with its booking, so sales are restored before holds and older holds
-- before younger ones; no hold takes its buyer beyond the limit. available + held + sold = capacity
-- before and after. A repeated call changes nothing. It is noted how far the restoring has come.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] holders (hash)
-- KEYS[4] bookings (hash)
-- KEYS[5] expiry (sorted set)
-- KEYS[6] buyers (hash)
-- KEYS[7] units_left (hash)
-- KEYS[8..] map of each section in ARGV[2] (string), in the same order
--
-- ARGV[1] generation
-- ARGV[2] all seated sections of the event in order, separated by spaces
-- ARGV[3] what is restored: sold | held
-- ARGV[4] tickets of one buyer at most
-- ARGV[5..] for each booking its id, the seats in a row of its section (0 when standing) and its
--   record, whose state is sold or held
--
-- Returns {outcome, restored, refused}
--   outcome: restored | superseded (not being opened, or with another generation)
--   restored: bookings whose seats are theirs by this call
--   refused: bookings of which a seat is another's, and holds beyond the limit of their buyer: of
--     two holds of one seat one comes back
--
-- Bounds: 1000 bookings of 10 seats; the rest is ignored.

-- @include exceeds_limit
-- @include parse_hold
-- @include map_of_each
-- @include seats_of
-- @include move_count
-- @include take_seats

-- @keys

local generation, sections, max_per_buyer, bookings_max = ARGV[1], ARGV[2], ARGV[4], 1000
local first_booking = 5

-- mutant: a-builder-of-an-older-life-restores
if redis.call('HGET', key.settings, 'building') ~= generation then
  return { 'superseded', 0, 0 }
end
local map_of = map_of_each(key.maps, sections)

-- After this point the script must succeed.
local restored, refused = 0, 0
for index = first_booking, math.min(#ARGV, first_booking + 3 * bookings_max - 1), 3 do
  local booking, seats_per_row, record = unpack(ARGV, index, index + 2)
  local hold = parse_hold(record)
  local fields, offsets = seats_of(booking, hold, seats_per_row)
  key.map = map_of[hold.section]
  if redis.call('HGET', key.holders, fields[1]) ~= booking then
    local available = tonumber(redis.call('HGET', key.counts, 'available:' .. hold.section) or 0)
    local free = available >= hold.quantity
    for _, offset in ipairs(offsets) do
      free = free and redis.call('GETRANGE', key.map, offset, offset) == '.'
    end
    local is_over_limit = hold.state == 'held'
      and exceeds_limit(key.buyers, hold.user, hold.quantity, max_per_buyer)
    -- mutant: restoring-over-what-is-taken
    if not free or is_over_limit then
      refused = refused + 1
    elseif hold.state == 'held' then
      take_seats(key, booking, hold, record, fields, offsets, hold.expires_ms)
      restored = restored + 1
    else
      for seat, field in ipairs(fields) do
        redis.call('HSET', key.holders, field, booking)
        if offsets[seat] then
          redis.call('SETRANGE', key.map, offsets[seat], 's')
        end
      end
      if #offsets == 0 then
        -- What of it is counted here, should it have given up a part, or do so later.
        -- mutant: a-restored-sale-gives-up-its-part-again
        redis.call('HSET', key.units_left, booking, hold.quantity)
      end
      move_count(key.counts, hold.section, hold.quantity, 'available', 'sold')
      redis.call('HINCRBY', key.buyers, hold.user, hold.quantity)
      restored = restored + 1
    end
  end
end
-- Where a builder goes on that takes over.
if #ARGV >= first_booking then
  redis.call('HSET', key.settings, 'restored', ARGV[3] .. ' ' .. ARGV[#ARGV - 2])
end
return { 'restored', restored, refused }
