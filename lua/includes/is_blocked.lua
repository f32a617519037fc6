-- Whether every pass that may be out is, or every place is spoken for: then the next one in the
-- line comes in when somebody goes, and nobody can say when.
local function is_blocked(queue_enabled, max_active, available, active)
  -- mutant: a-blocked-line-promises-its-rate
  return queue_enabled == '1' and math.min(tonumber(max_active), tonumber(available)) <= active
end
