#!lua flags=allow-oom
-- Stores the answer of a request, or gives its claim back when it failed: a failed attempt does
-- not burn its key.
--
-- Guarantees: the first stored answer stays; the claim of another request is not touched.
--
-- KEYS[1] request (string), see begin_request
--
-- ARGV[1] fingerprint of the request, no spaces
-- ARGV[2] name of the request, as it claimed
-- ARGV[3] HTTP status; '' gives the claim back
-- ARGV[4] body
-- ARGV[5] life of the answer, ms
--
-- Returns {outcome}: stored (now or before) | dropped (this request has stored nothing)
--
-- Bounds: no loops.

-- @keys

local fingerprint, request, status, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local life_ms = tonumber(ARGV[5])

local stored = redis.call('GET', key.request)
local claimant
if stored then
  local first, kind, rest = string.match(stored, '^(%S+) (%l+) (.*)$')
  if first ~= fingerprint then
    return { 'dropped' }
  elseif kind == 'answer' then
    return { 'stored' }
  end
  claimant = kind == 'claim' and rest or string.match(rest, '^%S+ (%S+) %d+$')
end

-- After this point the script must succeed.
if status ~= '' then
  -- The body is not formatted: %s would end it at a zero byte.
  local answer = fingerprint .. ' answer ' .. status .. ' ' .. body
  redis.call('SET', key.request, answer, 'PX', life_ms)
  return { 'stored' }
end
if claimant == request then
  redis.call('DEL', key.request)
end
return { 'dropped' }
