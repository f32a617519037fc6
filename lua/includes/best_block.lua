-- The best `quantity` adjacent free seats of a map: in the first row that has so many side by side,
-- the block whose centre is nearest the middle of the row, the lower numbers of two equally near.
-- Returns the row and the first number, nothing when no row has a block.
--
-- All searching is string.find for plain text, which runs in C. A separator stands between rows and
-- is not a free seat, so no block crosses it.
local function best_block(map, seats_per_row, quantity)
  local block = string.rep('.', quantity)
  local found = string.find(map, block, 1, true)
  if not found then
    return nil
  end
  local row = math.floor((found - 1) / (seats_per_row + 1)) + 1
  local first = (row - 1) * (seats_per_row + 1) + 1
  local seats = string.sub(map, first, first + seats_per_row - 1)

  -- A block that starts at `start` is |2 * start + quantity - 2 - seats_per_row| half seats off the
  -- middle: the ideal start is where that is 0, or the lower of the two where it is 1.
  local ideal = math.floor((seats_per_row + 2 - quantity) / 2)
  local right = string.find(seats, block, ideal, true)
  -- The nearest block on the left is the first one of the mirrored row, where the block that
  -- starts at `start` starts at seats_per_row - quantity + 2 - start.
  local mirror = seats_per_row - quantity + 2
  local mirrored = string.find(string.reverse(seats), block, mirror - ideal + 1, true)
  local left = mirrored and mirror - mirrored
  if not right then
    return row, left
  end
  if not left then
    return row, right
  end
  local distance_left = math.abs(2 * left + quantity - 2 - seats_per_row)
  local distance_right = math.abs(2 * right + quantity - 2 - seats_per_row)
  return row, distance_left <= distance_right and left or right
end
