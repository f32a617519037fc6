#!lua flags=allow-oom
-- Turns a hold into a sale, after the ledger has committed it.
--
-- Guarantees: the seats of the hold are sold to this booking afterwards; with ARGV[3] even when a
-- failover has lost the hold and they look free or held by somebody else: the ledger has decided.
-- available + held + sold = capacity before and after. A repeated call changes nothing. With the
-- last seat the line is over, and the feed says so at once.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] holders (hash)
-- KEYS[4] bookings (hash)
-- KEYS[5] expiry (sorted set)
-- KEYS[6] map of the booking's section (string); not used when standing
-- KEYS[7] feed (stream): news that nothing is left
-- KEYS[8] contacts (hash)
-- KEYS[9] seat_news (stream): told of the seats, if somebody follows
--
-- ARGV[1] booking
-- ARGV[2] section of the booking
-- ARGV[3] record of the hold as it was, or '': its seats are sold even when no hold is left; a
--   standing ticket has no seat to find it by and waits for the audit
--
-- Returns {outcome, sold, capacity}
--   outcome: confirmed | absent (no such hold, or resolved before) | event_missing | other_section
--   sold, capacity: seats of the whole event after the call
--
-- Bounds: 10 seats.

-- @include parse_hold
-- @include seats_of
-- @include move_count
-- @include clock_ms
-- @include pace_max
-- @include line_state
-- @include tell_waiting
-- @include tell_state
-- @include note_change
-- @include append_seat_news
-- @include tell_seats
-- @include expire_with_event

-- @keys

local booking, section, lost_record = ARGV[1], ARGV[2], ARGV[3]

local capacity, descriptor, watched_until_ms = unpack(redis.call('HMGET', key.settings,
  'capacity', 'section:' .. section, 'watched_until_ms'))
if not capacity then
  return { 'event_missing', 0, 0 }
end
local function reply(outcome)
  return { outcome, tonumber(redis.call('HGET', key.counts, 'sold')), tonumber(capacity) }
end
local function sold_reply(outcome, sold_fields)
  local now_ms, changes = clock_ms(), {}
  if redis.call('HGET', key.counts, 'sold') == capacity then
    -- mutant: the-last-sale-is-kept-quiet
    tell_state(key.settings, key.counts, key.feed, now_ms)
  end
  note_change(changes, section, 's', sold_fields)
  -- mutant: a-sale-is-not-told
  tell_seats(key, watched_until_ms, now_ms, changes)
  expire_with_event(key.settings)
  return reply(outcome)
end
local record = redis.call('HGET', key.bookings, booking)
if not record and lost_record == '' then
  return reply('absent')
end
local hold = parse_hold(record or lost_record)
if hold.section ~= section or not descriptor then
  return reply('other_section')
end
local seats_per_row = tonumber(string.match(descriptor, '^%l+ %d+ (%d+)'))
local fields, offsets = seats_of(booking, hold, seats_per_row)

-- After this point the script must succeed. The ledger has the contact since the sale.
redis.call('HDEL', key.contacts, booking)
local sold_fields = {}
if not record then
  for index, field in ipairs(fields) do
    local offset = offsets[index]
    local seat = offset and redis.call('GETRANGE', key.map, offset, offset)
    if seat == '.' or seat == 'h' then
      move_count(key.counts, section, 1, seat == '.' and 'available' or 'held', 'sold')
      redis.call('SETRANGE', key.map, offset, 's')
      redis.call('HSET', key.holders, field, booking)
      sold_fields[#sold_fields + 1] = field
    end
  end
  return sold_reply('absent', sold_fields)
end
local sold = 0
for index, field in ipairs(fields) do
  -- mutant: selling-without-the-holder
  if redis.call('HGET', key.holders, field) == booking then
    if offsets[index] then
      redis.call('SETRANGE', key.map, offsets[index], 's')
      sold = sold + 1
      sold_fields[sold] = field
    else
      sold = hold.quantity
    end
  end
end
move_count(key.counts, section, sold, 'held', 'sold')
redis.call('HDEL', key.bookings, booking)
redis.call('ZREM', key.expiry, booking)
return sold_reply('confirmed', sold_fields)
