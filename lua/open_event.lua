#!lua
-- Opens an event: settings, counts and maps, everything else empty. Serves a new event and the
-- rebuild of a lost one.
--
-- Guarantees: an event that is open with the same or a newer generation is not touched; an older
-- one is replaced whole, but its queue numbers go on, so that none is given twice.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set): emptied
-- KEYS[4] passes (sorted set): emptied
-- KEYS[5] admissions (hash): emptied
-- KEYS[6] holders (hash): emptied
-- KEYS[7] bookings (hash): emptied
-- KEYS[8] expiry (sorted set): emptied
-- KEYS[9] buyers (hash): emptied
-- KEYS[10] answers (hash): emptied
-- KEYS[11] answer_times (sorted set): emptied
-- KEYS[12] journal (stream): emptied
-- KEYS[13..] map of each seated section (string), in the order of the sections
--
-- ARGV[1] generation, a number that grows with each rebuild
-- ARGV[2] how many settings follow
-- ARGV[3..] field and value of each setting; then for each section its name, its available and its
--   sold places and its map ('' for a standing section)
--
-- Returns {outcome}: opened | exists
--
-- Bounds: 64 sections, so 76 keys and some 450 arguments.

local settings, counts = KEYS[1], KEYS[2]
local generation, settings_count = tonumber(ARGV[1]), tonumber(ARGV[2])
local sections_from = 3 + 2 * settings_count
local first_map = 13

local known = redis.call('HGET', settings, 'generation')
if known and tonumber(known) >= generation then
  return { 'exists' }
end

local maps = first_map - 1
local available_total, sold_total = 0, 0
local section_counts = {}
for index = sections_from, #ARGV, 4 do
  local name, available, sold, map = unpack(ARGV, index, index + 3)
  available_total, sold_total = available_total + available, sold_total + sold
  section_counts[#section_counts + 1] = { 'available:' .. name, available,
    'held:' .. name, 0, 'sold:' .. name, sold }
  maps = maps + (map ~= '' and 1 or 0)
end
if maps ~= #KEYS then
  return redis.error_reply('INVALID one map key for each seated section')
end
local number = redis.call('HGET', counts, 'number') or 0

-- After this point the script must succeed.
redis.call('DEL', unpack(KEYS))
redis.call('HSET', settings, 'generation', generation, unpack(ARGV, 3, sections_from - 1))
redis.call('HSET', counts, 'number', number, 'admitted', 0,
  'available', available_total, 'held', 0, 'sold', sold_total)
for _, fields in ipairs(section_counts) do
  redis.call('HSET', counts, unpack(fields))
end
local map = first_map
for index = sections_from + 3, #ARGV, 4 do
  if ARGV[index] ~= '' then
    redis.call('SET', KEYS[map], ARGV[index])
    map = map + 1
  end
end
return { 'opened' }
