-- Publishes the state of the line to those who wait when it differs from the one published last.
-- Needs line_state and tell_waiting.
local function tell_state(settings, counts, feed, now_ms)
  local word, max_active, release_per_s = line_state(settings, counts, now_ms)
  local state = string.format('%s %s %s', word, max_active, release_per_s)
  if redis.call('HGET', settings, 'told_state') ~= state then
    redis.call('HSET', settings, 'told_state', state)
    tell_waiting(counts, feed, 'state ' .. state)
  end
end
