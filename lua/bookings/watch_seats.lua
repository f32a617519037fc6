#!lua
-- Reads the map of a section for somebody who follows it, and which news it takes into account.
--
-- Guarantees: map and news are of the same moment, so the news after the version, and no others,
-- are still to be applied to the map. Changes of maps are published from now on. A repeated call
-- changes nothing but for how long.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] seat_news (stream)
-- KEYS[4] map of the section (string)
--
-- ARGV[1] section
-- ARGV[2] version of the map that the caller has, '' for none
--
-- Returns {outcome, sale, descriptor, map, version, serial, resumes, id, text, …}
--   outcome: watched | unknown_section | not_seated | map_missing | event_missing; but for watched
--     nothing follows
--   sale: where the sale stands, see includes/sale_state.lua
--   descriptor: what the section is, `seated <rows> <seats_per_row> <price>`
--   version: id of the newest news; serial: their serial number
--   resumes: 1 when id and text of each entry after ARGV[2] follow, 0 when it is too old
--
-- Bounds: a map of 100,000 seats; 200 entries.

-- @include clock_ms
-- @include sale_state
-- @include append_seat_news
-- @include watch_maps
-- @include expire_with_event

-- @keys

local section, known_version = ARGV[1], ARGV[2]
-- The map is shorter than more of them.
local entries_max = 200

local now_ms = clock_ms()
local sale = sale_state(key.settings, now_ms)
if sale == 'missing' then
  return { 'event_missing' }
end
local descriptor = redis.call('HGET', key.settings, 'section:' .. section)
if not descriptor then
  return { 'unknown_section' }
elseif string.find(descriptor, 'seated ', 1, true) ~= 1 then
  return { 'not_seated' }
end
local map = redis.call('GET', key.map)
if not map then
  return { 'map_missing' }
end

-- After this point the script must succeed.
local version, serial = watch_maps(key, now_ms)
local reply = { 'watched', sale, descriptor, map, version, serial, 0 }
-- Of a version that is not there any more, nobody knows what came after it.
local is_known = known_version ~= ''
  and #redis.call('XRANGE', key.seat_news, known_version, known_version) == 1
-- mutant: a-version-that-is-gone-resumes
if is_known then
  local entries = redis.call('XRANGE', key.seat_news, '(' .. known_version, '+', 'COUNT',
    entries_max + 1)
  if #entries <= entries_max then
    reply[7] = 1
    for _, entry in ipairs(entries) do
      reply[#reply + 1], reply[#reply + 2] = entry[1], entry[2][2]
    end
  end
end
expire_with_event(key.settings)
return reply
