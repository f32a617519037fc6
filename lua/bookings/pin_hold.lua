#!lua flags=allow-oom
-- Keeps a hold while its sale is being made, or its payment is under way. With the record of a hold
-- that is gone, takes its seats again if all of them are free: it was paid a little too late.
--
-- Guarantees: afterwards a pinned hold cannot be released by its owner and does not expire before
-- the grace period is over; nobody else's seat is taken; a sold booking is not taken twice. A hold
-- past its time is revived only while everything that reserving asks still holds.
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
-- KEYS[10] seat_news (stream): told of seats that are taken again, if somebody follows
--
-- ARGV[1] booking
-- ARGV[2] section of the booking
-- ARGV[3] grace period, ms from now
-- ARGV[4] record of the hold, to take its seats again; '' not to
-- ARGV[5] for whom: buyer | organiser (passes a pause and the limit) | kept (nothing is asked: the
--   ledger says that it is no revival, because it is in time, or kept for its payment)
--
-- Returns {outcome, record}
--   pinned: the hold, state confirming
--   confirmed: the seats are this booking's and no hold is left: it was confirmed before
--   seats_taken | absent | event_missing | other_section (not the section in the record): ''
--   event_not_on_sale | buyer_limit_exceeded (past its time, and reserving would say so): ''
--
-- Bounds: 10 seats.

-- @include clock_ms
-- @include sale_state
-- @include exceeds_limit
-- @include parse_hold
-- @include seats_of
-- @include move_count
-- @include take_seats
-- @include note_change
-- @include append_seat_news
-- @include tell_seats
-- @include expire_with_event

-- @keys

local booking, section, grace_ms, given = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local for_whom = ARGV[5]

local descriptor, watched_until_ms =
  unpack(redis.call('HMGET', key.settings, 'section:' .. section, 'watched_until_ms'))
if not descriptor then
  local open = redis.call('HEXISTS', key.settings, 'generation') == 1
  return { open and 'other_section' or 'event_missing', '' }
end
local record = redis.call('HGET', key.bookings, booking)
if not record and given == '' then
  return { 'absent', '' }
end
local hold = parse_hold(record or given)
if hold.section ~= section then
  return { 'other_section', '' }
end
local seats_per_row = tonumber(string.match(descriptor, '^%l+ %d+ (%d+)'))
local fields, offsets = seats_of(booking, hold, seats_per_row)
local confirming = string.gsub(record or given, '^%l+', 'confirming')
local now_ms = clock_ms()
local expires_ms = now_ms + grace_ms
-- Why a hold that is past its time cannot come back; `more`: tickets of it that the buyer's count
-- does not have.
local function refusal(more)
  if for_whom == 'kept' then
    return nil
  end
  local sale = sale_state(key.settings, now_ms)
  local is_open = sale == 'open' or (sale == 'paused' and for_whom == 'organiser')
  -- mutant: a-revived-hold-asks-nothing-of-the-sale
  if not is_open then
    return 'event_not_on_sale'
  end
  local max_per_buyer = redis.call('HGET', key.settings, 'max_per_buyer')
  local is_over_limit = exceeds_limit(key.buyers, hold.user, more, max_per_buyer)
  -- mutant: a-revived-hold-passes-the-limit
  if for_whom ~= 'organiser' and is_over_limit then
    return 'buyer_limit_exceeded'
  end
end
local ends_ms = tonumber(redis.call('ZSCORE', key.expiry, booking)) or hold.expires_ms
if record and ends_ms <= now_ms then
  local refused = refusal(0)
  if refused then
    return { refused, '' }
  end
end
if not record then
  local owned, free = 0, 0
  for index, field in ipairs(fields) do
    local holder = redis.call('HGET', key.holders, field)
    local offset = offsets[index]
    -- A seat sold before a rebuild has no holder: the map knows.
    local seat = offset and redis.call('GETRANGE', key.map, offset, offset) or '.'
    if holder == booking then
      owned = owned + 1
    -- mutant: retaking-seats-of-others
    elseif not holder and seat == '.' then
      free = free + 1
    end
  end
  if owned == #fields then
    return { 'confirmed', given }
  end
  local refused = refusal(hold.quantity)
  if refused then
    return { refused, '' }
  end
  local available = tonumber(redis.call('HGET', key.counts, 'available:' .. section))
  if free < #fields or available < hold.quantity then
    return { 'seats_taken', '' }
  end
end

-- After this point the script must succeed.
local changes = {}
if record then
  redis.call('HSET', key.bookings, booking, confirming)
  redis.call('ZADD', key.expiry, 'GT', expires_ms, booking)
else
  take_seats(key, booking, hold, confirming, fields, offsets, expires_ms)
  redis.call('HDEL', key.resolved, booking)
  if #offsets > 0 then
    note_change(changes, section, 'h', fields)
  end
end
-- mutant: a-revived-hold-is-not-told
tell_seats(key, watched_until_ms, now_ms, changes)
expire_with_event(key.settings)
return { 'pinned', confirming }
