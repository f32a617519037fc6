-- The most users let in per second. Without a queue admit_users lets in everybody who waits, this
-- many a call and at least one call a second.
local function pace_max(settings)
  local queue_enabled, release_per_s =
    unpack(redis.call('HMGET', settings, 'queue_enabled', 'release_per_s'))
  -- mutant: a-disabled-queue-is-waited-for-by-its-rate
  return queue_enabled == '1' and tonumber(release_per_s) or 1000
end
