-- Appends a line of news to those who follow seats, see keys::seat_news, and returns its id. Each
-- has a serial number one above the one before, so a reader that has missed some notices. The news
-- are capped: a thousand are some seconds of a rush, enough to come back after a broken connection,
-- and some 100 KB. Whoever comes back later reads the map.
local function append_seat_news(counts, news, text)
  local serial = redis.call('HINCRBY', counts, 'seats_told', 1)
  return redis.call('XADD', news, 'MAXLEN', '~', 1000, '*', 'e',
    string.format('%.0f ', serial) .. text)
end
