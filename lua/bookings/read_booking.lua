#!lua flags=no-writes
-- Reads a booking that is unresolved, or was resolved so lately that the ledger may not know yet.
--
-- Guarantees: changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] bookings (hash)
-- KEYS[3] expiry (sorted set)
-- KEYS[4] resolved (hash)
-- KEYS[5] contacts (hash)
--
-- ARGV[1] booking
--
-- Returns {outcome, record, expires_ms, now_ms, contact}
--   found: record of the hold, and when it ends: later than in the record while a payment is under
--     way
--   released | expired: record of the hold as it was
--   absent: never held here, sold, or resolved before: ask the ledger
--   event_missing
--   contact: of its buyer, with found, released and expired
--   What does not apply is '' or 0.
--
-- Bounds: no loops.

-- @include clock_ms

-- @keys

local booking = ARGV[1]

local function contact()
  return redis.call('HGET', key.contacts, booking) or ''
end

local now_ms = clock_ms()
if redis.call('HEXISTS', key.settings, 'generation') == 0 then
  return { 'event_missing', '', 0, now_ms, '' }
end
local record = redis.call('HGET', key.bookings, booking)
if record then
  local hold_expires_ms = redis.call('ZSCORE', key.expiry, booking)
  return { 'found', record, tonumber(hold_expires_ms or 0), now_ms, contact() }
end
local ended = redis.call('HGET', key.resolved, booking)
if ended then
  local word, ended_record = string.match(ended, '^(%l+) (.+)$')
  return { word, ended_record, 0, now_ms, contact() }
end
return { 'absent', '', 0, now_ms, '' }
