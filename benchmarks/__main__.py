"""All figures at once, on an embedded stack of its own: `python -m benchmarks`, or `make bench`."""

from ops import bench, demo

NAME = "bench"


def main() -> None:
    with demo.stoppable(), demo.stack(NAME, 0.02, keep=False):
        demo.out.print("\nSIGKILL to a worker")
        bench.restart(100_000, as_json=False, name=NAME)
        settings, _ = demo.prepared(NAME)
        with demo.running(settings, NAME):
            for rate in (20.0, 200.0):
                demo.out.print(f"\ncommit to query, {rate:.0f} commits a second")
                bench.latency(rate, 20.0, as_json=False, name=NAME)
        demo.out.print("\nCPU a change, catching up on a full topic")
        bench.engine(200_000, as_json=False, name=NAME)


if __name__ == "__main__":
    main()
