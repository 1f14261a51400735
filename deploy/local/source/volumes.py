"""How many rows a table has in the real techhub, and in a data set of another scale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FIXED: Final[Mapping[str, int]] = {
    "service_service": 310,
    "service_hubform": 282,
    "service_hubformstep": 569,
    "booking_room": 16,
    "core_organization": 12,
    "core_country": 12,
    "core_city": 20,
    "core_category": 14,
    "techorda_flow": 4,
    "landing_landing": 8,
    "auth_group": 9,
}
"""Catalogues: as large in a small data set as in a large one."""

FULL: Final[Mapping[str, int]] = {
    "account_user": 54_000,
    "account_company": 6_600,
    "account_usercompany": 4_500,
    "account_activation": 1_800,
    "account_usercompanyrequest": 254,
    "account_usercompanyinvitation": 2,
    "account_complaint": 40,
    "account_user_groups": 420,
    "service_servicerequest": 56_000,
    "service_servicerequeststatus": 82_000,
    "service_servicerequestlog": 4_500,
    "service_expertise": 787,
    "service_vote": 12_900,
    "service_report": 13_100,
    "service_protocol": 104,
    "service_protocol_accepted": 467,
    "service_protocol_rejected": 606,
    "service_seedmoneyreport": 90,
    "service_externalrequest": 40,
    "service_hubformfield": 6_600,
    "service_hubformdata": 61_600,
    "core_event": 1_500,
    "core_eventparticipant": 864,
    "core_vacancy": 1_200,
    "core_vacancycandidate": 5_300,
    "core_blog": 1_800,
    "core_article": 83,
    "core_discussion": 120,
    "core_techtask": 97,
    "core_comment": 2_600,
    "core_feed": 4_800,
    "core_notification": 1_200,
    "core_actionlog": 125_000,
    "booking_booking": 8_700,
    "booking_bookingstatus": 8_700,
    "techorda_course": 203,
    "techorda_school": 82,
    "techorda_applicationform": 19,
    "techorda_courseapplication": 15,
    "techorda_coursefavorite": 16,
    "service_techordastudent": 1_200,
    "service_techordareport": 300,
    "service_techordareportstudent": 1_500,
    "landing_page": 562,
    "landing_section": 560,
    "landing_component": 2_800,
    "landing_pagemediafile": 18_500,
    "shared_mediafile": 50_900,
    "shared_protectedmediafile": 92_900,
    "shared_contextdata": 243,
    "shared_seodata": 97,
}


LEAST: Final[Mapping[str, int]] = {"account_user": 20, "account_company": 5, "core_event": 4, "core_vacancy": 4}


@dataclass(frozen=True, slots=True)
class Volumes:
    scale: float

    def rows(self, table: str) -> int:
        return FIXED.get(table) or self.scaled(FULL[table], LEAST.get(table, 1))

    def scaled(self, full: int, least: int) -> int:
        return max(least, round(full * self.scale))

    @property
    def users(self) -> int:
        return self.rows("account_user")

    @property
    def staff(self) -> int:
        """The first users."""
        return self.scaled(160, 8)

    @property
    def companies(self) -> int:
        return self.rows("account_company")
