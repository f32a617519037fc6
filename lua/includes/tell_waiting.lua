-- Appends a line of news to the feed of those who wait, see keys::feed. Each has a serial number
-- one above the one before, so a reader that has missed some notices. The feed is capped: a
-- reader that falls further behind reads its places anew.
local function tell_waiting(counts, feed, news)
  local serial = redis.call('HINCRBY', counts, 'told', 1)
  redis.call('XADD', feed, 'MAXLEN', '~', 1000, '*', 'e', string.format('%.0f ', serial) .. news)
end
