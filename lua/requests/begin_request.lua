#!lua
-- Claims an idempotency key before the work of a request is done, or finds the first answer.
--
-- Guarantees: of any number of parallel requests with one entry one gets the claim, until it
-- finishes or the claim's time is over.
--
-- KEYS[1] settings (hash)
-- KEYS[2] answers (hash)
-- KEYS[3] answer_times (sorted set)
--
-- ARGV[1] entry
-- ARGV[2] fingerprint of the request, no spaces
-- ARGV[3] life of the claim, ms
-- ARGV[4] name of the request, no spaces: its own claim is no obstacle when a lost reply is asked
--   for
--   again
--
-- Returns {outcome, status, body}
--   claimed: '', ''
--   replayed: the stored answer
--   reused (another request has this entry) | in_progress (the same one, not finished): '', ''
--   event_missing: '', ''
--
-- Bounds: no loops.
--
-- An answer is stored as `<fingerprint> <created_ms> <status> <body>`; a claim has status 0 and as
-- body the end of its life and the request. A reservation's body is `<booking> <record>`, see
-- reserve_seats.

-- @include clock_ms
-- @include expire_with_event

-- @keys

local entry, fingerprint, claim_ttl_ms, request = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

if redis.call('HEXISTS', key.settings, 'generation') == 0 then
  return { 'event_missing', '', '' }
end

local now_ms = clock_ms()
local answer = redis.call('HGET', key.answers, entry)
if answer then
  local first_fingerprint, status, body = string.match(answer, '^(%S+) %d+ (%d+) (.*)$')
  local claim_ends_ms, claimant = string.match(body, '^(%d+) (%S+)$')
  -- mutant: any-body-replays-an-answer
  if status ~= '0' and first_fingerprint == fingerprint then
    return { 'replayed', status, body }
  elseif status ~= '0' then
    return { 'reused', '', '' }
  -- A claim whose time is over is no claim: its request died.
  elseif claimant ~= request and now_ms < tonumber(claim_ends_ms) then
    return { first_fingerprint == fingerprint and 'in_progress' or 'reused', '', '' }
  end
end

-- After this point the script must succeed.
redis.call('HSET', key.answers, entry,
  string.format('%s %.0f 0 %.0f %s', fingerprint, now_ms, now_ms + claim_ttl_ms, request))
redis.call('ZADD', key.answer_times, now_ms, entry)
expire_with_event(key.settings)
return { 'claimed', '', '' }
