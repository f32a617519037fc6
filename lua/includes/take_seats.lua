-- Takes the seats of a hold and writes everything that belongs to it. The caller has checked that
-- all of them are free; `fields` and `offsets` come from seats_of. Without a journal nothing is
-- written there: the ledger knows the hold already.
local function take_seats(key, booking, hold, record, fields, offsets, expires_ms)
  for index, field in ipairs(fields) do
    redis.call('HSET', key.holders, field, booking)
    if offsets[index] then
      redis.call('SETRANGE', key.map, offsets[index], 'h')
    end
  end
  move_count(key.counts, hold.section, hold.quantity, 'available', 'held')
  redis.call('HINCRBY', key.buyers, hold.user, hold.quantity)
  redis.call('HSET', key.bookings, booking, record)
  redis.call('ZADD', key.expiry, expires_ms, booking)
  if key.journal then
    redis.call('XADD', key.journal, '*', 'e', 'reserved ' .. booking .. ' ' .. record)
  end
end
