#!lua
-- Gives a hold more time, once.
--
-- Guarantees: no seat changes; a hold is extended once in its life, also when it was rebuilt. A
-- repeated call gives the first answer.
--
-- KEYS[1] settings (hash)
-- KEYS[2] bookings (hash)
-- KEYS[3] expiry (sorted set)
-- KEYS[4] journal (stream)
--
-- ARGV[1] booking
-- ARGV[2] when the hold ends as far as the caller knows, ms: one that ends later was extended
--   since, by an earlier attempt
-- ARGV[3] the longest extension, ms
--
-- Returns {outcome, record}
--   extended: record of the hold
--   already_extended | booking_expired (past its time) | event_not_on_sale (over or cancelled) |
--   absent (no such hold, or resolved) | event_missing: ''
--
-- Bounds: no loops.

-- @include clock_ms
-- @include sale_state
-- @include parse_hold

-- @keys

local booking, known_ms, extension_max_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local now_ms = clock_ms()
local sale = sale_state(key.settings, now_ms)
if sale == 'missing' then
  return { 'event_missing', '' }
end
local record = redis.call('HGET', key.bookings, booking)
if not record then
  return { 'absent', '' }
end
local hold = parse_hold(record)
local ends_ms = tonumber(redis.call('ZSCORE', key.expiry, booking)) or hold.expires_ms
ends_ms = math.min(hold.expires_ms, ends_ms)
if hold.is_extended and hold.expires_ms > known_ms then
  return { 'extended', record }
-- mutant: a-hold-is-extended-again
elseif hold.is_extended then
  return { 'already_extended', '' }
-- mutant: a-hold-past-its-time-is-extended
elseif ends_ms <= now_ms then
  return { 'booking_expired', '' }
elseif sale == 'ended' or sale == 'cancelled' then
  return { 'event_not_on_sale', '' }
end
local hold_ttl_ms = tonumber(redis.call('HGET', key.settings, 'hold_ttl_ms'))
local expires_ms = hold.expires_ms + math.min(hold_ttl_ms, extension_max_ms)
local before, seats = string.match(record, '^(.+) %d+ (%S+)$')
local extended = string.format('%s %.0f %s extended', before, expires_ms, seats)

-- After this point the script must succeed.
redis.call('HSET', key.bookings, booking, extended)
redis.call('ZADD', key.expiry, 'GT', expires_ms, booking)
redis.call('XADD', key.journal, '*', 'e', 'extended ' .. booking .. ' ' .. extended)
return { 'extended', extended }
