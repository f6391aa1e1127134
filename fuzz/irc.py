"""A coverage-guided fuzz of the IRC machine: ``python -m fuzz.irc CORPUS [SECONDS [FLAG ...]]``,
with ``atheris`` installed beside Nightcrier (it is not among its requirements). CORPUS is a folder
that is made and kept; flags are libFuzzer's.

An input is what a server sends. After 0xFE we say a line, answer one, and let seven seconds pass.
Half of the mutations are libFuzzer's, of bytes; the other half put together whole lines that the
seeds are made of, since what is of interest lies some lines deep (kicked, invited, kicked again).
Allowed outcomes: the machine goes on, or it sets its ending; each line said has one fate; no
line of ours holds a control that could begin another, or is longer than a server takes. Anything
else ends the run with the input.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["adapters.irc", "irc.message", "irc.features"]):
    from adapters.irc.channels import Channel, Channels
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
PAUSE = b"\xfe"
LONGEST = 4096

SIGN_ON = b":s 001 nightcrier :hi\n:s 422 nightcrier :no\n"
JOINED = SIGN_ON + b":NickServ NOTICE n :now identified\n:nightcrier!u@h JOIN #night\n" + PAUSE
ECHOING = b"CAP * LS :echo-message server-time\nCAP * ACK :echo-message \n" + JOINED
CAPS = b"batch echo-message labeled-response message-tags"
LABELLED = b"CAP * LS :" + CAPS + b"\nCAP * ACK :" + CAPS + b"\n" + JOINED
SEEDS = (
    ECHOING + b":nightcrier!u@h PRIVMSG #night :hello\n:nightcrier!u@h PRIVMSG #night :5\n" + PAUSE,
    ECHOING
    + b":s 417 n :long\n:s PONG s nightcrier-1\n:nightcrier!u@h CHGHOST u h\n:s 396 n h :\n",
    LABELLED + b"@label=t1;msgid=m :nightcrier!u@h PRIVMSG #night :hello\n@label=t2 ACK\n",
    LABELLED + b"@label=t1 BATCH +b labeled-response\n@batch=b :s FAIL PRIVMSG INVALID_UTF8 :no\n"
    b"BATCH -b\n",
    b"CAP * LS * :a b\nCAP * LS :sasl\nCAP * ACK :sasl \nAUTHENTICATE +\n900\n903\n",
    b"CAP * LS :sasl=PLAIN\nCAP * ACK :sasl\nAUTHENTICATE +\n:s 904 n :no\n",
    b":s 432 * n :no\n:s 433 * n :no\n:s 437 * n :no\n"
    b":s 001 nightcri_ :hi\n005 n NICKLEN=12 :x\n376\n",
    JOINED
    + b":s 404 n #night :no\n"
    + PAUSE
    + b":s 442 n #night :no\n:s 404 n #night :no colours\n",
    JOINED + b":s PONG s nightcrier-1\n" + PAUSE + b"FAIL PRIVMSG X #night :no\n417 n :long\n",
    JOINED
    + b":s 353 n = #night :@bob +al\n:o!u@h MODE #night +o-v+c al al\n:bob NICK :al\n:al QUIT\n",
    JOINED
    + b":o!u@h KICK #night nightcrier :out\n:s 474 n #night :no\n:o INVITE nightcrier #night\n",
    JOINED + b"BATCH +b chathistory #night\n"
    b"@batch=b;time=2026-01-02T03:04:05.000Z :a!b@c PRIVMSG #night :x\n",
    JOINED
    + b":a!b@c PRIVMSG nightcrier :\x01PING 1\x01\n:a!b@c PRIVMSG #night :\x01ACTION votes\x01\n",
    JOINED
    + b":s 005 n PREFIX=(qov)~@+ CHANMODES=b,k,l,imn BOT=B LINELEN=600 CASEMAPPING=ascii :x\n"
    b"ERROR :gone\n",
)


LINES = tuple({line for seed in SEEDS for line in seed.replace(PAUSE, b"\n" + PAUSE).split(b"\n")})


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Another input of at most so many bytes."""
    dice = random.Random(seed)
    if dice.random() < 0.5:
        return bytes(atheris.Mutate(data, most))
    lines = data.split(b"\n")
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(lines) + 1)
        if dice.random() < 0.7:
            lines.insert(at, dice.choice(LINES))
        else:
            del lines[at : at + 1]
    return b"\n".join(lines)[:most]


def once(data: bytes) -> None:
    known = Channels(("#night", "#quiet"), {"#quiet": "k"})
    machine = Machine(ME, known, burst=4, pace=0.0, digits="042", now=0.0)
    buffer, now, tickets, settled = Buffer(), 0.0, 0, []
    for piece in data.split(PAUSE):
        now += 7.0
        for text in buffer.feed(piece + b"\n"):
            machine.receive(text, now)
        channel = machine.channels.find("#night")
        if channel is not None and machine.channels.obstacle(channel, now) is None:
            tickets = speak(machine, channel, tickets)
        machine.wake(now)
        look(machine, now)
        settled += fates(machine)
    machine.lost("over")
    settled += fates(machine)
    assert sorted(settled) == list(range(1, tickets + 1)), settled


def speak(machine: Machine, channel: Channel, tickets: int) -> int:
    """Say a line and answer another; the newest ticket."""
    said = machine.say(channel, "hello")
    assert said == tickets + 1
    return said + machine.answer(channel, "5 up")


def look(machine: Machine, now: float) -> None:
    for line in machine.take_lines(now):
        assert not {"\r", "\n", "\0"} & set(line), line
    assert isinstance(machine.deadline, float)
    assert 100 <= machine.length <= LONGEST


def fates(machine: Machine) -> list[int]:
    return [fact.ticket for fact in machine.take_facts() if isinstance(fact, Settled)]


def main() -> None:
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    seconds = sys.argv[2] if len(sys.argv) > 2 else "600"
    flags = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        "-len_control=10",
        "-timeout=10",
        *sys.argv[3:],
    ]
    atheris.Setup([sys.argv[0], *flags, str(corpus)], once, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
