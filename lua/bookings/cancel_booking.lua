#!lua flags=allow-oom
-- Frees the seats of a booking whose sale the ledger has undone.
--
-- Guarantees: only seats that this booking holds or owns become free, whether they look held or
-- sold; available + held + sold = capacity before and after. A repeated call changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] holders (hash)
-- KEYS[4] bookings (hash)
-- KEYS[5] expiry (sorted set)
-- KEYS[6] buyers (hash)
-- KEYS[7] map of the booking's section (string); not used when standing
--
-- ARGV[1] booking
-- ARGV[2] section of the booking
-- ARGV[3] record of the hold as it was
--
-- Returns {outcome, freed, sold, capacity}
--   outcome: freed | absent (nothing is this booking's) | event_missing | other_section
--   freed: seats that this call freed
--   sold, capacity: seats of the whole event after the call
--
-- Bounds: 10 seats.

-- @include parse_hold
-- @include seats_of
-- @include move_count
-- @include expire_with_event

-- @keys

local booking, section, record = ARGV[1], ARGV[2], ARGV[3]

local capacity, descriptor =
  unpack(redis.call('HMGET', key.settings, 'capacity', 'section:' .. section))
if not capacity then
  return { 'event_missing', 0, 0, 0 }
end
local function reply(outcome, freed)
  local sold = redis.call('HGET', key.counts, 'sold')
  return { outcome, freed, tonumber(sold), tonumber(capacity) }
end
local hold = parse_hold(record)
if hold.section ~= section or not descriptor then
  return reply('other_section', 0)
end
local seats_per_row = tonumber(string.match(descriptor, '^%l+ %d+ (%d+)'))
local fields, offsets = seats_of(booking, hold, seats_per_row)
-- The news of the sale may not have arrived: then its hold is still here.
local standing_state = redis.call('HEXISTS', key.bookings, booking) == 1 and 'held' or 'sold'

-- After this point the script must succeed.
local held, sold = 0, 0
for index, field in ipairs(fields) do
  -- mutant: cancelling-without-the-holder
  if redis.call('HGET', key.holders, field) == booking then
    redis.call('HDEL', key.holders, field)
    local offset = offsets[index]
    local state = standing_state
    if offset then
      state = redis.call('GETRANGE', key.map, offset, offset) == 'h' and 'held' or 'sold'
      redis.call('SETRANGE', key.map, offset, '.')
    end
    local seats = offset and 1 or hold.quantity
    if state == 'held' then
      held = held + seats
    else
      sold = sold + seats
    end
  end
end
move_count(key.counts, section, held, 'held', 'available')
move_count(key.counts, section, sold, 'sold', 'available')
local freed = held + sold
if freed > 0 then
  redis.call('HINCRBY', key.buyers, hold.user, -freed)
end
redis.call('HDEL', key.bookings, booking)
redis.call('ZREM', key.expiry, booking)
expire_with_event(key.settings)
return reply(freed > 0 and 'freed' or 'absent', freed)
