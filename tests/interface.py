"""The public interface: every table and view that users read, with its columns. Names here are kept.

Dashboards, alerts and people's queries stand on them: a column may be added (here too), never taken away or renamed.
"""

from typing import Final

TITLES: Final = "title_ru title_kk title_en"
MOVED: Final = "lsn from_status to_status at seconds_in_from legal origin"

TABLES: Final[dict[str, str]] = {
    "request_transitions": f"request_id {MOVED} service author_id company_id assignee_id expert_id",
    "content_transitions": f"content_type content_id {MOVED} author_id company_id organization_id",
    "booking_transitions": f"booking_id {MOVED} room_id author_id company_id",
    "company_transitions": f"company_id {MOVED}",
    "requests": "request_id status since service author_id company_id assignee_id expert_id parent_id created_at "
    "first_sent_at first_approved_at first_success_at closed_at corrections",
    "content_items": "content_type content_id status since author_id company_id organization_id created_at "
    "first_sent_at first_published_at closed_at",
    "bookings": "booking_id room_id author_id company_id starts_at ends_at status since created_at cancelled_at",
    "dq_issues": "rule entity entity_id detail detected_at resolved_at",
    "dead_letters": "topic partition offset reason received_at key value",
    "watermarks": "topic partition next_offset lsn committed_at topic_id source_id fingerprint",
    "worker_events": "at worker event detail",
}
"""At least these columns; mirrors have those of the contract and of the log."""

LOG: Final = "_version _lsn _committed_at _deleted"

VIEWS: Final[dict[str, str]] = {
    "v_requests_open": f"request_id service {TITLES} status waiting_on since age_seconds assignee_id expert_id "
    "company_id author_id parent_id children form_1_filled form_2_filled",
    "v_request_backlog": f"service {TITLES} status waiting_on assignee_id requests oldest_since oldest_age_seconds",
    "v_request_backlog_hourly": "hour service status requests",
    "v_request_flow": "minute service from_status to_status transitions avg_seconds",
    "v_request_flow_hourly": "hour service from_status to_status transitions avg_seconds",
    "v_request_conversion": "cohort_day service created reached_sent reached_approved reached_success reached_rejected",
    "v_request_funnel_daily": "day service created sent approved success rejected",
    "v_request_durations_daily": "day service metric requests avg_seconds p50_seconds p90_seconds",
    "v_request_outcomes": f"service {TITLES} total open success rejected success_share rejected_share",
    "v_reviewer_load": "role user_id open closed_7d median_handling_seconds",
    "v_request_creations": "request_id at service",
    "v_request_arrivals": "request_id milestone at service",
    "v_request_changes": "request_id service from_status to_status at user_id",
    "v_request_reviews": f"service {TITLES} requests expertises votes reports protocols_accepted protocols_rejected "
    "seed_money_reports external_requests",
    "v_rooms_now": "room_id name state booking_id until next_starts_at",
    "v_room_hours": "room_id hour booked_seconds bookings utilisation",
    "v_booking_occupancy": "booking_id room_id starts_at ends_at",
    "v_booking_outcomes_daily": "day room_id bookings cancelled finished companies cancelled_share "
    "avg_duration_seconds",
    "v_booking_companies_daily": "day company_id bookings finished cancelled",
    "v_booking_overlaps": "room_id booking_a booking_b overlap_from overlap_to",
    "v_content_backlog": "content_type status waiting_on items oldest_since oldest_age_seconds",
    "v_content_backlog_hourly": "hour content_type status items",
    "v_content_flow_hourly": "hour content_type from_status to_status transitions avg_seconds",
    "v_content_publications_daily": "day content_type company_id organization_id author_id published rejected deleted",
    "v_content_engagement": "content_type author_id company_id category_id category_ru category_kk category_en items "
    "publications views likes dislikes reactions",
    "v_events": f"event_id {TITLES} status published event_type event_format starts_at ends_at upcoming company_id "
    "organization_id author_id participants views",
    "v_event_engagement": f"event_id {TITLES} status event_type event_format company_id organization_id participants "
    "views conversion",
    "v_registrations_daily": "day event_id company_id organization_id registrations",
    "v_organisers": f"kind organiser_id {TITLES} events participants views publications",
    "v_vacancies": f"vacancy_id {TITLES} vacancy_type city_id city_ru city_kk city_en company_id status active "
    "candidates salary_min salary_max lifetime_seconds",
    "v_vacancy_market": "city_id city_ru city_kk city_en vacancy_type active candidates_per_vacancy avg_salary_min "
    "avg_salary_max avg_lifetime_seconds",
    "v_comment_activity_daily": "day source comments replies statuses likes dislikes reactions",
    "v_feed_items": "content_type content_id at",
    "v_feed_daily": "day content_type items",
    "v_feed_top": f"content_type content_id {TITLES} views comments reactions rank",
    "v_techorda_courses": f"course_id {TITLES} school_id flow_id applications favourites students graduates reports "
    "report_students",
    "v_techorda_schools": "school_id company_id courses applications students graduates reports report_students",
    "v_techorda_flows": f"flow_id {TITLES} courses applications application_forms students graduates reports",
    "v_techorda_students": "student_id course_id school_id flow_id status graduated",
    "v_techorda_reports": "report_id course_id school_id flow_id status students",
    "v_companies": "company_type status verified companies tagged",
    "v_company_activity": "company_id company_type status tags verified requests_open requests_success events "
    "vacancies blogs articles bookings members",
    "v_company_flow_daily": "day from_status to_status transitions",
    "v_users": "role is_active blocked users verified with_company",
    "v_memberships": "company_id users verified_users roles requests invitations",
    "v_activations_daily": "day activations users",
    "v_actions_daily": "day action actions users",
    "v_notifications_daily": "day notifications read users",
    "v_media_daily": "day kind files",
    "v_sms_daily": "day kind messages",
    "v_landing": f"organization_id {TITLES} pages published_pages sections components media",
    "v_activity": "minute domain table operation changes",
    "v_freshness": "table last_change_at seen_until lag_seconds state resync_reason",
    "v_dq": "rule entity open last_detected_at",
    "v_dq_orphans": "entity entity_id reference target missing_id",
    "v_dq_history_mismatches": "entity entity_id status latest_in_history",
    "v_titles": f"kind id {TITLES}",
    "v_service_titles": f"service {TITLES}",
}
"""All views with all their columns, in order."""
