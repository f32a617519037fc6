#!lua
-- Notes that waiting users are there, since they poll or hold a stream open. A user who was taken
-- for gone is back at the same place.
--
-- Guarantees: nobody's position changes; a user without a place in the line gets none. A repeated
-- call changes nothing but the time.
--
-- KEYS[1] settings (hash)
-- KEYS[2] queue (sorted set)
-- KEYS[3] seen (sorted set)
-- KEYS[4] away (sorted set)
--
-- ARGV[1..] users
--
-- Returns {outcome, gone}
--   outcome: seen | event_missing
--   gone: users of the call who are not in the line, separated by spaces
--
-- Bounds: 500 users a call, so that it takes about a millisecond; the rest is ignored.

-- @include clock_ms
-- @include see_user
-- @include expire_with_event

-- @keys

local users_max = 500

if redis.call('HEXISTS', key.settings, 'generation') == 0 then
  return { 'event_missing', '' }
end

-- After this point the script must succeed.
local now_ms = clock_ms()
local gone = {}
for index = 1, math.min(#ARGV, users_max) do
  if not see_user(key.queue, key.seen, key.away, ARGV[index], now_ms) then
    gone[#gone + 1] = ARGV[index]
  end
end
expire_with_event(key.settings)
return { 'seen', table.concat(gone, ' ') }
