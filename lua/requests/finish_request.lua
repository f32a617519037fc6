#!lua flags=allow-oom
-- Stores the answer of a request, or gives its claim back when it failed: a failed attempt does
-- not burn its key.
--
-- Guarantees: the first stored answer stays; another request's entry is not touched.
--
-- KEYS[1] settings (hash)
-- KEYS[2] answers (hash)
-- KEYS[3] answer_times (sorted set)
--
-- ARGV[1] entry
-- ARGV[2] fingerprint of the request, no spaces
-- ARGV[3] HTTP status; '' gives the claim back
-- ARGV[4] body
--
-- Returns {outcome}: stored (now or before) | dropped (nothing is stored)
--
-- Bounds: no loops.

-- @include clock_ms
-- @include expire_with_event

-- @keys

local entry, fingerprint, status, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local answer = redis.call('HGET', key.answers, entry)
if answer then
  local first_fingerprint, first_status = string.match(answer, '^(%S+) %d+ (%d+) ')
  if first_fingerprint ~= fingerprint then
    return { 'dropped' }
  elseif first_status ~= '0' then
    return { 'stored' }
  end
end
-- Where nothing of the event is left nobody asks for the answer, and it would stay for ever.
if redis.call('EXISTS', key.settings) == 0 then
  return { 'dropped' }
end
local now_ms = clock_ms()

-- After this point the script must succeed.
if status == '' then
  redis.call('HDEL', key.answers, entry)
  redis.call('ZREM', key.answer_times, entry)
  return { 'dropped' }
end
-- The body is not formatted: %s would end it at a zero byte.
local stored = string.format('%s %.0f %s ', fingerprint, now_ms, status) .. body
redis.call('HSET', key.answers, entry, stored)
redis.call('ZADD', key.answer_times, now_ms, entry)
expire_with_event(key.settings)
return { 'stored' }
