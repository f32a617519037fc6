#!lua flags=allow-oom
-- Lets the keys of an event that is over expire, so that Redis does not keep them for ever. The
-- ledger can build them again.
--
-- Guarantees: the keys of an event that is not over do not expire. A repeated call changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2..] all other keys of the event
--
-- ARGV[1] how long they stay after the end of the event, ms; one hour from now at least
--
-- Returns {outcome}: retired | kept (not over) | event_missing
--
-- Bounds: 64 sections, so 81 keys.

-- @include clock_ms

local settings, keep_ms = KEYS[1], tonumber(ARGV[1])
local hour_ms = 3600000

local ends_at_ms = redis.call('HGET', settings, 'ends_at_ms')
if not ends_at_ms then
  return { 'event_missing' }
end
local now_ms = clock_ms()
local over = now_ms >= tonumber(ends_at_ms)

-- After this point the script must succeed.
if not over then
  -- The end was moved after the event had been over.
  if redis.call('PTTL', settings) > 0 then
    for _, name in ipairs(KEYS) do
      redis.call('PERSIST', name)
    end
  end
  return { 'kept' }
end
local until_ms = string.format('%.0f', math.max(ends_at_ms + keep_ms, now_ms + hour_ms))
for _, name in ipairs(KEYS) do
  redis.call('PEXPIREAT', name, until_ms)
end
return { 'retired' }
