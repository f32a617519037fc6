#!lua flags=allow-oom
-- Forgets journal entries that the ledger has, how their bookings ended, and whose those were: the
-- ledger tells.
--
-- Guarantees: later entries stay.
--
-- KEYS[1] journal (stream)
-- KEYS[2] resolved (hash)
-- KEYS[3] contacts (hash)
--
-- ARGV[1] id of the first entry to stay
-- ARGV[2..] bookings that have ended by the entries
--
-- Returns {trimmed}: how many entries
--
-- Bounds: 1000 bookings, far below unpack's limit of 8000.

-- @keys

-- After this point the script must succeed.
if #ARGV > 1 then
  redis.call('HDEL', key.resolved, unpack(ARGV, 2))
  redis.call('HDEL', key.contacts, unpack(ARGV, 2))
end
return { redis.call('XTRIM', key.journal, 'MINID', '=', ARGV[1]) }
