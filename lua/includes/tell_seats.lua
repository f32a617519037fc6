-- Publishes what a call has changed in the maps of an event, as one line of news to those who
-- follow seats. `changes` are made by note_change. While nobody follows, nothing is written, see
-- watch_maps; `watched_until_ms` is that field of the settings. To be called after every other
-- write: whatever becomes of the news, what they tell of is whole. Needs append_seat_news.
local function tell_seats(key, watched_until_ms, now_ms, changes)
  -- Some thousand seats: from there on the map itself is no longer than news of it.
  local text_length_max = 8000

  if #changes == 0 or tonumber(watched_until_ms or 0) <= now_ms then
    return
  end
  local text = table.concat(changes, ' ')
  if #text > text_length_max then
    text = 'anew'
  end
  append_seat_news(key.counts, key.seat_news, text)
end
