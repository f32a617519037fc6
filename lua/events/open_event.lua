#!lua
-- Opens an event with every seat free: a new event for sale at once, or one that was lost, whose
-- sales and holds are then restored (restore_bookings) before it is for sale (finish_opening).
--
-- Guarantees: an event that is open, or being opened, with the same or a newer generation is not
-- touched; an older one is replaced whole. While it is being opened every script answers that the
-- event is missing. The journal and the contacts stay: they are still to be drained. So does the
-- feed: those who follow it notice a gap in the serial numbers. Those who follow seats are asked
-- to read them anew when they next ask for news, see includes/watch_maps.lua.
--
-- These are the keys that a rebuild replaces: keys::rebuilt is made from this list.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] queue (sorted set): emptied
-- KEYS[4] passes (sorted set): emptied
-- KEYS[5] admissions (hash): emptied
-- KEYS[6] places (hash): emptied
-- KEYS[7] holders (hash): emptied
-- KEYS[8] bookings (hash): emptied
-- KEYS[9] expiry (sorted set): emptied
-- KEYS[10] buyers (hash): emptied
-- KEYS[11] resolved (hash): emptied
-- KEYS[12] answers (hash): emptied
-- KEYS[13] answer_times (sorted set): emptied
-- KEYS[14] seen (sorted set): emptied
-- KEYS[15] away (sorted set): emptied
-- KEYS[16] addresses (hash): emptied
-- KEYS[17] units_left (hash): emptied
-- KEYS[18] seat_news (stream): emptied
-- KEYS[19..] map of each seated section (string), in the order of the sections: filled anew
--
-- ARGV[1] generation, a number that grows with each rebuild
-- ARGV[2] state: live (for sale at once) | building (until finish_opening)
-- ARGV[3] how many numbers were drawn for; '' before the draw, and when building
-- ARGV[4] version of the sections
-- ARGV[5] how many settings follow; 0 when building
-- ARGV[6..] field and value of each setting; then for each section its name, its capacity and its
--   map ('' for a standing section)
--
-- Returns {outcome}: opened | exists
--
-- Bounds: 64 sections, so 82 keys and some 350 arguments.

-- @keys

local generation, state = tonumber(ARGV[1]), ARGV[2]
local draw_count, sections_version, settings_count = ARGV[3], ARGV[4], tonumber(ARGV[5])
local sections_from = 6 + 2 * settings_count

local known, building = unpack(redis.call('HMGET', key.settings, 'generation', 'building'))
known, building = tonumber(known or 0), tonumber(building or 0)
-- mutant: a-stale-generation-opens
if known >= generation or building > generation
  or (building == generation and state == 'live') then
  return { 'exists' }
end

local maps_count = 0
local available_total = 0
local section_counts = {}
for index = sections_from, #ARGV, 3 do
  local name, capacity, map = unpack(ARGV, index, index + 2)
  available_total = available_total + capacity
  section_counts[#section_counts + 1] = { 'available:' .. name, capacity,
    'held:' .. name, 0, 'sold:' .. name, 0 }
  maps_count = maps_count + (map ~= '' and 1 or 0)
end
if maps_count ~= #key.maps then
  return redis.error_reply('INVALID one map key for each seated section')
end

-- After this point the script must succeed.
redis.call('DEL', unpack(KEYS))
if state == 'live' then
  redis.call('HSET', key.settings, 'generation', generation, unpack(ARGV, 6, sections_from - 1))
else
  redis.call('HSET', key.settings, 'building', generation,
    'sections_version_built', sections_version)
end
redis.call('HSET', key.counts, 'number', 0, 'number_ceiling', 0, 'admitted', 0, 'served', 0,
  'available', available_total, 'held', 0, 'sold', 0)
if draw_count ~= '' then
  redis.call('HSET', key.counts, 'draw_count', draw_count, 'drawn', 1)
end
for _, fields in ipairs(section_counts) do
  redis.call('HSET', key.counts, unpack(fields))
end
local map = 1
for index = sections_from + 2, #ARGV, 3 do
  if ARGV[index] ~= '' then
    redis.call('SET', key.maps[map], ARGV[index])
    map = map + 1
  end
end
return { 'opened' }
