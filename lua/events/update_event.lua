#!lua
-- Changes settings of an open event: times, limits, the queue, paused, cancelled.
--
-- Guarantees: all fields or none; an event that is not open stays that way; a version never
-- replaces a newer one, so two changes may arrive in any order.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] feed (stream): told what the line is doing, the message to those who wait, and that the
--   draw is at another time, when that has changed
--
-- ARGV[1] version, which the ledger raises with each change
-- ARGV[2..] field and new value of each setting that changes
--
-- Returns {outcome}: updated | outdated (a newer version is there) | event_missing
--
-- Bounds: as many fields as the settings have.

-- @include clock_ms
-- @include pace_max
-- @include line_state
-- @include tell_waiting
-- @include tell_state
-- @include expire_with_event

-- @keys

local version = tonumber(ARGV[1])

local generation, known, on_sale_at_ms, message, abandon_after_ms, paused, paused_from_ms =
  unpack(redis.call('HMGET', key.settings, 'generation', 'version', 'on_sale_at_ms', 'message',
    'abandon_after_ms', 'paused', 'paused_from_ms'))
if not generation then
  return { 'event_missing' }
-- mutant: older-settings-replace-newer
elseif tonumber(known) > version then
  return { 'outdated' }
end

-- After this point the script must succeed.
redis.call('HSET', key.settings, 'version', version, unpack(ARGV, 2))
local new_on_sale_at_ms, new_message, new_abandon_after_ms, new_paused =
  unpack(redis.call('HMGET', key.settings, 'on_sale_at_ms', 'message', 'abandon_after_ms',
    'paused'))
local now_ms = clock_ms()
-- See pass_clock_ms.
if new_paused == '1' and paused ~= '1' then
  redis.call('HSET', key.settings, 'paused_from_ms', string.format('%.0f', now_ms))
elseif new_paused ~= '1' and paused_from_ms then
  -- The clock of a new master may be behind.
  local lasted_ms = math.max(now_ms - tonumber(paused_from_ms), 0)
  redis.call('HINCRBY', key.settings, 'paused_ms', string.format('%.0f', lasted_ms))
  redis.call('HDEL', key.settings, 'paused_from_ms')
end
if new_abandon_after_ms ~= abandon_after_ms then
  -- Nobody could know before how often to be seen.
  redis.call('HSET', key.settings, 'abandon_from_ms', string.format('%.0f', now_ms))
end
if new_on_sale_at_ms ~= on_sale_at_ms then
  tell_waiting(key.counts, key.feed, 'anew')
end
if new_message ~= message then
  tell_waiting(key.counts, key.feed, 'message ' .. (new_message or ''))
end
tell_state(key.settings, key.counts, key.feed, now_ms)
expire_with_event(key.settings)
return { 'updated' }
