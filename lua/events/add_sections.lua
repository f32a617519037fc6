#!lua
-- Adds sections to an open event, every seat free.
--
-- Guarantees: a section the event already has is left as it is, so a repeated call adds nothing;
-- available + held + sold = capacity before and after.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3..] map of each seated section given (string), in the order of the sections
--
-- ARGV[1..] for each section its name, its descriptor, its capacity and its map ('' for a standing
--   section)
--
-- Returns {outcome, added}
--   outcome: added | event_missing
--   added: how many sections are new
--
-- Bounds: 64 sections.

-- @include expire_with_event

-- @keys


local known, seated_known, capacity = unpack(redis.call('HMGET',
  key.settings, 'sections', 'seated_sections', 'capacity'))
if not known then
  return { 'event_missing', 0 }
end

local names, seated = { known }, {}
if seated_known ~= '' then
  seated[1] = seated_known
end
local new = {}
local map = 1
for index = 1, #ARGV, 4 do
  local section = { name = ARGV[index], descriptor = ARGV[index + 1], capacity = ARGV[index + 2] }
  if ARGV[index + 3] ~= '' then
    section.map_key, section.map = key.maps[map], ARGV[index + 3]
    map = map + 1
  end
  if redis.call('HEXISTS', key.settings, 'section:' .. section.name) == 0 then
    new[#new + 1] = section
  end
end
if map ~= #key.maps + 1 then
  return redis.error_reply('INVALID one map key for each seated section')
end

-- After this point the script must succeed.
for _, section in ipairs(new) do
  names[#names + 1] = section.name
  capacity = capacity + section.capacity
  redis.call('HSET', key.settings, 'section:' .. section.name, section.descriptor)
  redis.call('HINCRBY', key.counts, 'available', section.capacity)
  redis.call('HSET', key.counts, 'available:' .. section.name, section.capacity,
    'held:' .. section.name, 0, 'sold:' .. section.name, 0)
  if section.map then
    seated[#seated + 1] = section.name
    redis.call('SET', section.map_key, section.map)
  end
end
redis.call('HSET', key.settings, 'sections', table.concat(names, ' '),
  'seated_sections', table.concat(seated, ' '), 'capacity', capacity)
expire_with_event(key.settings)
return { 'added', #new }
