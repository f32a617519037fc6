#!lua flags=no-writes
-- Reads an unresolved booking.
--
-- Guarantees: changes nothing.
--
-- KEYS[1] bookings (hash)
-- KEYS[2] expiry (sorted set)
--
-- ARGV[1] booking
--
-- Returns {outcome, record, expires_ms, now_ms}
--   outcome: found | absent (never held here, or resolved: ask the ledger)
--   expires_ms: when the hold ends; later than in the record while a payment is under way
--
-- Bounds: no loops.

-- @include clock_ms

local bookings, expiry = KEYS[1], KEYS[2]
local booking = ARGV[1]

local now_ms = clock_ms()
local record = redis.call('HGET', bookings, booking)
if not record then
  return { 'absent', '', 0, now_ms }
end
return { 'found', record, tonumber(redis.call('ZSCORE', expiry, booking)), now_ms }
