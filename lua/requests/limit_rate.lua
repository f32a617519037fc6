#!lua
-- Counts one request against a rate, by the generic cell rate algorithm (GCRA): the key holds the
-- theoretical arrival time (TAT) of the next request if all came evenly.
--
-- Guarantees: within any time t at most burst + t / interval requests are allowed, also when the
-- clock of the node jumps. Forward, time that never was refills the burst once. Backward, a TAT
-- that lies further ahead than a full burst is taken for exactly that: nobody gains anything, and
-- nobody waits for the clock to catch up. A refused request costs nothing. A repeated call counts
-- again.
--
-- KEYS[1] limit (string): TAT in us since 1970; gone when the burst is full again
--
-- ARGV[1] interval: us between two requests of the even rate
-- ARGV[2] burst: requests that may come at once, from 1
--
-- Returns {outcome, remaining, wait_ms}
--   allowed: how many more may come at once, 0
--   limited: 0, time until the next request is allowed
--
-- Bounds: no loops.

-- @keys

local interval_us, burst = tonumber(ARGV[1]), tonumber(ARGV[2])

local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local tolerance_us = interval_us * burst

local arrival_us = tonumber(redis.call('GET', key.limit) or now_us)
-- mutant: a-clock-that-jumps-locks-out
arrival_us = math.min(math.max(arrival_us, now_us), now_us + tolerance_us)
local next_us = arrival_us + interval_us
if next_us > now_us + tolerance_us then
  return { 'limited', 0, math.ceil((next_us - now_us - tolerance_us) / 1000) }
end

-- After this point the script must succeed. A number of 16 digits is written as an integer.
local full_ms = math.ceil((next_us - now_us) / 1000)
redis.call('SET', key.limit, string.format('%.0f', next_us), 'PX', full_ms)
return { 'allowed', math.floor((now_us + tolerance_us - next_us) / interval_us), 0 }
