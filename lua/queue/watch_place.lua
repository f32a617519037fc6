#!lua flags=no-writes
-- Reads a user's place in the queue, and from where in the feed on news concern it.
--
-- Guarantees: changes nothing; place and feed are of the same moment, so the news after the one
-- that is named, and no others, are still to be applied to the place.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set)
-- KEYS[4] admissions (hash)
-- KEYS[5] places (hash)
-- KEYS[6] seen (sorted set)
-- KEYS[7] away (sorted set)
-- KEYS[8] feed (stream)
-- KEYS[9] passes (sorted set)
--
-- ARGV[1] user
--
-- Returns the place, see includes/place_of.lua, and after it
--   place in the order of the line, as text; '' unless waiting
--   id of the newest news, 0-0 when there are none
--   serial number of the newest news
--   what the line is doing, see includes/line_state.lua
--
-- Bounds: no loops; O(log n) in the length of the queue.

-- @include clock_ms
-- @include pace_max
-- @include line_order
-- @include pass_clock_ms
-- @include is_blocked
-- @include place_of
-- @include line_state

-- @keys

local user = ARGV[1]

local now_ms = clock_ms()
local reply = place_of(key, user, now_ms, 0)
local place_fields = #reply
if reply[1] == 'event_missing' then
  reply[place_fields + 1], reply[place_fields + 2] = '', '0-0'
  reply[place_fields + 3], reply[place_fields + 4] = 0, ''
  return reply
end
local newest = redis.call('XREVRANGE', key.feed, '+', '-', 'COUNT', 1)[1]
reply[place_fields + 1] = reply[1] == 'waiting' and (redis.call('ZSCORE', key.queue, user)
  or redis.call('ZSCORE', key.away, user)) or ''
reply[place_fields + 2] = newest and newest[1] or '0-0'
reply[place_fields + 3] = tonumber(redis.call('HGET', key.counts, 'told') or 0)
reply[place_fields + 4] = line_state(key.settings, key.counts, now_ms)
return reply
