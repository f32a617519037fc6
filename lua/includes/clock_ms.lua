-- Now on the clock of this Redis node, in ms since 1970. A script reads it once: on Redis 7.0 time
-- moves while a script runs.
local function clock_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
