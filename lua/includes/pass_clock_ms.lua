-- The clock by which passes end: it stands still while the sale is paused, so a pause takes nothing
-- of a pass. Kept in the settings: `paused_ms`, how long the sale was paused before, and
-- `paused_from_ms`, since when it is (see update_event). Stored ends of passes are times of this
-- clock; what is told of them is later by `clock_ms() - pass_clock_ms(…)`.
local function pass_clock_ms(settings, now_ms)
  local paused_ms, paused_from_ms =
    unpack(redis.call('HMGET', settings, 'paused_ms', 'paused_from_ms'))
  local pass_now_ms = now_ms - tonumber(paused_ms or 0)
  -- mutant: a-pause-uses-passes-up
  if paused_from_ms then
    pass_now_ms = pass_now_ms - math.max(now_ms - tonumber(paused_from_ms), 0)
  end
  return pass_now_ms
end
