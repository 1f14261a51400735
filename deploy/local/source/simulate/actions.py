"""What happens in the application, and how often."""

from collections.abc import Callable, Mapping

from deploy.local.source.simulate import bookings, catalogue, requests
from deploy.local.source.simulate.statement import Transaction
from deploy.local.source.simulate.world import World

ACTIONS: Mapping[str, Callable[[World], Transaction | None]] = {
    "create_request": requests.create_request,
    "advance_request": requests.advance_request,
    "rush_request": requests.rush_request,
    "bounce_request": requests.bounce_request,
    "reassign_request": requests.reassign_request,
    "edit_request": requests.edit_request,
    "delete_request": requests.delete_request,
    "book_room": bookings.book_room,
    "move_booking": bookings.move_booking,
    "cancel_booking": bookings.cancel_booking,
    "finish_booking": bookings.finish_booking,
    "rename_service": catalogue.rename_service,
    "switch_service": catalogue.switch_service,
    "block_company": catalogue.block_company,
    "register_user": catalogue.register_user,
    "write_session": catalogue.write_session,
    "write_cache": catalogue.write_cache,
}

WEIGHTS: Mapping[str, float] = {
    "create_request": 10,
    "advance_request": 40,
    "rush_request": 3,
    "bounce_request": 2,
    "reassign_request": 6,
    "edit_request": 6,
    "delete_request": 1.5,
    "book_room": 7,
    "move_booking": 3,
    "cancel_booking": 1.5,
    "finish_booking": 2,
    "rename_service": 0.5,
    "switch_service": 0.5,
    "block_company": 1,
    "register_user": 1.5,
    "write_session": 6,
    "write_cache": 3.5,
}
"""Shares of all transactions; more requests are filed than here when the backlog runs low."""


def next_transaction(world: World, weights: Mapping[str, float]) -> Transaction:
    """The next thing that happens; where there is nothing to do it with, a request is filed instead."""
    if (needed := catalogue.missing(world)) is not None:
        return needed
    [name] = world.random.choices(list(weights), list(weights.values()))
    return ACTIONS[name](world) or requests.create_request(world)
