#!lua flags=allow-oom
-- Puts the counts of buyers right that the audit found wrong.
--
-- Guarantees: a count changes only if it is still as the audit saw it. A repeated call changes
-- nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] buyers (hash)
--
-- ARGV[1] generation that was audited
-- ARGV[2..] for each buyer the user, tickets as seen and tickets as wanted
--
-- Returns {outcome, repaired}
--   outcome: repaired | superseded (another generation is open, or none)
--
-- Bounds: 1000 buyers; the rest is ignored.

-- @include expire_with_event

-- @keys

local buyers_max = 1000

if redis.call('HGET', key.settings, 'generation') ~= ARGV[1] then
  return { 'superseded', 0 }
end

-- After this point the script must succeed.
local repaired = 0
for index = 2, math.min(#ARGV, 1 + 3 * buyers_max), 3 do
  local user, seen, wanted = unpack(ARGV, index, index + 2)
  if (redis.call('HGET', key.buyers, user) or '0') == seen then
    redis.call('HSET', key.buyers, user, wanted)
    repaired = repaired + 1
  end
end
expire_with_event(key.settings)
return { 'repaired', repaired }
