#!lua
-- Puts an event that was rebuilt up for sale: from here on every script finds it.
--
-- Guarantees: all settings at once; only the builder of the newest generation does it. Queue
-- numbers go on above every number that was ever given. Nobody is let in before the grace is over,
-- so that those who had a place come back to it first; where the sale opens meanwhile the grace
-- begins then, since some were told to come so much later than the opening. A draw that the ledger
-- has decided is done: whoever comes back has the place that was drawn.
--
-- KEYS[1] settings (hash)
-- KEYS[2] counts (hash)
--
-- ARGV[1] generation
-- ARGV[2] the last queue number that the ledger has given out; the next one needs a new block
-- ARGV[3] the highest place that was let in
-- ARGV[4] grace, ms; 0 for an event that nobody has queued for
-- ARGV[5] how many numbers were drawn for; '' before the draw
-- ARGV[6..] field and value of each setting
--
-- Returns {outcome}: live (now or before) | superseded
--
-- Bounds: 64 sections, so some 160 arguments.

-- @include clock_ms

-- @keys

local generation, number, served, grace_ms = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local draw_count = ARGV[5]

local known, building = unpack(redis.call('HMGET', key.settings, 'generation', 'building'))
if known == generation then
  return { 'live' }
elseif building ~= generation then
  return { 'superseded' }
end

-- After this point the script must succeed.
redis.call('HSET', key.counts, 'number', number, 'number_ceiling', number, 'served', served)
if draw_count ~= '' then
  redis.call('HSET', key.counts, 'draw_count', draw_count, 'drawn', 1)
end
redis.call('DEL', key.settings)
redis.call('HSET', key.settings, 'generation', generation, unpack(ARGV, 6))
local now_ms = clock_ms()
local on_sale_at_ms = tonumber(redis.call('HGET', key.settings, 'on_sale_at_ms'))
local opens_meanwhile = on_sale_at_ms > now_ms and on_sale_at_ms <= now_ms + grace_ms
local from_ms = opens_meanwhile and on_sale_at_ms or now_ms
redis.call('HSET', key.counts, 'admit_from_ms',
  grace_ms > 0 and string.format('%.0f', from_ms + grace_ms) or '0')
return { 'live' }
