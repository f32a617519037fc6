-- The seats of a hold, or its standing tickets. First the fields in `holders` that name its owner:
-- one per seat, or for a standing section one for the whole booking. Then the offset of each seat
-- in the section's map, where rows are `seats_per_row` characters and a separator; none for a
-- standing section.
local function seats_of(booking, hold, seats_per_row)
  if hold.seats == '-' then
    return { hold.section .. '-' .. booking }, {}
  end
  local fields, offsets = {}, {}
  for row, number in string.gmatch(hold.seats, '(%d+)%-(%d+)') do
    fields[#fields + 1] = hold.section .. '-' .. row .. '-' .. number
    offsets[#offsets + 1] = (row - 1) * (seats_per_row + 1) + number - 1
  end
  return fields, offsets
end
