-- Whether a buyer would have more than `max_per_buyer` tickets of the event, held and bought
-- together, with `quantity` more.
local function exceeds_limit(buyers, user, quantity, max_per_buyer)
  local tickets = redis.call('HGET', buyers, user) or 0
  -- mutant: no-buyer-limit
  return tickets + quantity > tonumber(max_per_buyer)
end
