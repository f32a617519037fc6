-- What the line of an event is doing, what is final first: cancelled | ended | sold_out | paused |
-- scheduled | open. Then the most passes out at once and the most users let in per second: see
-- pace_max. Needs pace_max.
local function line_state(settings, counts, now_ms)
  local cancelled, ends_at_ms, capacity, paused, on_sale_at_ms, max_active =
    unpack(redis.call('HMGET', settings, 'cancelled', 'ends_at_ms', 'capacity', 'paused',
      'on_sale_at_ms', 'max_active'))
  local word = 'open'
  if cancelled == '1' then
    word = 'cancelled'
  elseif now_ms >= tonumber(ends_at_ms) then
    word = 'ended'
  elseif redis.call('HGET', counts, 'sold') == capacity then
    word = 'sold_out'
  elseif paused == '1' then
    word = 'paused'
  elseif now_ms < tonumber(on_sale_at_ms) then
    word = 'scheduled'
  end
  return word, max_active, pace_max(settings)
end
