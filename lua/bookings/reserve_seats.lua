#!lua
-- Holds seats for a buyer: the one step that decides who gets a seat.
--
-- Guarantees: all seats or none, and none that is held or sold; a buyer never has more than
-- max_per_buyer tickets held and bought; a hold never costs more than one payment takes; a pass is
-- used once, and only by a success, also where none is needed; available + held + sold = capacity
-- before and after. The same booking or the same idempotency entry again gets the first answer.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
-- KEYS[3] passes (sorted set)
-- KEYS[4] admissions (hash)
-- KEYS[5] holders (hash)
-- KEYS[6] bookings (hash)
-- KEYS[7] expiry (sorted set)
-- KEYS[8] buyers (hash)
-- KEYS[9] answers (hash)
-- KEYS[10] answer_times (sorted set)
-- KEYS[11] journal (stream)
-- KEYS[12] contacts (hash)
-- KEYS[13] seat_news (stream): told of the seats, if somebody follows
-- KEYS[14..] map of each section in ARGV[7] (string), in the same order; not used when standing
--
-- ARGV[1] user
-- ARGV[2] booking
-- ARGV[3] pass id; '' when none was shown, '!' when it is not genuine; with '-' before it when it
--   says that it has ended
-- ARGV[4] idempotency entry, '' for none
-- ARGV[5] fingerprint of the request, no spaces
-- ARGV[6] mode: seats (these seats) | section (best block, or standing tickets) | any (best block
--   of the first section that has one)
-- ARGV[7] section; in mode any all seated sections of the event in order, separated by spaces
-- ARGV[8] quantity
-- ARGV[9] contact of the buyer, '' for none
-- ARGV[10] 1 when the buyer is signed in to an account, else 0
-- ARGV[11..] mode seats: row and number of each seat, one after the other
--
-- Returns {outcome, record, detail}; record and detail are '' where nothing is said
--   held: record of the hold
--   replayed: record of the hold that the idempotency entry made, detail its booking
--   and in order of precedence: idempotency_key_reused | event_missing | event_not_on_sale |
--   account_required (the sale is for accounts) |
--   queue_pass_required | queue_pass_expired | queue_pass_invalid (not admitted) |
--   queue_pass_used | sections_changed (detail: what ARGV[7] should be) | invalid_seats |
--   buyer_limit_exceeded | amount_too_high (detail: the most) |
--   seat_unavailable (detail: all that are taken, A-1-1,A-1-2) |
--   sold_out (nothing available in the whole event) | not_enough_seats
--
-- Bounds: 10 seats; 64 sections.

-- @include clock_ms
-- @include pass_clock_ms
-- @include sale_state
-- @include exceeds_limit
-- @include seats_of
-- @include move_count
-- @include take_seats
-- @include best_block
-- @include note_change
-- @include append_seat_news
-- @include tell_seats

-- @keys

local user, booking, pass_id, entry, fingerprint = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local mode, section, quantity = ARGV[6], ARGV[7], tonumber(ARGV[8])
local contact, is_registered, first_seat, quantity_max = ARGV[9], ARGV[10] == '1', 11, 10
local now_ms = clock_ms()

local function reply(outcome, record, detail)
  return { outcome, record or '', detail or '' }
end

-- Answered before?
local answer = entry ~= '' and redis.call('HGET', key.answers, entry)
if answer then
  local first_fingerprint, first_booking, record =
    string.match(answer, '^(%S+) %d+ 201 (%S+) (.+)$')
  -- mutant: any-body-replays-a-reservation
  if first_fingerprint ~= fingerprint then
    return reply('idempotency_key_reused')
  end
  return reply('replayed', record, first_booking)
end
local held_before = redis.call('HGET', key.bookings, booking)
-- mutant: a-repeated-hold-holds-again
if held_before then
  return reply('held', held_before)
end

-- On sale?
local sale = sale_state(key.settings, now_ms)
if sale == 'missing' then
  return reply('event_missing')
elseif sale ~= 'open' then
  return reply('event_not_on_sale')
end
local queue_enabled, max_per_buyer, hold_ttl_ms, currency, seated_sections, amount_max,
  watched_until_ms =
  unpack(redis.call('HMGET', key.settings, 'queue_enabled', 'max_per_buyer', 'hold_ttl_ms',
    'currency', 'seated_sections', 'amount_max', 'watched_until_ms'))

-- mutant: guests-buy-in-sales-for-accounts
if not is_registered and redis.call('HGET', key.settings, 'registered_only') == '1' then
  return reply('account_required')
end

-- Let in?
local has_ended, shown_id = string.match(pass_id, '^(%-?)(.*)$')
local pass_now_ms = pass_clock_ms(key.settings, now_ms)
local id, times, pass_expires_ms, state, number = string.match(
  redis.call('HGET', key.admissions, user) or '', '^(%S+) (%d+ (%d+)) (%l+) (%d+)$')
local refusal
if shown_id == '' then
  refusal = 'queue_pass_required'
elseif shown_id == '!' or (not id and has_ended == '') then
  refusal = 'queue_pass_invalid'
-- Signed before a pause, it ends later than it says.
elseif has_ended ~= '' and (id ~= shown_id or pass_now_ms == now_ms) then
  refusal = 'queue_pass_expired'
-- Another pass on record: the one shown was used or given up before that one was made.
-- mutant: no-pass-is-looked-at
elseif id ~= shown_id or state ~= 'live' then
  refusal = 'queue_pass_used'
elseif tonumber(pass_expires_ms) <= pass_now_ms then
  refusal = 'queue_pass_expired'
end
local is_queued = queue_enabled == '1'
if is_queued and refusal then
  return reply(refusal)
end
-- Also where none is needed: it would be good once more as soon as there is a queue again.
local used_admission = not refusal and id .. ' ' .. times .. ' used ' .. number

-- Do the seats exist, each asked for once?
if mode == 'any' and section ~= seated_sections then
  return reply('sections_changed', '', seated_sections)
end
local names, descriptor_fields, available_fields = {}, {}, {}
for name in string.gmatch(section, '%S+') do
  names[#names + 1] = name
  descriptor_fields[#names] = 'section:' .. name
  available_fields[#names] = 'available:' .. name
end
if #names == 0 or quantity < 1 or quantity > quantity_max then
  return reply('invalid_seats')
end
local candidates = {}
for index, descriptor in ipairs(redis.call('HMGET', key.settings, unpack(descriptor_fields))) do
  local kind, size, seats_per_row, price =
    string.match(descriptor or '', '^(%l+) (%d+) (%d+) (%d+)$')
  if not kind or (mode == 'seats' and kind ~= 'seated') then
    return reply('invalid_seats')
  end
  candidates[index] = {
    index = index,
    name = names[index],
    map = kind == 'seated' and key.maps[index],
    rows = tonumber(size),
    seats_per_row = tonumber(seats_per_row),
    price = tonumber(price),
  }
end
local chosen, seats = nil, {}
if mode == 'seats' then
  chosen = candidates[1]
  local asked = {}
  for index = first_seat, #ARGV, 2 do
    local row, number = tonumber(ARGV[index]), tonumber(ARGV[index + 1])
    local seat = row .. '-' .. number
    if row < 1 or row > chosen.rows or number < 1 or number > chosen.seats_per_row
      or asked[seat] then
      return reply('invalid_seats')
    end
    asked[seat] = true
    seats[#seats + 1] = seat
  end
  if #seats ~= quantity then
    return reply('invalid_seats')
  end
end

-- May the buyer have so many?
if exceeds_limit(key.buyers, user, quantity, max_per_buyer) then
  return reply('buyer_limit_exceeded')
end

-- Can one payment take so much? In mode any, sections that are too dear are passed over; an event
-- that an earlier release opened has no limit here.
local affordable = {}
for _, candidate in ipairs(candidates) do
  -- mutant: any-total-is-held
  if not amount_max or candidate.price * quantity <= tonumber(amount_max) then
    affordable[#affordable + 1] = candidate
  end
end
if #affordable == 0 then
  return reply('amount_too_high', '', amount_max)
end

-- Are they free?
if mode ~= 'seats' then
  local available = redis.call('HMGET', key.counts, unpack(available_fields))
  for _, candidate in ipairs(affordable) do
    if not chosen and tonumber(available[candidate.index]) >= quantity then
      if not candidate.map then
        chosen = candidate
      else
        local map = redis.call('GET', candidate.map) or ''
        local row, first = best_block(map, candidate.seats_per_row, quantity)
        if row then
          chosen = candidate
          for number = first, first + quantity - 1 do
            seats[#seats + 1] = row .. '-' .. number
          end
        end
      end
    end
  end
  if not chosen then
    local none_left = redis.call('HGET', key.counts, 'available') == '0'
    return reply(none_left and 'sold_out' or 'not_enough_seats')
  end
end
local hold = {
  user = user,
  section = chosen.name,
  quantity = quantity,
  seats = chosen.map and table.concat(seats, ',') or '-',
}
local fields, offsets = seats_of(booking, hold, chosen.seats_per_row)
local taken = {}
for index, offset in ipairs(offsets) do
  -- mutant: seats-are-not-looked-at
  if redis.call('GETRANGE', chosen.map, offset, offset) ~= '.' then
    taken[#taken + 1] = fields[index]
  end
end
if #taken > 0 then
  return reply('seat_unavailable', '', table.concat(taken, ','))
end

-- After this point the script must succeed.
local expires_ms = now_ms + hold_ttl_ms
local record = string.format('held %s %s %d %.0f %s %.0f %.0f %s', user, hold.section, quantity,
  chosen.price * quantity, currency, now_ms, expires_ms, hold.seats)
key.map = chosen.map
take_seats(key, booking, hold, record, fields, offsets, expires_ms)
if contact ~= '' then
  redis.call('HSET', key.contacts, booking, contact)
end
if used_admission then
  redis.call('ZREM', key.passes, user)
  -- mutant: a-pass-is-not-consumed
  redis.call('HSET', key.admissions, user, used_admission)
  -- A pass that was not needed says nothing about those who come.
  if is_queued then
    redis.call('HINCRBY', key.counts, 'passes_used', 1)
  end
end
if entry ~= '' then
  redis.call('HSET', key.answers, entry,
    string.format('%s %.0f 201 %s %s', fingerprint, now_ms, booking, record))
  redis.call('ZADD', key.answer_times, now_ms, entry)
end
local changes = {}
if chosen.map then
  note_change(changes, hold.section, 'h', fields)
end
-- mutant: a-hold-is-not-told
tell_seats(key, watched_until_ms, now_ms, changes)
return reply('held', record)
