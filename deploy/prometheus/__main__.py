"""`python -m deploy.prometheus`: thresholds.yaml -> alerts.yml, the rules that Prometheus reads."""

import sys

from deploy.prometheus.rules import FILE, text
from deploy.prometheus.thresholds import ThresholdsError


def main() -> int:
    try:
        FILE.write_text(text(), encoding="utf-8")
    except ThresholdsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
