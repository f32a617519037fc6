#!lua flags=no-writes
-- Reads a user's place in the queue.
--
-- Guarantees: changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] admissions (hash)
-- KEYS[5] places (hash)
-- KEYS[6] seen (sorted set)
-- KEYS[7] away (sorted set)
-- KEYS[8] passes (sorted set)
--
-- ARGV[1] user
--
-- Returns the place, see includes/place_of.lua
--
-- Bounds: no loops; O(log n) in the length of the queue.

-- @include clock_ms
-- @include pace_max
-- @include line_order
-- @include pass_clock_ms
-- @include is_blocked
-- @include place_of

-- @keys

return place_of(key, ARGV[1], clock_ms(), 0)
