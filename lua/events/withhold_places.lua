#!lua
-- Takes free standing places off sale, before the ledger makes a section smaller: here it is known
-- what is held. The ledger then decides, and apply_sections follows it; until then nothing gives
-- them back, and after a time the audit does.
--
-- Guarantees: all of them or none; only places that are free; available + held + sold = capacity
-- before and after. A repeated call changes nothing.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
--
-- ARGV[1] version of the sections that the change begins with
-- ARGV[2] how long nothing gives them back, ms
-- ARGV[3..] for each section its name and the places it is to have
--
-- Returns {outcome, sections}
--   outcome: withheld | capacity_in_use (too few are free) | other_version (the sections here are
--     of another one) | event_missing
--   sections: the names of those where too few are free, separated by spaces; else ''
--
-- Bounds: 64 sections.

-- @include clock_ms
-- @include expire_with_event

-- @keys

local version, keep_ms = ARGV[1], tonumber(ARGV[2])

local generation, known_version, capacity =
  unpack(redis.call('HMGET', key.settings, 'generation', 'sections_version', 'capacity'))
if not generation then
  return { 'event_missing', '' }
elseif known_version ~= version then
  return { 'other_version', '' }
end
local smaller, in_use = {}, {}
for index = 3, #ARGV, 2 do
  local name, wanted = ARGV[index], tonumber(ARGV[index + 1])
  local size, rest = string.match(
    redis.call('HGET', key.settings, 'section:' .. name) or '', '^standing (%d+) (.+)$')
  if not size then
    return { 'other_version', '' }
  end
  local less = tonumber(size) - wanted
  local available = tonumber(redis.call('HGET', key.counts, 'available:' .. name))
  -- mutant: held-places-are-withheld
  if less > available then
    in_use[#in_use + 1] = name
  elseif less > 0 then
    smaller[#smaller + 1] =
      { name = name, less = less, descriptor = string.format('standing %.0f %s', wanted, rest) }
  end
end
if #in_use > 0 then
  return { 'capacity_in_use', table.concat(in_use, ' ') }
end

-- After this point the script must succeed.
for _, section in ipairs(smaller) do
  capacity = capacity - section.less
  redis.call('HSET', key.settings, 'section:' .. section.name, section.descriptor)
  redis.call('HINCRBY', key.counts, 'available:' .. section.name, -section.less)
  redis.call('HINCRBY', key.counts, 'available', -section.less)
end
redis.call('HSET', key.settings, 'capacity', string.format('%.0f', capacity),
  'withheld_until_ms', string.format('%.0f', clock_ms() + keep_ms))
expire_with_event(key.settings)
return { 'withheld', '' }
