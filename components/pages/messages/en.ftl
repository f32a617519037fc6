# The texts of the pages in English.

site-name = Boxoffice
skip = Skip to the content
nav-label = Site
nav-about = About this site
nav-bookings = My bookings
more = Show more
stage = Stage

money-free = free
moment = { $weekday }, { $day } { $month } { $year }, { $time } { $zone }
clock = { $time } { $zone }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday

## Events

home-title = What is on
home-empty = Nothing is on sale at the moment.
price-range = { $low } to { $high }
opens = The sale opens on
ends = It ends on
prices = Tickets:
price = Price
sections-title = Sections
section = Section
section-kind = Kind
section-left = Left
section-seated = Seats
section-standing = Standing
left = { $count ->
    [0] sold out
    [one] 1 left
   *[other] { $number } left
}
status-scheduled = The sale has not begun
status-on-sale = On sale
status-paused = The sale is stopped for the moment
status-sold-out = Everything is sold
status-ended = This event is over
status-cancelled = This event is called off

## The waiting room

join-line = Join the line
join-again = Join again
enter-room = Enter the waiting room
choose-seats = Choose seats
position = Your position:
wait = Estimated wait:
position-never-grows = Your position never grows. Refreshing or opening more tabs changes nothing; this page refreshes by itself.
room-cancelled = This event is called off
room-cancelled-text = Nothing is sold.
room-over = This event is over
room-over-text = Nothing is sold any more.
room-sold-out = Everything is sold
room-sold-out-text = If anything comes back, this page will show it.
room-closed = Nobody else can join at the moment
room-closed-text = If you are in the line, you keep your place. This page looks again by itself.
room-paused = The sale is stopped for the moment
room-paused-text = Nobody is let in until it goes on. You can join the line now and keep your place: refreshing, closing the page or opening it again does not change it.
room-drawn = The sale has not begun
room-drawn-text = It opens on { $opens }. The line has begun: if you join now, you are behind those who are in it, in order. Your place is yours: refreshing, closing the page or opening it again does not change it.
room-scheduled = The sale has not begun
room-scheduled-text = It opens on { $opens }. Everybody in the waiting room by then takes part in a draw: being early is no advantage.
room-open = The sale is open
room-open-text = Everybody is let in by turns. Your place is yours: refreshing, closing the page or opening it again does not change it.
room-draw = You are in the waiting room
room-draw-text = The sale opens on { $opens }. At that moment places are drawn among all who are here; until then nobody has a position, and being early is no advantage. You keep your place in the draw if you close this page, as long as you come back with this browser.
room-line = You are in the line
room-line-opens-text = The sale opens on { $opens }; until then the line stands still.
room-drawing-text = Places are being drawn.
room-turn = It is your turn
room-turn-text = Choose your seats by { $ends }. After that your place goes to the next in the line.
room-expired = Your turn is over
room-expired-text = Your turn came while you were away, or you did not reserve in time, and your place went to the next in the line. You can join again, at its end.
line-ended = The line has ended
line-ended-sold-out = Everything is sold.
line-ended-over = The event is over.
line-ended-cancelled = The event is called off.
line-ended-nobody = Nobody else is let in.
spoken-position = You are number { $position } in the line.
wait-unknown = not known while nobody is let in.
wait-open = { $quick } or more.
wait-range = { $quick } to { $slow }.
wait-likely = { $likely }.
duration-short = less than a minute
duration-minute = about a minute
duration-minutes = about { $number } minutes
duration-hours = about { $number } hours
chance = The chance that something is left at your turn is { $percent } %.
chance-small = The chance that something is left at your turn is below 1 %.
proof-title = One moment
proof-text = So that nobody fills the line with programs, your browser solves a small puzzle. It joins by itself when it has.
proof-needs-script = This needs JavaScript, which is off in this browser. For this sale there is no way to join without it.
proof-unsolved = This browser could not solve the puzzle. Please load the page again, or try another browser.
cookies-title = This page needs cookies
cookies-text = Your browser did not send back the cookie that says who you are, so a place could not be kept for you, and none was taken. Please allow cookies for this site, and then go back to the waiting room.

## Seats

turn = It is your turn until { $ends }. Choose your seats by then.
open-holds = You hold seats
open-hold = { $places }, held until { $ends }
seats-none-left = Nothing is free at the moment. Seats that are not paid come back.
section-title = Section { $section }, { $price } each
quantity = How many?
hold-best = Hold the best seats
hold-standing = Hold these tickets
hold-chosen = Hold the chosen seats
legend = Kinds of seats
zoom-in = Enlarge the map
zoom-out = Reduce the map
rows = Rows
rows-earlier = Rows further in front
rows-later = Rows further back
row = Row { $number }
seat-label = Row { $row }, seat { $number }, { $state }
seat-free = free
seat-held = held
seat-sold = sold
seat-mine = chosen
seat-gone = Seat { $seat } has just been taken.
seats-gone = These seats have just been taken: { $seats }. Nothing is held; please choose others.
seats-gone-others = These seats have just been taken: { $seats }. The nearest free ones are chosen for you: { $others }.
seats-too-many = You can choose { $most } seats at most.

## Bookings

bookings-title = My bookings
bookings-empty = You have no bookings in this browser.
way-to-lookup = Find bookings of another browser
lookup-title = Find your bookings
lookup-text = Type the e-mail address that you gave with your booking. If there is one, we send a letter with a link to it.
lookup-button = Send the letter
lookup-sent = If this address belongs to a booking, a letter is on its way. It can take a few minutes; please look into the folder for unwanted mail, too.
lookup-no-mailbox = This is not an e-mail address.
email = E-mail address
email-optional = E-mail address (optional): your tickets are sent there
name-optional = Your name (optional)
open-title = Open bookings from a letter
open-text = The link leads to bookings that were made with an e-mail address. Open them only if they are yours: this browser then acts for whoever made them.
open-another = The bookings that this browser shows now are not shown here any more after that.
open-button = Open the bookings
link-title = Sign in
link-text = This signs the browser in to the account of the mailbox that the link was sent to. What this browser has booked becomes the account's.
link-button = Sign in
link-failed = The link is not good any more: it works once, for 15 minutes. Ask for another letter.
booking-section = { $count ->
    [one] 1 ticket, section { $section }
   *[other] { $count } tickets, section { $section }
}
amount = Total:
booking-reserved = Your seats are held
booking-reserved-text = They are yours until { $ends }. After that they are free for others.
booking-paid = We are waiting for your payment
booking-paid-text = It usually arrives within seconds. This page looks by itself; you can also close it and come back.
booking-confirmed = Your tickets are booked
booking-confirmed-text = Everything is paid. See you there!
booking-released = You gave these seats back
booking-released-text = Nothing was charged.
booking-expired = Your time is over
booking-expired-text = The seats were not paid in time and are free for others. Nothing was charged; if a payment of yours is on its way, it goes back to you.
booking-refunded = This booking was refunded
booking-refunded-text = The money is on its way back to you.
booking-cancelled = This booking is cancelled
booking-cancelled-text = If you paid, the money is on its way back to you.
way-to-booking = The booking
way-to-tickets = Show the tickets
tickets-pdf = All tickets as PDF
ticket-seat = Section { $section }, row { $row }, seat { $number }
ticket-standing = Section { $section }, standing
ticket-valid = Good for one entry
ticket-used = Used
ticket-cancelled = Cancelled
ticket-number = Number:
ticket-holder = Name on the ticket
ticket-save = Save the name
ticket-calendar = For the calendar
held-until = Held until { $ends }
time-left = { $time } left
time-soon = Less than two minutes are left. You can ask for more time once.
time-over = The time is over.
pay = Pay now
take-free = Take the tickets
extend = I need more time
give-back = Give the seats back

## What went wrong, and the way on

looks-again = This page looks again by itself. If you had a place in the line, it is kept.
way-home = See what is on
way-to-event = Back to the event
way-to-waiting-room = To the waiting room
problem-not-found = There is nothing here
problem-not-found-detail = The address may be misspelled, or the page is gone.
problem-event-not-found = The event does not exist
problem-event-not-found-detail = The address may be misspelled.
problem-booking-not-found = There is no such booking
problem-booking-not-found-detail = It may belong to another browser: a booking is shown to the one that made it.
problem-event-not-on-sale = Nothing is on sale here at the moment
problem-event-not-on-sale-detail = The sale has not begun, is stopped, or is over. Nothing was reserved.
problem-joining-stopped = Nobody else can join at the moment
problem-joining-stopped-detail = If you are in the line, you keep your place.
problem-queue-pass-required = You have to wait for your turn first
problem-queue-pass-required-detail = Everybody comes to their turn through the waiting room.
problem-queue-pass-expired = Your turn is over
problem-queue-pass-expired-detail = The time to choose seats has passed. You can join the line again.
problem-queue-pass-invalid = It is not your turn yet
problem-queue-pass-invalid-detail = Everybody comes to their turn through the waiting room.
problem-queue-pass-used = You have used your turn
problem-queue-pass-used-detail = A turn is good for one reservation. You can join the line again.
problem-invalid-seats = Choose at least one seat
problem-invalid-seats-detail = A reservation has 1 to 10 seats of one section.
problem-buyer-limit-exceeded = That would be too many tickets
problem-buyer-limit-exceeded-detail = This event sells only a certain number of tickets to one buyer. What you hold or have bought counts.
problem-amount-too-high = That is more than one payment takes
problem-amount-too-high-detail = Please choose fewer seats.
problem-seat-unavailable = These seats have just been taken
problem-seat-unavailable-detail = Nothing is held; please choose others.
problem-not-enough-seats = There are not so many seats side by side
problem-not-enough-seats-detail = Please choose fewer, another section, or single seats.
problem-sold-out = Everything is sold
problem-sold-out-detail = Seats that are not paid come back; it is worth another look.
problem-booking-expired = The time of this booking is over
problem-booking-expired-detail = The seats are free for others. Nothing was charged.
problem-already-confirmed = This booking is paid already
problem-already-confirmed-detail = Nothing was changed.
problem-already-released = These seats were given back before
problem-already-released-detail = Nothing was changed.
problem-already-extended = You had more time already
problem-already-extended-detail = Time can be extended once.
problem-payment-required = This booking has to be paid
problem-payment-required-detail = Nothing was changed.
problem-payment-refused = The payment provider refuses this payment
problem-payment-refused-detail = Nothing was charged. The organiser has been told.
problem-ticket-not-found = There is no such ticket
problem-ticket-not-found-detail = It may belong to another browser.
problem-ticket-cancelled = This ticket is cancelled
problem-ticket-cancelled-detail = Nobody is admitted with it.
problem-rate-limited = That was too fast
problem-rate-limited-detail = Please wait a moment and try again.
problem-forbidden = This form is not for this browser
problem-forbidden-detail = Please open the page again and use its form.
problem-contact = The e-mail address or the name cannot be used
problem-contact-detail = Please check what you typed. Nothing was changed.
problem-form = The form could not be read
problem-form-detail = Please open the page again and use its form.
problem-unavailable = This does not work at the moment
problem-unavailable-detail = It is our fault, and usually passes within seconds.
problem-other = Something went wrong
problem-other-detail = It is our fault. Nothing was charged by it.

## About this site

accessibility-title = Accessibility
accessibility-1 = Everybody should be able to buy a ticket here. These pages aim at level AA of the Web Content Accessibility Guidelines 2.2.
accessibility-2 = Every page works by keyboard alone, with a screen reader, enlarged to four times its size, and without JavaScript. Seats are a list of rows; the drawn map is an addition to it.
accessibility-3 = Nothing is told by colour alone. Pages follow the settings of your device for dark colours and less motion.
accessibility-4 = Seats are held for a limited time, because others want them too. You are told early when it runs out, and can ask for more time once.
accessibility-5 = If something stands in your way, please tell the organiser of the event.
privacy-title = Privacy
privacy-1 = You need no account. A cookie names your browser to us for up to 90 days, so that your place in a line and your bookings are found again. A second one keeps the proof of your place, a third your language. They serve nothing else, and are sent to nobody else.
privacy-2 = We keep what a booking needs: event, seats, times, amount, and the name and address that you give with it. Letters about your bookings go to that address through a mail service.
privacy-3 = You pay on the page of a payment provider. We never see the number of your card.
privacy-4 = There are no advertisements, no tracking, and no files of other sites on these pages.
privacy-5 = Network addresses are counted for a short time against misuse, and are not kept with bookings.
