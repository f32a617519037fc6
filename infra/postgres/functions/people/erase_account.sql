-- Erases an account: mailbox and name, its sessions and its requests to sign in, and what it has
-- said in bookings, also in ended ones. Sales, payments, tickets and admissions stay: the books.
-- Outcomes: erased, signed_out (the session has ended, or the account is gone), last_owner (of an
-- organisation that has members).
CREATE OR REPLACE FUNCTION boxoffice.erase_account(p_user uuid, p_session uuid, OUT outcome text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = boxoffice, pg_temp
AS $body$
DECLARE
    v_account accounts;
BEGIN
    SELECT * INTO v_account FROM accounts AS a
    WHERE a.user_id = p_user AND session_is_alive(p_user, p_session) FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'signed_out';
        RETURN;
    END IF;
    UPDATE bookings AS b SET email = NULL, name = NULL, locale = NULL
    WHERE b.user_id = p_user AND num_nonnulls(b.email, b.name, b.locale) > 0;
    UPDATE tickets AS t SET holder = NULL
    FROM bookings AS b
    WHERE b.user_id = p_user AND t.booking_id = b.id AND t.holder IS NOT NULL;
    UPDATE cancelled_tickets AS t SET holder = NULL
    FROM bookings AS b
    WHERE b.user_id = p_user AND t.booking_id = b.id AND t.holder IS NOT NULL;
    DELETE FROM letters AS l WHERE lower(l.email) = lower(v_account.email);
    DELETE FROM sign_ins AS s WHERE lower(s.email) = lower(v_account.email);
    -- Its sessions and their tokens go with it.
    DELETE FROM accounts AS a WHERE a.user_id = p_user;
    outcome := 'erased';
END
$body$;
