-- Where the sale of an event stands, what is final first: cancelled | ended | paused | scheduled |
-- open | missing (the event is not open here). `domain::event::SaleState` has the same order.
local function sale_state(settings, now_ms)
  local cancelled, ends_at_ms, paused, on_sale_at_ms =
    unpack(redis.call('HMGET', settings, 'cancelled', 'ends_at_ms', 'paused', 'on_sale_at_ms'))
  if not cancelled then
    return 'missing'
  elseif cancelled == '1' then
    return 'cancelled'
  elseif now_ms >= tonumber(ends_at_ms) then
    return 'ended'
  elseif paused == '1' then
    return 'paused'
  elseif now_ms < tonumber(on_sale_at_ms) then
    return 'scheduled'
  end
  return 'open'
end
