-- Asks the scripts that change maps to publish it for some time to come, and returns the id of the
-- newest news and their serial number. Until somebody asks, changes cost nothing and go
-- unpublished: whoever has read a map before must then read it anew, and an entry says so. So there
-- always is one. Needs append_seat_news.
local function watch_maps(key, now_ms)
  -- Readers renew it every few seconds: some that fail in a row change nothing. Not at each call,
  -- or every stream that begins would be one more write.
  local watch_ms, renew_after_ms = 30000, 2000

  local until_ms = tonumber(redis.call('HGET', key.settings, 'watched_until_ms') or 0)
  local newest = redis.call('XREVRANGE', key.seat_news, '+', '-', 'COUNT', 1)[1]
  local id = newest and newest[1]
  -- mutant: what-went-unpublished-is-kept-quiet
  if until_ms <= now_ms or not id then
    id = append_seat_news(key.counts, key.seat_news, 'anew')
  end
  if until_ms < now_ms + watch_ms - renew_after_ms then
    redis.call('HSET', key.settings, 'watched_until_ms', string.format('%.0f', now_ms + watch_ms))
  end
  return id, tonumber(redis.call('HGET', key.counts, 'seats_told') or 0)
end
