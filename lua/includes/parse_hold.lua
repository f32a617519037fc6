-- The parts of a hold's record that scripts decide on. A record is one line, single spaces:
-- `<held|confirming> <user> <section> <quantity> <amount> <currency> <created_ms> <expires_ms>
-- <seats>`, then ` extended` when its time was extended.
local function parse_hold(record)
  local state, user, section, quantity, expires_ms, seats, extended =
    string.match(record, '^(%l+) (%S+) (%S+) (%d+) %d+ %u+ %d+ (%d+) (%S+)( ?%l*)$')
  return {
    state = state,
    user = user,
    section = section,
    quantity = tonumber(quantity),
    expires_ms = tonumber(expires_ms),
    seats = seats,
    is_extended = extended == ' extended',
  }
end
