-- The order of the line: draw * 2^32 + number. It stays below 2^53, so a double keeps it exactly.
-- The draw is 0 until it is done. For everybody who joins after the opening it is above every place
-- that can be drawn, see domain::queue.
local draw_weight, draw_after_opening = 4294967296, 2097151

local function line_order(draw, number)
  return draw * draw_weight + number
end

local function number_of(order)
  return tonumber(order) % draw_weight
end

-- Whether the place takes part in the draw, which is still to come.
local function is_undrawn(order)
  return tonumber(order) < draw_weight
end

-- Whether the place is ahead of everybody who joins after the opening.
local function is_early(order)
  return tonumber(order) < draw_weight * draw_after_opening
end
