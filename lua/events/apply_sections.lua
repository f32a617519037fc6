#!lua
-- Makes the sections of an open event those of the ledger: new ones have every place free, known
-- ones get their price, their order, more rows, and more or fewer standing places.
--
-- Guarantees: a version never replaces a newer one, so changes may arrive in any order; the same
-- version again mends what differs. No place that is held or sold is lost. available + held + sold
-- = capacity before and after. What a hold costs is in its record: prices are for new ones.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] feed (stream): told what the line is doing, when that has changed
-- KEYS[4] seat_news (stream): told that maps have grown, if somebody follows
-- KEYS[5..] map of each seated section given (string), in the order of the sections
--
-- ARGV[1] version of the sections, which the ledger raises with each change
-- ARGV[2..] for each section of the event, in order, its name and its descriptor
--
-- Returns {outcome, added}
--   outcome: applied | outdated (a newer version is there) | withheld (a change of this version is
--     under way, see withhold_places) | event_missing
--   added: how many sections are new
--
-- Bounds: 64 sections of 100,000 places.

-- @include clock_ms
-- @include pace_max
-- @include line_state
-- @include tell_waiting
-- @include tell_state
-- @include append_seat_news
-- @include tell_seats
-- @include expire_with_event

-- @keys

local version = tonumber(ARGV[1])
local now_ms = clock_ms()

local generation, known_version, withheld_until_ms, watched_until_ms =
  unpack(redis.call('HMGET', key.settings, 'generation', 'sections_version', 'withheld_until_ms',
    'watched_until_ms'))
known_version = tonumber(known_version or 0)
if not generation then
  return { 'event_missing', 0 }
-- mutant: older-sections-replace-newer
elseif known_version > version then
  return { 'outdated', 0 }
-- mutant: withheld-places-come-back-too-early
elseif known_version == version and tonumber(withheld_until_ms or 0) > now_ms then
  return { 'withheld', 0 }
end

local sections, names, seated, capacity = {}, {}, {}, 0
for index = 2, #ARGV, 2 do
  local name, descriptor = ARGV[index], ARGV[index + 1]
  local before = redis.call('HGET', key.settings, 'section:' .. name)
  local kind, size, seats_per_row = string.match(descriptor, '^(%l+) (%d+) (%d+) %d+$')
  local old_kind, old_size, old_width = string.match(before or '', '^(%l+) (%d+) (%d+) %d+$')
  local section = { name = name, descriptor = descriptor, is_new = not before }
  local width = 1
  if kind == 'seated' then
    seated[#seated + 1] = name
    section.map, width = key.maps[#seated], tonumber(seats_per_row)
    section.row = '/' .. string.rep('.', width)
  end
  section.more = tonumber(size) - tonumber(old_size or 0)
  if before and (kind ~= old_kind or seats_per_row ~= old_width
    or (section.map and section.more < 0)) then
    return redis.error_reply('INVALID section ' .. name .. ' cannot become ' .. descriptor)
  end
  section.more_places = section.more * width
  sections[#sections + 1], names[#names + 1] = section, name
  capacity = capacity + tonumber(size) * width
end
if #seated ~= #key.maps then
  return redis.error_reply('INVALID one map key for each seated section')
end

-- After this point the script must succeed.
local added, changes = 0, {}
for _, section in ipairs(sections) do
  local name = section.name
  if section.is_new then
    added = added + 1
    redis.call('HSET', key.counts, 'available:' .. name, 0, 'held:' .. name, 0,
      'sold:' .. name, 0)
  end
  redis.call('HSET', key.settings, 'section:' .. name, section.descriptor)
  if section.more_places ~= 0 then
    local available = redis.call('HINCRBY', key.counts, 'available:' .. name, section.more_places)
    redis.call('HINCRBY', key.counts, 'available', section.more_places)
    -- A failover has lost that places were withheld, and they are held again: nothing is free, and
    -- what is too much is missing from the sold ones until the holds have ended, as in the audit.
    if available < 0 then
      for _, suffix in ipairs({ '', ':' .. name }) do
        redis.call('HINCRBY', key.counts, 'available' .. suffix, -available)
        redis.call('HINCRBY', key.counts, 'sold' .. suffix, available)
      end
    end
  end
  if section.map and section.more > 0 then
    changes[1] = 'anew'
    local rows = string.rep(section.row, section.more)
    if section.is_new then
      redis.call('SET', section.map, string.sub(rows, 2))
    -- A lost map is not made up here: the audit builds the event anew.
    elseif redis.call('EXISTS', section.map) == 1 then
      redis.call('APPEND', section.map, rows)
    end
  end
end
redis.call('HSET', key.settings, 'sections', table.concat(names, ' '),
  'seated_sections', table.concat(seated, ' '), 'capacity', string.format('%.0f', capacity),
  'sections_version', ARGV[1])
redis.call('HDEL', key.settings, 'withheld_until_ms')
tell_state(key.settings, key.counts, key.feed, now_ms)
-- mutant: more-rows-are-not-told
tell_seats(key, watched_until_ms, now_ms, changes)
expire_with_event(key.settings)
return { 'applied', added }
