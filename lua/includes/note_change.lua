-- Adds seats that are now in another state to what tell_seats is to publish: a word
-- `<section>:<state>:<row>-<number>,…`. `fields` name them as in holders:
-- `<section>-<row>-<number>`.
local function note_change(changes, section, state, fields)
  if #fields == 0 then
    return
  end
  local seats = {}
  for index, field in ipairs(fields) do
    seats[index] = string.sub(field, #section + 2)
  end
  changes[#changes + 1] = section .. ':' .. state .. ':' .. table.concat(seats, ',')
end
