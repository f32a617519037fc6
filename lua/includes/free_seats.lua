-- Gives the seats of a hold back and writes `word` (released or expired) to the journal, and where
-- it is looked up until the journal is drained. A seat that another booking owns stays with it:
-- only what is freed is counted, and added to `changes`. Needs move_count and note_change.
local function free_seats(key, booking, hold, record, fields, offsets, word, changes)
  local freed, freed_fields = 0, {}
  for index, field in ipairs(fields) do
    -- mutant: freeing-without-the-holder
    if redis.call('HGET', key.holders, field) == booking then
      redis.call('HDEL', key.holders, field)
      if offsets[index] then
        redis.call('SETRANGE', key.map, offsets[index], '.')
        freed = freed + 1
        freed_fields[freed] = field
      else
        freed = hold.quantity
      end
    end
  end
  move_count(key.counts, hold.section, freed, 'held', 'available')
  note_change(changes, hold.section, '.', freed_fields)
  redis.call('HINCRBY', key.buyers, hold.user, -hold.quantity)
  redis.call('HDEL', key.bookings, booking)
  redis.call('ZREM', key.expiry, booking)
  redis.call('HSET', key.resolved, booking, word .. ' ' .. record)
  redis.call('XADD', key.journal, '*', 'e', word .. ' ' .. booking .. ' ' .. record)
end
