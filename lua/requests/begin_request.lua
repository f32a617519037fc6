#!lua
-- Claims an idempotency key before the work of a request is done, or finds the first answer.
--
-- Guarantees: of any number of parallel requests with one key one gets the claim, until it finishes
-- or the claim's time is over. Where an event keeps the answer itself (ARGV[4]), all requests with
-- one fingerprint get the claim, and the script of the event gives them one answer; a request with
-- another fingerprint gets it only when that event has none to the first.
--
-- KEYS[1] request (string)
--
-- ARGV[1] fingerprint of the request, no spaces
-- ARGV[2] life of the claim, ms
-- ARGV[3] name of the request, no spaces: its own claim is no obstacle when a lost reply is asked
--   for again
-- ARGV[4] event whose own record keeps the answer, see reserve_seats and admit_users; '' for none
-- ARGV[5] fingerprint to which the event of the claim has no answer; '' when that was not asked
-- ARGV[6] life of a claim that an event decides, ms
--
-- Returns {outcome, status, body}
--   claimed: '', ''
--   replayed: the stored answer
--   reused (another request has this key) | in_progress (the same one, not finished): '', ''
--   doubtful (the claim of another request is over, and an event knows what it came to): the event,
--     the fingerprint of that request
--
-- Bounds: no loops.
--
-- Stored is `<fingerprint> answer <status> <body>`, `<fingerprint> claim <request>` or
-- `<fingerprint> event <event> <request> <claim_ends_ms>`; the request is `-` once there are
-- several.

-- @include clock_ms

-- @keys

local fingerprint, claim_ttl_ms, request = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local event, disproved, life_ms = ARGV[4], ARGV[5], tonumber(ARGV[6])
local now_ms = clock_ms()

local stored = redis.call('GET', key.request)
local claimant = request
if stored then
  local first, kind, rest = string.match(stored, '^(%S+) (%l+) (.*)$')
  local is_same = first == fingerprint
  if kind == 'answer' then
    -- mutant: any-body-replays-an-answer
    if is_same then
      return { 'replayed', string.match(rest, '^(%d+) (.*)$') }
    end
    return { 'reused', '', '' }
  elseif kind == 'claim' and rest ~= request then
    return { is_same and 'in_progress' or 'reused', '', '' }
  elseif kind == 'event' then
    local decided_by, first_request, ends_ms = string.match(rest, '^(%S+) (%S+) (%d+)$')
    -- mutant: a-key-follows-the-event-of-its-body
    if not is_same and now_ms < tonumber(ends_ms) then
      return { 'reused', '', '' }
    elseif not is_same and first ~= disproved then
      return { 'doubtful', decided_by, first }
    elseif is_same and first_request ~= request then
      claimant = '-'
    end
  end
end

-- After this point the script must succeed.
if event == '' then
  redis.call('SET', key.request, fingerprint .. ' claim ' .. request, 'PX', claim_ttl_ms)
else
  redis.call('SET', key.request, string.format('%s event %s %s %.0f', fingerprint, event, claimant,
    now_ms + claim_ttl_ms), 'PX', life_ms)
end
return { 'claimed', '', '' }
