#!lua flags=no-writes
-- Reads the settings and the counts of an event in one atomic view.
--
-- Guarantees: available + held + sold = capacity in what is returned, per section and in total.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
--
-- Returns {outcome, now_ms, field, value, …, 'counts', field, value, …}
--   outcome: ok | event_missing (then nothing follows now_ms)
--   the settings, the word counts in place of a field, the counts
--
-- Bounds: 64 sections, so some 350 elements.

-- @include clock_ms

-- @keys

local reply = { 'ok', clock_ms() }
local fields = redis.call('HGETALL', key.settings)
if redis.call('HEXISTS', key.settings, 'generation') == 0 then
  return { 'event_missing', reply[2] }
end
for _, word in ipairs(fields) do
  reply[#reply + 1] = word
end
reply[#reply + 1] = 'counts'
for _, word in ipairs(redis.call('HGETALL', key.counts)) do
  reply[#reply + 1] = word
end
return reply
