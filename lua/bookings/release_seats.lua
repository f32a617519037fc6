#!lua flags=allow-oom
-- Gives the seats of a hold back, as the ledger has decided.
--
-- Guarantees: only seats of this booking become free; a hold is resolved once; available + held +
-- sold = capacity before and after. A repeated call changes nothing and says absent.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] holders (hash)
-- KEYS[4] bookings (hash)
-- KEYS[5] expiry (sorted set)
-- KEYS[6] buyers (hash)
-- KEYS[7] journal (stream)
-- KEYS[8] resolved (hash)
-- KEYS[9] map of the booking's section (string); not used when standing
-- KEYS[10] seat_news (stream): told of the seats, if somebody follows
--
-- ARGV[1] booking
-- ARGV[2] section of the booking
-- ARGV[3] reason: released (only a hold in time that nobody pays) | refused (whatever the state and
--   the time: the journal says expired, which changes nothing that the ledger knows better) |
--   cancelled (with its event, whatever the state: the journal says released, or expired when its
--   time was over)
--
-- Returns {outcome, record}
--   released: record of the hold
--   booking_expired: it is past its time and left to the sweeper (reason released)
--   confirming: a payment is under way, nothing changes (reason released)
--   absent (no such hold, or resolved before) | event_missing | other_section: ''
--
-- Bounds: 10 seats.

-- @include clock_ms
-- @include parse_hold
-- @include seats_of
-- @include move_count
-- @include note_change
-- @include free_seats
-- @include append_seat_news
-- @include tell_seats
-- @include expire_with_event

-- @keys

local booking, section, reason = ARGV[1], ARGV[2], ARGV[3]

local descriptor, watched_until_ms =
  unpack(redis.call('HMGET', key.settings, 'section:' .. section, 'watched_until_ms'))
if not descriptor then
  local open = redis.call('HEXISTS', key.settings, 'generation') == 1
  return { open and 'other_section' or 'event_missing', '' }
end
local record = redis.call('HGET', key.bookings, booking)
if not record then
  return { 'absent', '' }
end
local hold = parse_hold(record)
if hold.section ~= section then
  return { 'other_section', '' }
end
local ends_ms = tonumber(redis.call('ZSCORE', key.expiry, booking)) or hold.expires_ms
local now_ms = clock_ms()
local is_due = ends_ms <= now_ms
if reason == 'released' then
  if is_due then
    return { 'booking_expired', record }
  -- mutant: releasing-a-hold-that-is-being-paid
  elseif hold.state == 'confirming' then
    return { 'confirming', record }
  end
end
local seats_per_row = tonumber(string.match(descriptor, '^%l+ %d+ (%d+)'))
local fields, offsets = seats_of(booking, hold, seats_per_row)

-- After this point the script must succeed.
-- mutant: a-hold-expires-with-its-event
local word = reason ~= 'refused' and not is_due and 'released' or 'expired'
local changes = {}
free_seats(key, booking, hold, record, fields, offsets, word, changes)
-- mutant: a-release-is-not-told
tell_seats(key, watched_until_ms, now_ms, changes)
expire_with_event(key.settings)
return { 'released', record }
