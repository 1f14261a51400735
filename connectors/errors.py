"""What can go wrong between PostgreSQL and Kafka; each class means one action, the text says which."""


class ConnectorsError(Exception):
    """The base of all; its text is what a user reads."""


class Unreachable(ConnectorsError):
    """PostgreSQL, Kafka or Kafka Connect did not answer: bring it back, then repeat."""


class Refused(ConnectorsError):
    """Something answered and is not as it must be: mend what the text names, then repeat."""


class CaptureLost(Refused):
    """Changes were lost between slot and stored offset: the captured tables need a resync before capture goes on."""


class DeadlinePassed(Refused):
    """A condition did not come true in time; the text says what was seen last."""
