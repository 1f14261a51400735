"""What happens in the application, and how often."""

from collections.abc import Mapping
from typing import Protocol

from deploy.local.source.simulate import (
    audience,
    background,
    bookings,
    catalogue,
    content,
    files,
    members,
    requests,
    reviews,
    studies,
)
from deploy.local.source.simulate.statement import Transaction
from deploy.local.source.simulate.world import World


class Action(Protocol):
    """Builds a transaction with the name of the function; None: there is nothing to do it with."""

    __name__: str

    def __call__(self, world: World, /) -> Transaction | None: ...


SHARES: Mapping[Action, float] = {
    requests.create_request: 10,
    requests.advance_request: 40,
    requests.rush_request: 3,
    requests.bounce_request: 2,
    requests.reassign_request: 6,
    requests.edit_request: 6,
    requests.delete_request: 1.5,
    reviews.review_request: 5.6,
    reviews.accept_report: 1.5,
    reviews.hold_protocol: 0.1,
    bookings.book_room: 7,
    bookings.move_booking: 3,
    bookings.cancel_booking: 1.5,
    bookings.finish_booking: 2,
    content.create_content: 1,
    content.moderate_content: 2.5,
    content.rush_content: 0.2,
    content.take_down_content: 0.1,
    content.publish_content: 0.2,
    content.view_content: 4,
    content.like_post: 0.7,
    content.edit_content: 0.5,
    content.delete_content: 0.1,
    audience.join_event: 0.3,
    audience.leave_event: 0.1,
    audience.apply_for_vacancy: 1,
    audience.withdraw_candidate: 0.15,
    audience.write_comment: 0.5,
    audience.react_to_comment: 0.3,
    audience.hide_comment: 0.1,
    audience.notify: 0.3,
    audience.read_notification: 0.2,
    audience.log_actions: 11,
    studies.apply_for_course: 0.1,
    studies.decide_application: 0.1,
    studies.favour_course: 0.1,
    studies.unfavour_course: 0.05,
    studies.enrol_student: 0.2,
    studies.end_study: 0.1,
    studies.report_students: 0.1,
    members.join_company: 0.8,
    members.verify_member: 0.3,
    members.leave_company: 0.1,
    members.ask_to_join: 0.1,
    members.answer_member: 0.1,
    members.invite_member: 0.05,
    members.send_activation: 0.3,
    members.activate_user: 0.3,
    members.join_group: 0.1,
    members.leave_group: 0.05,
    members.tag_company: 0.3,
    members.verify_company: 0.2,
    members.complain: 0.05,
    files.upload_files: 10,
    files.delete_file: 0.3,
    files.add_page: 0.1,
    files.edit_page: 0.1,
    files.add_page_files: 1.3,
    files.send_sms: 0.2,
    catalogue.rename_service: 0.5,
    catalogue.switch_service: 0.5,
    catalogue.block_company: 1,
    catalogue.register_user: 1.5,
    background.write_session: 6,
    background.write_cache: 3.5,
    background.write_profile: 2,
    background.issue_token: 0.5,
    background.administer: 0.3,
}
"""Of all transactions, at the proportions of the real tables; more requests are filed when the backlog runs low."""

ACTIONS: Mapping[str, Action] = {action.__name__: action for action in SHARES}
WEIGHTS: Mapping[str, float] = dict(zip(ACTIONS, SHARES.values(), strict=True))


def next_transaction(world: World, weights: Mapping[str, float]) -> Transaction:
    """The next thing that happens; where there is nothing to do it with, a request is filed instead."""
    if (needed := catalogue.missing(world)) is not None:
        return needed
    [name] = world.random.choices(list(weights), list(weights.values()))
    return ACTIONS[name](world) or requests.create_request(world)
