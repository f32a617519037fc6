-- The pace of a line: how far it moved up in the last minutes, in stretches of time in which
-- somebody waited. A line in which nobody waits has no pace, however few come in.
--
-- Kept in the settings field `pace`: `<since_ms>`, when fans were last left waiting (0: nobody
-- was), and then ` <stretch>:<ms>:<moved>` for each stretch, oldest first.
local stretch_ms, stretches_max = 30000, 6

local function read_pace(settings, now_ms)
  local text = redis.call('HGET', settings, 'pace') or '0'
  local oldest = math.floor(now_ms / stretch_ms) - stretches_max + 1
  local stretches = {}
  for number, ms, moved in string.gmatch(text, ' (%d+):(%d+):(%d+)') do
    if tonumber(number) >= oldest and #stretches < stretches_max then
      stretches[#stretches + 1] =
        { number = tonumber(number), ms = tonumber(ms), moved = tonumber(moved) }
    end
  end
  return tonumber(string.match(text, '^%d+')), stretches, text
end

-- Notes that the line moved up by so many places, and whether fans are left waiting.
local function note_pace(settings, now_ms, moved, leaves_waiting)
  local since_ms, stretches, before = read_pace(settings, now_ms)
  -- The clock of a new master may be behind.
  if since_ms > 0 and since_ms <= now_ms then
    local number = math.floor(now_ms / stretch_ms)
    local last = stretches[#stretches]
    if not last or last.number ~= number then
      last = { number = number, ms = 0, moved = 0 }
      stretches[#stretches + 1] = last
    end
    last.ms = last.ms + now_ms - since_ms
    last.moved = last.moved + moved
  end
  local words = { string.format('%.0f', leaves_waiting and now_ms or 0) }
  for _, stretch in ipairs(stretches) do
    words[#words + 1] = string.format('%.0f:%.0f:%.0f', stretch.number, stretch.ms, stretch.moved)
  end
  local text = table.concat(words, ' ')
  if text ~= before then
    redis.call('HSET', settings, 'pace', text)
  end
  return stretches
end
