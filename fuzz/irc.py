"""A coverage-guided fuzz of the IRC machine: ``python -m fuzz.irc [SECONDS [CORPUS]]``, with
``atheris`` installed beside Nightcrier (it is not among its requirements).

Allowed outcomes: the machine goes on, or it sets its ending; each line said has one fate; no
line of ours holds a control that could begin another. Anything else ends the run with the input.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["adapters.irc", "irc.message", "irc.features"]):
    from adapters.irc.channels import Channels
    from adapters.irc.facts import Identity, Settled
    from adapters.irc.library import Buffer
    from adapters.irc.machine import Machine

ME = Identity(
    nick="nightcrier",
    username="crier",
    realname="A crier",
    nonce="n0nce",
    account="crier",
    account_password="pw",
    mechanisms=("EXTERNAL", "SCRAM-SHA-256", "PLAIN"),
)


def once(data: bytes) -> None:
    machine = Machine(
        ME,
        Channels(("#night", "#quiet"), {"#quiet": "k"}),
        burst=4,
        pace=0.0,
        digits="042",
        now=0.0,
    )
    buffer, said, settled, now = Buffer(), 0, [], 0.0
    for piece in data.split(b"\xfe"):
        now += 7.0
        for text in buffer.feed(piece + b"\n"):
            machine.receive(text, now)
        channel = machine.channels.find("#night")
        if channel is not None and machine.channels.obstacle(channel) is None:
            said = machine.say(channel, "hello")
        machine.wake(now)
        for line in machine.take_lines(now):
            assert not {"\r", "\n", "\0"} & set(line), line
        settled += [fact.ticket for fact in machine.take_facts() if isinstance(fact, Settled)]
        assert isinstance(machine.deadline, float)
    machine.lost("over")
    settled += [fact.ticket for fact in machine.take_facts() if isinstance(fact, Settled)]
    assert sorted(settled) == list(range(1, said + 1)), settled


def main() -> None:
    seconds = sys.argv[1] if len(sys.argv) > 1 else "600"
    flags = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", *sys.argv[2:]]
    atheris.Setup([sys.argv[0], *flags], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
