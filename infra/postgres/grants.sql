-- What the application may do: call the steps, and nothing else. Applied after the functions, in
-- the same transaction, so a right is never missing.
--
-- A function in no list was left by an earlier release, whose application may still run: its
-- rights stay as they are until functions/dropped.txt names it.

DO $grants$
DECLARE
    -- What the crate `ledger` calls.
    steps CONSTANT text[] := ARRAY[
        -- types
        'ping',
        -- events
        'active_events', 'add_sections', 'begin_rebuild', 'restore_page', 'cancel_event',
        'cancel_event_bookings', 'create_event', 'end_event_holds', 'event_holds',
        'events_to_retire', 'find_event', 'finish_rebuild', 'lease_rebuild', 'list_events',
        'mark_sold_out', 'note_retired', 'update_event',
        -- queue
        'checkpoint_queue', 'find_draw', 'fix_draw', 'grant_numbers', 'leave_queue',
        'place_is_spent',
        -- bookings
        'bookings_of_mailbox', 'cancel_booking', 'confirm_booking', 'confirmed_among',
        'contacts_among', 'drain_journal', 'event_bookings', 'expire_stale_bookings',
        'give_up_part', 'own_bookings', 'read_booking', 'release_booking', 'request_lookup',
        'set_contact', 'sold_places',
        -- tickets
        'booking_tickets', 'check_in', 'checkin_counts', 'checkin_manifest', 'find_ticket',
        'name_ticket_holder',
        -- payments
        'begin_checkout', 'begin_checkout_payment', 'begin_refund', 'canceled_payments',
        'claim_due_checkouts', 'claim_event_lists', 'end_checkout', 'find_payment',
        'give_back_payment', 'note_checkout', 'note_event_list', 'note_part_refund',
        'note_provider_refusal', 'note_refund',
        'open_payments_among', 'provider_refusals_so_far', 'raise_payment', 'record_payment',
        'record_provider_event', 'unrecorded_events', 'withdraw_sale',
        -- people
        'change_account', 'end_sessions', 'erase_account', 'is_account', 'read_account',
        'redeem_sign_in', 'refresh_session', 'request_sign_in',
        -- audit
        'audit_facts', 'compare_reserved', 'count_audit', 'events_to_audit', 'expire_lost_holds',
        'read_audit_totals', 'sold_bookings',
        -- worker
        'claim_due_letters', 'claim_due_messages', 'claim_due_sagas', 'drop_letters',
        'events_to_serve', 'list_sagas', 'note_letter', 'note_message', 'note_saga', 'open_work',
        'retry_saga'
    ];
    -- Steps of the release before: its application may still run and calls them, and that of this
    -- release does not. They leave this list with the next release.
    steps_before CONSTANT text[] := ARRAY[]::text[];
    -- What only other functions, triggers and checks call, with the rights of the owner.
    internal CONSTANT text[] := ARRAY[
        -- types
        'instant', 'merge_documents', 'now_utc', 'unix_ms',
        -- events
        'change_sections', 'described_sections', 'event_document', 'event_lock_key',
        'is_sold_out', 'raise_settings_version',
        -- bookings
        'booking_document', 'booking_lock_key', 'booking_row_of', 'booking_state',
        'buyer_lock_key', 'kept_for_payment', 'lock_booking', 'lock_for_sale', 'note_contact',
        'sale_refusal', 'seats_exist', 'sell_booking', 'state_rank', 'stored_booking', 'withdraw_booking',
        -- tickets
        'keep_cancelled_tickets', 'refuse_change_of_scans', 'ticket_documents', 'used_tickets',
        -- payments
        'decide_give_back', 'owes_part', 'payment_document', 'payment_is_given_up', 'payment_rank',
        'payment_step', 'wake_payment',
        -- people
        'account_document', 'find_sign_in', 'session_is_alive',
        -- worker
        'announce', 'announce_part', 'booking_facts', 'message_text', 'saga_row_of', 'wake_saga',
        'write_letter'
    ];
    v_function regprocedure;
    v_name text;
BEGIN
    REVOKE ALL ON SCHEMA boxoffice FROM PUBLIC;
    GRANT USAGE ON SCHEMA boxoffice TO boxoffice_app;
    REVOKE ALL ON ALL TABLES IN SCHEMA boxoffice FROM PUBLIC, boxoffice_app;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA boxoffice FROM PUBLIC, boxoffice_app;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA boxoffice FROM PUBLIC;
    -- By name: while an earlier release is still called, a step may have two signatures.
    FOR v_function, v_name IN
        SELECT p.oid::regprocedure, p.proname FROM pg_proc AS p
        WHERE p.pronamespace = 'boxoffice'::regnamespace
    LOOP
        IF v_name = ANY (steps || steps_before) THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO boxoffice_app', v_function);
        ELSIF v_name = ANY (internal) THEN
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM boxoffice_app', v_function);
        END IF;
    END LOOP;
END
$grants$;
