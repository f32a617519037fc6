-- Publishes the outlook to those who wait when it differs noticeably from the one published last:
-- another pace, fewer places, a standstill that lasts. Needs tell_waiting; `stretches` are those of
-- line_pace.
--
-- The settings field `outlook` keeps what was published: `<available> <active> <fans> <tickets>
-- <most>` and ` <ms>:<moved>` for each stretch, see domain::wait::Outlook; `told_pace` when that
-- was and what is compared: `<ms> <moved in 1000 s> <available> <measured, ms>`.
local function tell_pace(settings, counts, feed, now_ms, active, stretches)
  -- How often they are told at most, and from which difference on.
  local pause_ms, pace_difference, places_difference, growth = 5000, 0.1, 0.05, 1.5
  -- Less says nothing, see domain::wait.
  local measured_min_ms = 10000

  local told_ms, told_moved, told_available, told_measured_ms =
    string.match(redis.call('HGET', settings, 'told_pace') or '', '^(%d+) (%d+) (%d+) (%d+)$')
  told_ms = tonumber(told_ms or 0)
  if now_ms < told_ms + pause_ms and now_ms >= told_ms then
    return
  end
  local ms, moved, words = 0, 0, {}
  for index, stretch in ipairs(stretches) do
    ms, moved = ms + stretch.ms, moved + stretch.moved
    words[index] = string.format(' %.0f:%.0f', stretch.ms, stretch.moved)
  end
  local pace = ms > 0 and math.floor(moved * 1000000 / ms) or 0
  local available, admitted = unpack(redis.call('HMGET', counts, 'available', 'admitted'))
  available = tonumber(available)
  -- What was measured too short says as little as nothing; a standstill, how long it has lasted.
  local grows = told_moved and (moved == 0 and ms > told_measured_ms * growth
    or ms >= measured_min_ms and tonumber(told_measured_ms) < measured_min_ms)
  -- mutant: a-standstill-is-never-told
  if told_moved and not grows and math.abs(pace - told_moved) <= told_moved * pace_difference
    and math.abs(available - told_available) <= told_available * places_difference then
    return
  end
  local capacity, most = unpack(redis.call('HMGET', settings, 'capacity', 'max_per_buyer'))
  local outlook = string.format('%.0f %.0f %.0f %.0f %s', available, active,
    math.max(admitted - active, 0), capacity - available, most) .. table.concat(words)
  redis.call('HSET', settings, 'outlook', outlook, 'told_pace',
    string.format('%.0f %.0f %.0f %.0f', now_ms, pace, available, ms))
  tell_waiting(counts, feed, 'pace ' .. outlook)
end
