"""Runs one command against a real gateway in front of a simulated provider.

    python3 bed.py [--strict] CONFIG COMMAND [ARGUMENT...]

CONFIG is the gateway's YAML file, in which ${SIM_URL} stands for the simulator's address, and ${SIM_HOST} and
${SIM_PORT} for its parts. With --strict the simulator refuses what the real providers refuse. The command finds
the gateway in SLUICE_URL, its client key in SLUICE_KEY and the simulator in SIM_URL. Both programs come from
SLUICE_BIN, listen on loopback only, keep their files in a temporary folder, and are stopped however the command
ends; if it fails, their logs are printed.
"""

import contextlib
import os
import pathlib
import signal
import socket
import string
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

READY_WITHIN_S = 30
POLL_EVERY_S = 0.05
STOP_WITHIN_S = 15
CLIENT_KEY = "sk-sluice-test-key"


def main(config: str, command: list[str], strict: bool) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-bed-")))
        simulator = stack.enter_context(simulated(folder, strict))
        gateway = stack.enter_context(served(folder, pathlib.Path(config), simulator))
        surroundings = {"SLUICE_URL": gateway, "SLUICE_KEY": CLIENT_KEY, "SIM_URL": simulator}
        status = subprocess.run(command, env=own_environment() | surroundings, check=False).returncode
        if status != 0:
            show_logs(folder)
        return status


def simulated(folder: pathlib.Path, strict: bool):
    """The simulated provider."""
    port = free_port()
    options = ["--port", str(port), *(["--strict"] if strict else [])]
    return running(folder, "sim", options, f"http://127.0.0.1:{port}", "/__sim/requests")


def served(folder: pathlib.Path, template: pathlib.Path, simulator: str):
    """The gateway, with its channels pointing at the simulated provider."""
    config = folder / template.name
    host, _, port = simulator.removeprefix("http://").partition(":")
    places = {"SIM_URL": simulator, "SIM_HOST": host, "SIM_PORT": port}
    config.write_text(string.Template(template.read_text()).safe_substitute(places))
    address = f"127.0.0.1:{free_port()}"
    options = ["--config", str(config), "--listen", address]
    return running(folder, "serve", options, f"http://{address}", "/health")


@contextlib.contextmanager
def running(folder: pathlib.Path, subcommand: str, options: list[str], url: str, probe: str):
    """One `sluice` process, from the moment it answers until the block ends."""
    program = os.environ.get("SLUICE_BIN", "target/debug/sluice")
    environment = own_environment() | {"SLUICE_HOME": str(folder / "home"), "SLUICE_KEY": CLIENT_KEY}
    with open(folder / f"{subcommand}.log", "wb") as log:
        process = subprocess.Popen([program, subcommand, *options], env=environment, stdout=log, stderr=log)
        try:
            if not answers(process, url + probe):
                show_logs(folder)
                sys.exit(f"sluice {subcommand} did not answer at {url}{probe}")
            yield url
        finally:
            stop(process)


def own_environment() -> dict[str, str]:
    """The environment without what would lead a client away from loopback, or a test to a real account."""
    vendors = ("OPENAI_", "ANTHROPIC_", "CLAUDE_", "GEMINI_", "GOOGLE_", "CODEX_", "SLUICE_")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(vendors) and not name.lower().endswith("_proxy") and name != "PORT"
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(process: subprocess.Popen, url: str) -> bool:
    """Polls until the address answers with any status, the process ends, or the time is over."""
    deadline = time.monotonic() + READY_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=READY_WITHIN_S):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(POLL_EVERY_S)
    return False


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def show_logs(folder: pathlib.Path) -> None:
    for log in sorted(folder.glob("*.log")):
        print(f"---- {log.name}", log.read_text(errors="replace"), sep="\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    strict = arguments[:1] == ["--strict"]
    config, *command = arguments[strict:] or [""]
    if not command:
        sys.exit(__doc__)
    sys.exit(main(config, command, strict))
