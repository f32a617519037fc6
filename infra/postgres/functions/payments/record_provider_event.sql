-- Keeps an event of the provider and takes in what it says. fresh tells whether this call kept it.
-- outcome: ignored, other_mode, that of raise_payment, or foreign_payment: an authorisation that was
-- not begun here names a booking of ours. payment: the document, when applied. is_news tells whether
-- an operator is to hear of a foreign one, as in note_provider_refusal.
CREATE OR REPLACE FUNCTION boxoffice.record_provider_event(
    p_id text, p_kind text, p_livemode boolean, p_expected_livemode boolean, p_payload text,
    p_payment text, p_booking text, p_event uuid, p_state text, p_amount bigint, p_currency text,
    p_whole boolean, p_amount_refunded bigint, p_told_every_ms bigint,
    OUT fresh boolean, OUT outcome text, OUT payment text, OUT is_news boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
BEGIN
    is_news := false;
    -- A second delivery waits here for the first one to commit.
    INSERT INTO provider_events (
        id, kind, booking_id, payment_id, amount, currency, livemode, payload, outcome
    ) VALUES (
        p_id, p_kind, CASE WHEN p_event IS NOT NULL THEN p_booking END, p_payment,
        coalesce(p_amount, 0), coalesce(p_currency, ''), p_livemode, p_payload, 'recorded'
    ) ON CONFLICT (id) DO NOTHING;
    -- mutant: events-are-kept-twice
    fresh := FOUND;
    IF fresh THEN
        IF p_payment IS NULL THEN
            outcome := 'ignored';
        -- mutant: test-money-pays
        ELSIF p_livemode <> p_expected_livemode THEN
            outcome := 'other_mode';
        ELSE
            SELECT raised.outcome INTO STRICT record_provider_event.outcome
            FROM raise_payment(p_payment, p_booking, p_event, p_state, p_amount, p_currency,
                p_whole, p_amount_refunded, p_livemode) AS raised;
            IF outcome = 'unknown_booking' AND p_state = 'authorised'
                AND EXISTS (SELECT FROM events AS e WHERE e.id = p_event)
            THEN
                outcome := 'foreign_payment';
                SELECT noted.is_news INTO STRICT record_provider_event.is_news
                FROM note_provider_refusal('settle',
                    'an authorisation that was not begun here names a booking', p_told_every_ms
                ) AS noted;
            END IF;
        END IF;
        UPDATE provider_events AS kept SET outcome = record_provider_event.outcome
        WHERE kept.id = p_id;
    ELSE
        SELECT kept.outcome INTO STRICT record_provider_event.outcome
        FROM provider_events AS kept WHERE kept.id = p_id;
    END IF;
    IF outcome = 'applied' THEN
        payment := payment_document(p_payment);
    END IF;
END
$body$;
