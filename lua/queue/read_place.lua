#!lua flags=no-writes
-- Reads a user's place in the queue.
--
-- Guarantees: changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] passes (sorted set)
-- KEYS[5] admissions (hash)
-- KEYS[6] places (hash)
-- KEYS[7] seen (sorted set)
-- KEYS[8] away (sorted set)
--
-- ARGV[1] user
--
-- Returns the place, see includes/place_of.lua
--
-- Bounds: no loops; O(log n) in the length of the queue.

-- @include clock_ms
-- @include pace_max
-- @include place_of

local key = {
  settings = KEYS[1],
  counts = KEYS[2],
  queue = KEYS[3],
  passes = KEYS[4],
  admissions = KEYS[5],
  places = KEYS[6],
  seen = KEYS[7],
  away = KEYS[8],
}
return place_of(key, ARGV[1], clock_ms(), 0)
