-- A user's place in the queue as join_queue and watch_place answer it, by index:
--  1 outcome: waiting | admitted | expired (the pass ran out unused, or the user was away when the
--    line passed the place) | closed (cancelled, ended or everything sold) | absent (never joined,
--    left, or the pass was used) | event_missing
--  2 fresh, 0 or 1: whether this call made the place
--  3 number of the place        4 position, 1 for the next; 0 while it is to be drawn
--  5 users waiting
--  6 pass id                    7 pass issued, ms                 8 pass expires, ms
--  9 now, ms                   10 the most let in per second
-- 11 score, the order in the line: draw * 2^32 + number          12 joined, ms
-- 13 what those who wait were told last of the time to come, see includes/tell_pace.lua
-- 14 whether it is time to note that the user is there (see_users), 0 or 1
-- 15 when this place is drawn, ms; 0 once it is, and for those who joined too late for the draw
-- 16 message to those who wait       17 when the sale opens, ms; 0 once it has
-- 18 life of a pass, ms              19 whether the line is blocked, 0 or 1, see is_blocked
-- What does not apply is 0 or ''.
--
-- The line is the queue and those who are away and whom it has not passed: a position counts both,
-- so it changes neither when somebody goes nor when somebody comes back. Needs pace_max,
-- pass_clock_ms, is_blocked and line_order.
local function place_of(key, user, now_ms, fresh)
  local cancelled, ends_at_ms, capacity, outlook, abandon_after_ms, on_sale_at_ms, message,
    pass_ttl_ms, max_active, queue_enabled =
    unpack(redis.call('HMGET', key.settings, 'cancelled', 'ends_at_ms', 'capacity', 'outlook',
      'abandon_after_ms', 'on_sale_at_ms', 'message', 'pass_ttl_ms', 'max_active',
      'queue_enabled'))
  if not cancelled then
    return { 'event_missing', 0, 0, 0, 0, '', 0, 0, now_ms, 0, 0, 0, '', 0, 0, '', 0, 0, 0 }
  end
  local sold, drawn, available =
    unpack(redis.call('HMGET', key.counts, 'sold', 'drawn', 'available'))
  local pass_now_ms = pass_clock_ms(key.settings, now_ms)

  local outcome, number, position, pass_id, issued_ms, expires_ms = 'absent', 0, 0, '', 0, 0
  local unseen, draws_at_ms, blocked = 0, 0, 0
  local joined_score, joined_ms, joined_state =
    string.match(redis.call('HGET', key.places, user) or '', '^(%d+) (%d+) (%l+)$')
  local away_score = redis.call('ZSCORE', key.away, user)
  local score = away_score or redis.call('ZSCORE', key.queue, user)
  if score then
    outcome, number = 'waiting', number_of(score)
    local active = redis.call('ZCOUNT', key.passes, string.format('(%.0f', pass_now_ms), '+inf')
    blocked = is_blocked(queue_enabled, max_active, available, active) and 1 or 0
    -- Until the draw, only who is behind all that are drawn can be told a position.
    if drawn ~= '1' and is_early(score) then
      draws_at_ms = tonumber(on_sale_at_ms)
    else
      position = redis.call('ZCOUNT', key.queue, '-inf', '(' .. score)
        -- mutant: the-absent-do-not-count
        + redis.call('ZCOUNT', key.away, '-inf', '(' .. score) + 1
    end
    -- Four times, so that one that is missed does not matter.
    local seen_ms = tonumber(redis.call('ZSCORE', key.seen, user) or 0)
    abandon_after_ms = tonumber(abandon_after_ms or 0)
    if abandon_after_ms > 0 and (away_score or now_ms - seen_ms >= abandon_after_ms / 4) then
      unseen = 1
    end
  else
    local id, issued, expires, state, admitted_number = string.match(
      redis.call('HGET', key.admissions, user) or '', '^(%S+) (%d+) (%d+) (%l+) (%d+)$')
    local joined_number = joined_score and number_of(joined_score)
    if joined_state == 'joined' and joined_number ~= tonumber(admitted_number or 0) then
      -- Neither in the line nor let in from it.
      outcome, number = 'expired', joined_number
    elseif state == 'live' then
      outcome = tonumber(expires) > pass_now_ms and 'admitted' or 'expired'
      number, pass_id = tonumber(admitted_number), id
      issued_ms, expires_ms = tonumber(issued), tonumber(expires) + now_ms - pass_now_ms
    end
  end
  local over = cancelled == '1' or now_ms >= tonumber(ends_at_ms)
  if outcome ~= 'absent' and (over or sold == capacity) then
    outcome, position, pass_id, issued_ms, expires_ms, unseen = 'closed', 0, '', 0, 0, 0
  end

  return {
    outcome, fresh, number, position, redis.call('ZCARD', key.queue),
    pass_id, issued_ms, expires_ms, now_ms,
    pace_max(key.settings), tonumber(joined_score or 0), tonumber(joined_ms or 0),
    outlook or '', unseen, draws_at_ms, message or '',
    now_ms < tonumber(on_sale_at_ms) and tonumber(on_sale_at_ms) or 0,
    tonumber(pass_ttl_ms), blocked,
  }
end
