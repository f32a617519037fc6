-- A user's place in the queue as join_queue and read_place answer it, by index:
--  1 outcome: waiting | admitted | expired (the pass ran out unused) | closed (cancelled, ended or
--    everything sold) | absent (never joined, left, or the pass was used) | event_missing
--  2 fresh, 0 or 1: whether this call made the place
--  3 number of the place        4 position, 1 for the next        5 users waiting
--  6 pass id                    7 pass issued, ms                 8 pass expires, ms
--  9 now, ms                   10 release_per_s                  11 passes out
-- 12 max_active                13 places available in the event
-- 14 score, the order in the line: draw * 2^32 + number          15 joined, ms
-- 16 what those who wait were told last of the time to come, see includes/tell_pace.lua
-- What does not apply is 0 or ''.
local function place_of(key, user, now_ms, fresh)
  local cancelled, ends_at_ms, capacity, release_per_s, max_active, outlook =
    unpack(redis.call('HMGET', key.settings, 'cancelled', 'ends_at_ms', 'capacity',
      'release_per_s', 'max_active', 'outlook'))
  if not cancelled then
    return { 'event_missing', 0, 0, 0, 0, '', 0, 0, now_ms, 0, 0, 0, 0, 0, 0, '' }
  end
  local available, sold = unpack(redis.call('HMGET', key.counts, 'available', 'sold'))

  local outcome, number, position, pass_id, issued_ms, expires_ms = 'absent', 0, 0, '', 0, 0
  local joined_score, joined_ms =
    string.match(redis.call('HGET', key.places, user) or '', '^(%d+) (%d+) ')
  local score = redis.call('ZSCORE', key.queue, user)
  local admission = redis.call('HGET', key.admissions, user)
  if score then
    outcome, number = 'waiting', tonumber(score) % 4294967296
    position = redis.call('ZRANK', key.queue, user) + 1
  elseif admission then
    local id, issued, expires, state, admitted_number =
      string.match(admission, '^(%S+) (%d+) (%d+) (%l+) (%d+)$')
    if state == 'live' then
      outcome = tonumber(expires) > now_ms and 'admitted' or 'expired'
      number, pass_id = tonumber(admitted_number), id
      issued_ms, expires_ms = tonumber(issued), tonumber(expires)
    end
  end
  local over = cancelled == '1' or now_ms >= tonumber(ends_at_ms)
  if outcome ~= 'absent' and (over or sold == capacity) then
    outcome, position, pass_id, issued_ms, expires_ms = 'closed', 0, '', 0, 0
  end

  local active = redis.call('ZCOUNT', key.passes, string.format('(%.0f', now_ms), '+inf')
  return {
    outcome, fresh, number, position, redis.call('ZCARD', key.queue),
    pass_id, issued_ms, expires_ms, now_ms,
    tonumber(release_per_s), active, tonumber(max_active), tonumber(available),
    tonumber(joined_score or 0), tonumber(joined_ms or 0), outlook or '',
  }
end
