#!lua flags=allow-oom
-- Puts the counts of a section right that the audit found wrong, and the event's with them.
--
-- Guarantees: they change only if they are still as the audit saw them; afterwards the event's
-- counts are the sums of its sections'. A repeated call changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
--
-- ARGV[1] generation that was audited
-- ARGV[2] section
-- ARGV[3] available as seen
-- ARGV[4] held as seen
-- ARGV[5] sold as seen
-- ARGV[6] available as wanted
-- ARGV[7] held as wanted
-- ARGV[8] sold as wanted
--
-- Returns {outcome, repaired}
--   outcome: repaired | superseded (another generation is open, or none)
--   repaired: 1, or 0 when the counts have changed since
--
-- Bounds: 64 sections.

-- @keys

local generation, section = ARGV[1], ARGV[2]
local words = { 'available', 'held', 'sold' }

local known, sections = unpack(redis.call('HMGET', key.settings, 'generation', 'sections'))
if known ~= generation then
  return { 'superseded', 0 }
end
for index, word in ipairs(words) do
  if redis.call('HGET', key.counts, word .. ':' .. section) ~= ARGV[2 + index] then
    return { 'repaired', 0 }
  end
end

-- After this point the script must succeed.
for index, word in ipairs(words) do
  redis.call('HSET', key.counts, word .. ':' .. section, ARGV[5 + index])
  local total = 0
  for name in string.gmatch(sections, '%S+') do
    total = total + redis.call('HGET', key.counts, word .. ':' .. name)
  end
  redis.call('HSET', key.counts, word, total)
end
return { 'repaired', 1 }
