#!lua
-- Claims an idempotency key before the work of a request is done, or finds the first answer.
--
-- Guarantees: of any number of parallel requests with one entry one gets the claim, until it
-- finishes or the claim's time is over.
--
-- KEYS[1] answers (hash)
-- KEYS[2] answer_times (sorted set)
--
-- ARGV[1] entry
-- ARGV[2] fingerprint of the request, no spaces
-- ARGV[3] life of the claim, ms
--
-- Returns {outcome, status, body}
--   claimed: '', ''
--   replayed: the stored answer
--   reused (another request has this entry) | in_progress (the same one, not finished): '', ''
--
-- Bounds: no loops.
--
-- An answer is stored as `<fingerprint> <created_ms> <status> <body>`; a claim has status 0 and the
-- end of its life as body. A reservation's body is `<booking> <record>`, see reserve_seats.

-- @include clock_ms

local answers, answer_times = KEYS[1], KEYS[2]
local entry, fingerprint, claim_ttl_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])

local now_ms = clock_ms()
local answer = redis.call('HGET', answers, entry)
if answer then
  local first_fingerprint, status, body = string.match(answer, '^(%S+) %d+ (%d+) (.*)$')
  if first_fingerprint ~= fingerprint then
    return { 'reused', '', '' }
  elseif status ~= '0' then
    return { 'replayed', status, body }
  elseif now_ms < tonumber(body) then
    return { 'in_progress', '', '' }
  end
end

-- After this point the script must succeed.
redis.call('HSET', answers, entry,
  string.format('%s %.0f 0 %.0f', fingerprint, now_ms, now_ms + claim_ttl_ms))
redis.call('ZADD', answer_times, now_ms, entry)
return { 'claimed', '', '' }
