#!lua flags=allow-oom
-- Frees the seats of holds whose time is over.
--
-- Guarantees: a hold that is not due, was pinned meanwhile or is resolved stays as it is, so any
-- number of sweepers may run; only seats of the expired bookings become free; available + held +
-- sold = capacity before and after.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] holders (hash)
-- KEYS[4] bookings (hash)
-- KEYS[5] expiry (sorted set)
-- KEYS[6] buyers (hash)
-- KEYS[7] journal (stream)
-- KEYS[8] resolved (hash)
-- KEYS[9] seat_news (stream): told of the seats, if somebody follows
-- KEYS[10..] map of each section in ARGV[1] (string), in the same order
--
-- ARGV[1] all seated sections of the event in order, separated by spaces
-- ARGV[2..] bookings
--
-- Returns {outcome, expired, sections}
--   outcome: ok | sections_changed (nothing expired) | event_missing
--   expired: how many holds ended
--   sections: what ARGV[1] should be, with sections_changed; else ''
--
-- Bounds: 100 bookings of 10 seats; the rest is ignored.

-- @include clock_ms
-- @include parse_hold
-- @include map_of_each
-- @include seats_of
-- @include move_count
-- @include note_change
-- @include free_seats
-- @include append_seat_news
-- @include tell_seats
-- @include expire_with_event

-- @keys

local sections, bookings_max = ARGV[1], 100
local first_booking = 2

local seated_sections, watched_until_ms =
  unpack(redis.call('HMGET', key.settings, 'seated_sections', 'watched_until_ms'))
if not seated_sections then
  return { 'event_missing', 0, '' }
elseif seated_sections ~= sections then
  return { 'sections_changed', 0, seated_sections }
end
local map_of = map_of_each(key.maps, sections)

-- After this point the script must succeed.
local now_ms = clock_ms()
local expired, changes = 0, {}
for index = first_booking, math.min(#ARGV, first_booking + bookings_max - 1) do
  local booking = ARGV[index]
  local record = redis.call('HGET', key.bookings, booking)
  local expires_ms = redis.call('ZSCORE', key.expiry, booking)
  -- mutant: expiring-before-the-time
  if record and tonumber(expires_ms) <= now_ms then
    local hold = parse_hold(record)
    local descriptor = redis.call('HGET', key.settings, 'section:' .. hold.section)
    local seats_per_row = tonumber(string.match(descriptor, '^%l+ %d+ (%d+)'))
    local fields, offsets = seats_of(booking, hold, seats_per_row)
    key.map = map_of[hold.section]
    free_seats(key, booking, hold, record, fields, offsets, 'expired', changes)
    expired = expired + 1
  end
end
-- mutant: an-expiry-is-not-told
tell_seats(key, watched_until_ms, now_ms, changes)
expire_with_event(key.settings)
return { 'ok', expired, '' }
