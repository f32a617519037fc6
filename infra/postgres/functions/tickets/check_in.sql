-- Lets the bearer of a ticket in, once; or takes that back (p_undo). Outcomes: admitted,
-- already_used, cancelled, wrong_event, unknown (also without a ticket), undone, not_used;
-- event_missing; request_reused (the key came with another request). Then the ticket as it is now, with when and where it was used; is_replayed when
-- the same request was answered before, and this is the same answer.
--
-- Whoever inserts the admission lets in: its primary key decides between gates, and a cancellation
-- comes before or after it as a whole.
CREATE OR REPLACE FUNCTION boxoffice.check_in(
    p_event uuid, p_ticket text, p_gate text, p_undo boolean, p_request text, p_fingerprint text,
    OUT outcome text, OUT ticket text, OUT is_replayed boolean
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_scan scans;
    v_ticket record;
BEGIN
    is_replayed := false;
    IF p_request IS NOT NULL THEN
        -- The same request may be running.
        -- mutant: scans-of-one-request-overlap
        PERFORM pg_advisory_xact_lock(hashtextextended(p_request, 12));
        SELECT * INTO v_scan FROM scans AS s
        -- As long as every other key lives.
        WHERE s.request = p_request AND s.scanned_at > now() - interval '24 hours'
        ORDER BY s.id LIMIT 1;
        IF FOUND THEN
            is_replayed := true;
            -- mutant: a-key-of-another-scan-is-answered
            IF v_scan.fingerprint <> p_fingerprint THEN
                outcome := 'request_reused';
                RETURN;
            END IF;
            outcome := v_scan.result;
            ticket := v_scan.ticket::text;
            RETURN;
        END IF;
    END IF;

    IF NOT EXISTS (SELECT FROM events AS e WHERE e.id = p_event) THEN
        outcome := 'event_missing';
        RETURN;
    END IF;
    -- It may be about to be cancelled; from here on it cannot be until this is done.
    -- mutant: a-scan-does-not-see-a-cancellation-that-commits
    PERFORM FROM tickets AS t WHERE t.ticket_id = p_ticket FOR KEY SHARE;
    SELECT * INTO v_ticket FROM ticket_documents(NULL, p_ticket);
    outcome := CASE
        WHEN NOT FOUND THEN 'unknown'
        -- mutant: tickets-of-other-events-are-admitted
        WHEN v_ticket.event_id <> p_event THEN 'wrong_event'
    END;
    IF outcome IS NULL AND p_undo THEN
        DELETE FROM admissions AS a WHERE a.ticket_id = p_ticket;
        outcome := CASE WHEN FOUND THEN 'undone' ELSE 'not_used' END;
    ELSIF outcome IS NULL THEN
        -- mutant: cancelled-tickets-are-admitted
        IF v_ticket.status = 'cancelled' THEN
            outcome := 'cancelled';
        ELSE
            INSERT INTO admissions (ticket_id, event_id, admitted_at, gate)
            VALUES (p_ticket, p_event, now_utc(), p_gate)
            ON CONFLICT DO NOTHING;
            outcome := CASE WHEN FOUND THEN 'admitted' ELSE 'already_used' END;
        END IF;
    END IF;
    IF outcome = 'unknown' THEN
        RETURN;
    END IF;
    -- As it is now: with the admission that counts.
    SELECT t.document::text INTO ticket FROM ticket_documents(NULL, p_ticket) AS t;
    INSERT INTO scans (
        event_id, ticket_id, result, gate, scanned_at, ticket, request, fingerprint
    ) VALUES (
        p_event, p_ticket, outcome, p_gate, now_utc(), ticket::json, p_request, p_fingerprint
    );
END
$body$;
