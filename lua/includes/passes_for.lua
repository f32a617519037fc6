-- How many unused passes may be out for the seats that are left: one each, and more by the share
-- of passes that nobody used, so that seats do not wait for fans who do not come. `used` and
-- `unused` are passes whose time is over. Imagined fans who came stand beside them, so that the
-- first few decide little, and the share has a bound: a line that nobody answered for a while must
-- not promise a seat to many at once.
local function passes_for(available, used, unused)
  local imagined_used, share_max = 10, 0.5
  local came = used + imagined_used
  local promised = math.floor(available * (came + unused) / came)
  -- mutant: any-share-of-no-shows
  return math.min(promised, math.floor(available / (1 - share_max)))
end
