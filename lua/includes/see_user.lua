-- Notes that a waiting user is there, and brings a user who was away back to the place that is
-- still the user's, so nobody else's position changes. False when there is no such place.
local function see_user(queue, seen, away, user, now_ms)
  local score = redis.call('ZSCORE', away, user)
  if score then
    redis.call('ZREM', away, user)
    -- mutant: back-at-the-end
    redis.call('ZADD', queue, score, user)
  elseif not redis.call('ZSCORE', queue, user) then
    return false
  end
  redis.call('ZADD', seen, string.format('%.0f', now_ms), user)
  return true
end
