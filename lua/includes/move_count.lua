-- Moves `quantity` seats (or standing tickets) of a section from one state to another, in the
-- section's counts and in the event's: the sum stays the capacity.
local function move_count(counts, section, quantity, source, target)
  -- Lua would write the negative of 0 as -0, which HINCRBY refuses.
  if quantity == 0 then
    return
  end
  redis.call('HINCRBY', counts, source, -quantity)
  redis.call('HINCRBY', counts, target, quantity)
  redis.call('HINCRBY', counts, source .. ':' .. section, -quantity)
  redis.call('HINCRBY', counts, target .. ':' .. section, quantity)
end
