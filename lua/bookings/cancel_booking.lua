#!lua flags=allow-oom
-- Frees the places that a booking no longer owns: all of them when the ledger has undone its sale,
-- some when its owner gave up a part.
--
-- Guarantees: only places that this booking holds or owns become free, whether they look held or
-- sold; what it still owns is sold afterwards; available + held + sold = capacity before and after.
-- A repeated call changes nothing, nor does one that is late and knows of fewer parts.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] holders (hash)
-- KEYS[4] bookings (hash)
-- KEYS[5] expiry (sorted set)
-- KEYS[6] buyers (hash)
-- KEYS[7] units_left (hash)
-- KEYS[8] map of the booking's section (string); not used when standing
-- KEYS[9] seat_news (stream): told of the seats, if somebody follows
--
-- ARGV[1] booking
-- ARGV[2] section of the booking
-- ARGV[3] record of the hold as it was, with every place that was sold
-- ARGV[4] how many places it still owns, 0 when the sale is undone
-- ARGV[5] its seats among them as in a record, `-` for none
--
-- Returns {outcome, freed, sold, capacity}
--   outcome: freed | absent (nothing to be freed is this booking's) | event_missing | other_section
--   freed: seats that this call freed
--   sold, capacity: seats of the whole event after the call
--
-- Bounds: 10 seats.

-- @include clock_ms
-- @include parse_hold
-- @include seats_of
-- @include move_count
-- @include note_change
-- @include append_seat_news
-- @include tell_seats
-- @include expire_with_event

-- @keys

local booking, section, record = ARGV[1], ARGV[2], ARGV[3]
local units_left, seats_left = tonumber(ARGV[4]), ARGV[5]

local capacity, descriptor, watched_until_ms = unpack(redis.call('HMGET', key.settings,
  'capacity', 'section:' .. section, 'watched_until_ms'))
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
local stays = {}
for seat in string.gmatch(seats_left, '%d+%-%d+') do
  stays[section .. '-' .. seat] = true
end
-- The news of the sale may not have arrived: then its hold is still here.
local standing_state = redis.call('HEXISTS', key.bookings, booking) == 1 and 'held' or 'sold'
local units_known = tonumber(redis.call('HGET', key.units_left, booking) or hold.quantity)

-- After this point the script must succeed.
local freed, kept = { held = 0, sold = 0 }, { held = 0, sold = 0 }
local freed_fields, sold_fields = {}, {}
for index, field in ipairs(fields) do
  -- mutant: cancelling-without-the-holder
  if redis.call('HGET', key.holders, field) == booking then
    local offset = offsets[index]
    if offset then
      local is_held = redis.call('GETRANGE', key.map, offset, offset) == 'h'
      local state = is_held and 'held' or 'sold'
      -- mutant: a-part-frees-the-whole
      if stays[field] then
        kept[state] = kept[state] + 1
        redis.call('SETRANGE', key.map, offset, 's')
        sold_fields[#sold_fields + 1] = is_held and field or nil
      else
        freed[state] = freed[state] + 1
        redis.call('HDEL', key.holders, field)
        redis.call('SETRANGE', key.map, offset, '.')
        freed_fields[#freed_fields + 1] = field
      end
    else
      -- A late call knows of more places than are left.
      -- mutant: a-part-is-freed-twice
      local units_stay = math.min(units_left, units_known)
      freed[standing_state] = units_known - units_stay
      kept[standing_state] = units_stay
      if units_stay == 0 then
        redis.call('HDEL', key.holders, field)
        redis.call('HDEL', key.units_left, booking)
      else
        redis.call('HSET', key.units_left, booking, units_stay)
      end
    end
  end
end
move_count(key.counts, section, freed.held, 'held', 'available')
move_count(key.counts, section, freed.sold, 'sold', 'available')
move_count(key.counts, section, kept.held, 'held', 'sold')
local count = freed.held + freed.sold
if count > 0 then
  redis.call('HINCRBY', key.buyers, hold.user, -count)
end
redis.call('HDEL', key.bookings, booking)
redis.call('ZREM', key.expiry, booking)
local changes = {}
note_change(changes, section, '.', freed_fields)
note_change(changes, section, 's', sold_fields)
-- mutant: a-cancellation-is-not-told
tell_seats(key, watched_until_ms, clock_ms(), changes)
expire_with_event(key.settings)
return reply(count > 0 and 'freed' or 'absent', count)
