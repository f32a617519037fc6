-- The most users let in per second; 0 while nobody is: paused, or no pass may be out. Without a
-- queue admit_users lets in everybody who waits, this many a call and at least one call a second.
local function pace_max(settings)
  local queue_enabled, release_per_s, max_active, paused =
    unpack(redis.call('HMGET', settings, 'queue_enabled', 'release_per_s', 'max_active', 'paused'))
  -- mutant: a-held-line-promises-its-rate
  if paused == '1' or (queue_enabled == '1' and tonumber(max_active) == 0) then
    return 0
  end
  -- mutant: a-disabled-queue-is-waited-for-by-its-rate
  return queue_enabled == '1' and tonumber(release_per_s) or 1000
end
