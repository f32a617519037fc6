#!lua
-- Decides how many numbers are drawn for, once the sale opens.
--
-- Guarantees: decided once, by the first call at or after the opening (or by the first user who
-- joins, see join_queue); from then on every newcomer is behind all of them. Until the draw is done
-- (draw_places) nobody is let in.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
--
-- Returns {outcome, count}: scheduled (the sale opens later) | fixed | drawn (done) | event_missing
--
-- Bounds: no loops.

-- @include clock_ms
-- @include line_order
-- @include node_id
-- @include fix_draw_count

-- @keys

local on_sale_at_ms = redis.call('HGET', key.settings, 'on_sale_at_ms')
if not on_sale_at_ms then
  return { 'event_missing', 0 }
end
local drawn, count = unpack(redis.call('HMGET', key.counts, 'drawn', 'draw_count'))
if drawn == '1' then
  return { 'drawn', tonumber(count or 0) }
elseif not count and clock_ms() < tonumber(on_sale_at_ms) then
  return { 'scheduled', 0 }
end

-- After this point the script must succeed.
return { 'fixed', fix_draw_count(key.settings, key.counts, node_id()) }
