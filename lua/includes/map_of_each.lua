-- The key of each section's map by the name of the section. `maps` are the keys in the order of
-- `sections`, names separated by spaces.
local function map_of_each(maps, sections)
  local map_of, index = {}, 0
  for name in string.gmatch(sections, '%S+') do
    index = index + 1
    map_of[name] = maps[index]
  end
  return map_of
end
