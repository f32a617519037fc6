-- Gives the keys of this call that have no expiry the one of the event. An event that is retired
-- expires as a whole (see retire_event): a key that is made later must not outlive it. To be called
-- by every script that may write to an event that is over, after its last write.
local function expire_with_event(settings)
  local until_ms = redis.call('PEXPIRETIME', settings)
  -- mutant: late-keys-stay
  if until_ms > 0 then
    for _, name in ipairs(KEYS) do
      redis.call('PEXPIREAT', name, string.format('%.0f', until_ms), 'NX')
    end
  end
end
