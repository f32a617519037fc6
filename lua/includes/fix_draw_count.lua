-- How many numbers are drawn for: as many as were given before the first script that asks at or
-- after the opening. Decided once; to be called only then. Where the numbers came from another
-- node, a failover may have lost the last of them: then all that were handed out count. More than
-- 2^21 - 2 cannot be drawn for, see line_order. Needs line_order.
local function fix_draw_count(settings, counts, node)
  local count, number, ceiling =
    unpack(redis.call('HMGET', counts, 'draw_count', 'number', 'number_ceiling'))
  if not count then
    local is_known = redis.call('HGET', settings, 'numbers_node') == node
    count = math.min(tonumber(is_known and number or ceiling), draw_after_opening - 1)
    redis.call('HSET', counts, 'draw_count', count)
  end
  return tonumber(count)
end
