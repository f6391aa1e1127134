"""Conversations with IRC servers, word for word: sign-on, joining, receipts, manners."""

from __future__ import annotations

import pytest
from irc_transcript import ECHOING, PLAIN, SIGN_ON, WELCOME, Play, machine

from adapters.irc.facts import Identity, Note, Patience
from adapters.irc.machine import Machine
from adapters.irc.outgoing import Outgoing, Rank
from bot.domain import Accepted, Deferred, Doubtful, Proof, Receipt, Refused

ME = Identity(nick="nightcrier", username="crier", realname="A crier", nonce="n0nce")


def play(script: str, *channels: str, **changes) -> Play:
    return Play(machine(*channels, **changes)).run(script)


# --- sign-on ------------------------------------------------------------------------------


def test_plain_old_server():
    """A server without capabilities answers CAP with 421, and 001 still means welcome."""
    played = play(
        """
        C: CAP LS 302
        C: PASS :letmein
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: :irc.test 421 * CAP :Unknown command
        S: :irc.test 001 nightcrier :Welcome
        S: :irc.test 422 nightcrier :MOTD File is missing
        C: JOIN #night
        """,
        password="letmein",
    )
    assert played.machine.welcomed


def test_only_wanted_capabilities_are_requested():
    """Of what is offered only what is understood is asked for, sasl only with an account."""
    play("""
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :away-notify echo-message sasl=PLAIN server-time=x draft/multiline
        C: CAP REQ :echo-message server-time
        S: CAP * ACK :echo-message server-time
        C: CAP END
        """)


def test_two_line_ls_is_put_together():
    """Ergo lists its capabilities in two lines; nothing is asked for before the second."""
    play("""
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: :ergo.test CAP * LS * :account-tag batch
        S: :ergo.test CAP * LS :labeled-response sts=duration=1
        C: CAP REQ :account-tag batch labeled-response
        S: :ergo.test CAP * ACK :account-tag batch labeled-response
        C: CAP END
        """)


def test_refused_request_is_split():
    """A NAK of several capabilities asks for each alone, and goes on with those granted."""
    played = play("""
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :batch echo-message
        C: CAP REQ :batch echo-message
        S: CAP * NAK :batch echo-message
        C: CAP REQ :batch
        C: CAP REQ :echo-message
        S: CAP * NAK :batch
        S: CAP * ACK :echo-message
        C: CAP END
        """)
    assert played.machine._signon.caps == {"echo-message"}


def test_ack_with_trailing_blank():
    """A trailing blank in CAP ACK does not leave the sign-on hanging."""
    play(SASL.replace("ACK :sasl", "ACK :sasl "), **ACCOUNT)


ACCOUNT = {"account": "crier", "account_password": "pw", "mechanisms": ("PLAIN",)}
SASL = """
    C: CAP LS 302
    C: NICK nightcrier
    C: USER crier 0 * :A crier
    S: CAP * LS :sasl=PLAIN
    C: CAP REQ :sasl
    S: CAP * ACK :sasl
    C: AUTHENTICATE PLAIN
    S: AUTHENTICATE +
    C: AUTHENTICATE AGNyaWVyAHB3
    S: :irc.test 900 nightcrier nightcrier!crier@host crier :You are now logged in as crier
    S: :irc.test 903 nightcrier :SASL authentication successful
    C: CAP END
    S: :irc.test 001 nightcrier :Welcome
    S: :irc.test 422 nightcrier :MOTD File is missing
    C: JOIN #night
    """


def test_sasl_before_join():
    """SASL PLAIN is done before the welcome, and NickServ is left alone."""
    play(SASL, **ACCOUNT)


def test_sasl_without_list_tries_in_order():
    """Where the server names no mechanisms, 908 tells which ones are left to try."""
    play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :sasl
        C: CAP REQ :sasl
        S: CAP * ACK :sasl
        C: AUTHENTICATE EXTERNAL
        S: :irc.test 908 * PLAIN :are available SASL mechanisms
        S: :irc.test 904 * :SASL authentication failed
        C: AUTHENTICATE PLAIN
        """,
        **{**ACCOUNT, "mechanisms": ("EXTERNAL", "SCRAM-SHA-256", "PLAIN")},
    )


def test_wrong_account_password_is_fatal():
    """904 with nothing left to try ends the adapter, names the key and no secret."""
    played = play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :sasl=PLAIN
        C: CAP REQ :sasl
        S: CAP * ACK :sasl
        C: AUTHENTICATE PLAIN
        S: AUTHENTICATE +
        C: AUTHENTICATE AGNyaWVyAHB3
        S: :irc.test 904 nightcrier :SASL authentication failed
        """,
        **ACCOUNT,
    )
    ending = played.machine.ending
    assert ending is not None
    assert ending.patience is Patience.FATAL
    assert "account_password" in ending.reason
    assert "AGNyaWVyAHB3" not in ending.reason


def test_external_names_the_certificate():
    """A refused certificate is fatal and names the key that sets it."""
    played = play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :sasl=EXTERNAL
        C: CAP REQ :sasl
        S: CAP * ACK :sasl
        C: AUTHENTICATE EXTERNAL
        S: AUTHENTICATE +
        C: AUTHENTICATE +
        S: :irc.test 904 nightcrier :SASL authentication failed
        """,
        mechanisms=("EXTERNAL",),
    )
    assert "cert_file" in played.machine.ending.reason


def test_refusal_without_services_is_not_theirs():
    """A server that refuses before services said anything refuses for want of services: we go
    on without an account, since the password may be right."""
    played = play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :sasl=PLAIN
        C: CAP REQ :sasl
        S: CAP * ACK :sasl
        C: AUTHENTICATE PLAIN
        S: :irc.test 904 nightcrier :SASL authentication failed
        C: CAP END
        """,
        **ACCOUNT,
    )
    assert played.machine.ending is None


def test_silent_services_are_not_waited_for():
    """Without an answer to SASL for 15 s we go on without, and ask NickServ."""
    play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :sasl=PLAIN
        C: CAP REQ :sasl
        S: CAP * ACK :sasl
        C: AUTHENTICATE PLAIN
        +15
        C: AUTHENTICATE *
        C: CAP END
        S: :irc.test 906 nightcrier :SASL authentication aborted
        S: :irc.test 001 nightcrier :Welcome
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 422 nightcrier :MOTD File is missing
        """,
        **ACCOUNT,
    )


def test_services_that_come_back():
    """sasl in CAP NEW signs us in while we are connected."""
    play(
        WELCOME
        + """
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 422 nightcrier :MOTD File is missing
        S: :irc.test 401 nightcrier NickServ :No such nick
        C: JOIN #night
        S: CAP nightcrier NEW :sasl=PLAIN
        C: CAP REQ :sasl
        S: CAP nightcrier ACK :sasl
        C: AUTHENTICATE PLAIN
        S: AUTHENTICATE +
        C: AUTHENTICATE AGNyaWVyAHB3
        S: :irc.test 900 nightcrier nightcrier!crier@host crier :You are now logged in
        S: :irc.test 903 nightcrier :SASL authentication successful
        """,
        **ACCOUNT,
    )


def test_broken_challenge_is_a_long_wait():
    """A SASL challenge that makes no sense is not answered, and not hammered."""
    played = play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :sasl=SCRAM-SHA-256
        C: CAP REQ :sasl
        S: CAP * ACK :sasl
        C: AUTHENTICATE SCRAM-SHA-256
        S: AUTHENTICATE +
        C: AUTHENTICATE biwsbj1jcmllcixyPW4wbmNl
        S: AUTHENTICATE §§§
        C: AUTHENTICATE *
        """,
        **{**ACCOUNT, "mechanisms": ("SCRAM-SHA-256",)},
    )
    assert played.machine.ending.patience is Patience.LONG


def test_news_in_the_middle_of_sasl():
    """A capability that is announced while we sign in does not end the sign-on early."""
    play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: CAP * LS :sasl=PLAIN
        C: CAP REQ :sasl
        S: CAP * ACK :sasl
        C: AUTHENTICATE PLAIN
        S: CAP * NEW :away-notify
        S: AUTHENTICATE +
        C: AUTHENTICATE AGNyaWVyAHB3
        S: :irc.test 907 nightcrier :You have already authenticated
        C: CAP END
        S: :irc.test 001 nightcrier :Welcome
        S: :irc.test 422 nightcrier :MOTD File is missing
        C: JOIN #night
        """,
        **ACCOUNT,
    )


def test_capabilities_can_be_withdrawn():
    """CAP DEL of echo-message turns the receipts to the barrier."""
    played = play(
        ECHOING
        + """
        S: CAP nightcrier DEL :echo-message
        say #night hello
        C: PRIVMSG #night :hello
        C: PING :nightcrier-1
        S: :irc.test PONG irc.test nightcrier-1
        """
    )
    assert isinstance(played.outcomes[1], Accepted)


def test_sign_on_has_an_end():
    """A server that lets us wait at the door for a minute is left."""
    played = play("""
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        +60
        """)
    assert played.machine.ending.patience is Patience.SHORT


@pytest.mark.parametrize(
    ("line", "patience"),
    [
        ("ERROR :Closing Link: (K-Lined)", Patience.LONG),
        ("ERROR :Closing link: [Trying to reconnect too fast.]", Patience.LONG),
        ("ERROR :Your host is banned", Patience.LONG),
        ("ERROR :Closing Link: 1.2.3.4 (AKILL: open proxy)", Patience.LONG),
        ("ERROR :Closing link: (u@h) [No more local connections are allowed]", Patience.LONG),
        ("ERROR :Closing Link: h (Unauthorised connection)", Patience.LONG),
        ("ERROR :Closing link: [Killed (NickServ (GHOST command used by x))]", Patience.LONG),
        (":irc.test 465 nightcrier :You are banned from this server", Patience.LONG),
        (":irc.test 464 nightcrier :Password incorrect", Patience.FATAL),
        ("ERROR :Access denied: Bad password?", Patience.FATAL),
        ("HTTP/1.1 400 Bad Request", Patience.LONG),
        ("SSH-2.0-OpenSSH_9.2", Patience.LONG),
        ("ERROR :Server going down", Patience.SHORT),
        ("ERROR", Patience.SHORT),
    ],
)
def test_doors_that_close(line, patience):
    """What a server says when it shows us the door decides how long we wait."""
    played = Play(machine())
    played.machine.receive(line, 0.0)
    assert played.machine.ending.patience is patience


# --- nick ---------------------------------------------------------------------------------


def test_long_nick_is_cut():
    """432 for ten characters is answered by nine, as on a default ngircd."""
    play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: :irc.test 432 * nightcrier :Nickname too long
        C: NICK nightcrie
        S: :irc.test 001 nightcrie :Welcome
        S: :irc.test 422 nightcrie :MOTD File is missing
        C: JOIN #night
        +30
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        """
    )


def test_cut_nick_gets_back_what_fits():
    """Once NICKLEN is told, a nick that was cut to nine is as long as the server takes it; one that
    it still calls erroneous is not asked for again."""
    played = play(
        """
        C: CAP LS 302
        C: NICK nightcrier-of-jo
        C: USER crier 0 * :A crier
        S: :irc.test 432 * nightcrier-of-jo :Erroneous Nickname
        C: NICK nightcrie
        S: :irc.test 001 nightcrie :Welcome
        S: :irc.test 005 nightcrie NICKLEN=12 :are supported by this server
        S: :irc.test 422 nightcrie :MOTD File is missing
        C: JOIN #night
        C: NICK nightcrier-o
        """,
        nick="nightcrier-of-jo",
    )
    played.run("S: :nightcrie!c@h NICK nightcrier-o")
    assert played.machine.nick == "nightcrier-o"
    played.run("S: :irc.test 005 nightcrier-o NICKLEN=30 :are supported by this server")


def test_cut_nick_that_stays_erroneous():
    """A nick that is erroneous whatever its length is asked for once more, and then given up."""
    play(
        """
        C: CAP LS 302
        C: NICK night-crier
        C: USER crier 0 * :A crier
        S: :irc.test 432 * night-crier :Erroneous Nickname
        C: NICK night-cri
        S: :irc.test 001 night-cri :Welcome
        S: :irc.test 005 night-cri NICKLEN=30 :are supported by this server
        S: :irc.test 422 night-cri :MOTD File is missing
        C: JOIN #night
        C: NICK night-crier
        S: :irc.test 432 night-cri night-crier :Erroneous Nickname
        S: :night-cri!c@h JOIN #night
        C: MODE #night
        +29
        +1
        C: PING :nightcrier-1
        S: :irc.test PONG irc.test nightcrier-1
        +29
        """,
        nick="night-crier",
    )


def test_hopeless_nick_is_a_long_wait():
    """A short nick that the server calls erroneous cannot be mended by us."""
    played = play(
        """
        C: CAP LS 302
        C: NICK crier
        C: USER crier 0 * :A crier
        S: :irc.test 432 * crier :Erroneous nickname
        """,
        nick="crier",
    )
    assert played.machine.ending.patience is Patience.LONG
    assert "key: nick" in played.machine.ending.reason


TAKEN = """
    C: CAP LS 302
    C: NICK crier
    C: USER crier 0 * :A crier
    S: :irc.test 433 * crier :Nickname is already in use
    C: NICK crier_
    """


def test_taken_nicks_have_alternates():
    """433 leads from one alternate to the next, the last one with digits, then to a wait."""
    played = play(
        TAKEN
        + """
        S: :irc.test 437 * crier_ :Nick is temporarily unavailable
        C: NICK crier__
        S: :irc.test 433 * crier__ :Nickname is already in use
        C: NICK crier042
        S: :irc.test 433 * crier042 :Nickname is already in use
        """,
        nick="crier",
    )
    assert played.machine.ending.patience is Patience.LONG


def test_long_taken_nick_keeps_its_length():
    """An alternate is never longer than a nick of ten characters."""
    play("""
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: :irc.test 433 * nightcrier :Nickname is already in use
        C: NICK nightcrie_
        """)


def test_nick_is_regained_when_it_is_free():
    """With the wanted nick taken we ask for it at once, and as soon as its holder leaves or
    changes."""
    play(
        TAKEN
        + """
        S: :irc.test 001 crier_ :Welcome
        S: :irc.test 422 crier_ :MOTD File is missing
        C: JOIN #night
        C: NICK crier
        S: :irc.test 433 crier_ crier :Nickname is already in use
        S: :crier_!c@host JOIN #night
        C: MODE #night
        S: :crier!c@elsewhere QUIT
        C: NICK crier
        S: :crier_!c@host NICK crier
        S: :other!c@elsewhere NICK new
        """,
        nick="crier",
    )


def test_nick_that_nobody_is_seen_to_leave():
    """The host reads that our nick is taken. While its holder is in none of our channels it is
    tried after 30 s, then 60 s later."""
    played = play(
        TAKEN
        + """
        S: :irc.test 001 crier_ :Welcome
        S: :irc.test 422 crier_ :MOTD File is missing
        C: JOIN #night
        C: NICK crier
        S: :irc.test 433 crier_ crier :Nickname is already in use
        S: :crier_!c@host JOIN #night
        C: MODE #night
        +20
        S: PING :x
        C: PONG :x
        +10
        C: NICK crier
        S: :irc.test 433 crier_ crier :Nickname is already in use
        +29
        S: PING :x
        C: PONG :x
        +29
        S: PING :x
        C: PONG :x
        +2
        C: NICK crier
        S: :crier_!c@host NICK crier
        """,
        nick="crier",
    )
    (note,) = [fact.text for fact in played.facts if isinstance(fact, Note)]
    assert note == "the nick crier is taken; we are crier_ until it is free"


def test_lines_wait_as_long_as_we_are_out():
    """What cannot be said after a kick is tried again when we may be back, and each half minute,
    since an invitation may come before; thrown out for good it is up to the lane."""
    played = play(PLAIN + "S: :op!o@h KICK #night nightcrier :out")
    channels = played.machine.channels
    channel = channels.find("#night")
    waits = [channels.obstacle(channel, now).retry_after for now in (0.0, 29.0, 45.0, 61.0)]
    assert waits == [30.0, 30.0, 17.0, 2.0]
    assert channels.joins(61.0) == ["JOIN #night"]
    assert channels.obstacle(channel, 61.0).retry_after == 2.0
    played.machine.receive(":op!o@h KICK #night nightcrier :out", 62.0)
    assert channels.obstacle(channel, 62.0).retry_after is None


def test_ghost_is_driven_out():
    """Identified, we have NickServ free our nick before we take it."""
    play(
        """
        C: CAP LS 302
        C: NICK crier
        C: USER crier 0 * :A crier
        S: :irc.test 433 * crier :Nickname is already in use
        C: NICK crier_
        S: :irc.test 001 crier_ :Welcome
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 422 crier_ :MOTD File is missing
        S: :crier_ MODE crier_ :+r
        C: JOIN #night
        C: PRIVMSG NickServ :GHOST crier
        +3
        +1
        C: NICK crier
        """,
        nick="crier",
        **ACCOUNT,
    )


def test_guest_leaves_our_nick_alone():
    """A check or a test beside the running bot drives nobody out, and takes no nick."""
    play(
        TAKEN
        + """
        S: :irc.test 001 crier_ :Welcome
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 900 crier_ crier_!c@h crier :You are now logged in as crier
        S: :irc.test 422 crier_ :MOTD File is missing
        C: JOIN #night
        S: :crier_!c@host JOIN #night
        C: MODE #night
        S: :crier!c@elsewhere QUIT
        S: :crier_!c@host NICK Guest1
        +29
        """,
        nick="crier",
        guest=True,
        **ACCOUNT,
    )


def test_server_chosen_nick_is_accepted():
    """Ergo gives us the account's name as nick: 001 has the last word, nobody argues."""
    played = play("""
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: :ergo.test 001 crier :Welcome
        S: :ergo.test 422 crier :MOTD File is missing
        C: JOIN #night
        S: :crier!~u@1234567890123.irc JOIN #night
        C: MODE #night
        +29
        """)
    assert played.machine.channels.find("#night").stand.value == "in"


def test_renamed_by_services():
    """Services that rename us do not end our being in the channel; later we ask for our nick."""
    play(
        PLAIN
        + """
        S: :nightcrier!~crier@host.test NICK Guest123
        S: :bob!b@h PRIVMSG Guest123 :\x01PING 7\x01
        C: NOTICE bob :\x01PING 7\x01
        """
    )


# --- services -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        ":irc.test 900 nightcrier nightcrier!c@h crier :You are now logged in as crier",
        ":NickServ!NickServ@services.test NOTICE nightcrier :You are now identified for crier.",
        ":nightcrier MODE nightcrier +r",
    ],
)
def test_nickserv_before_join(line):
    """Without SASL we identify to NickServ and join when that is confirmed, in any form."""
    play(
        WELCOME
        + f"""
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 422 nightcrier :MOTD File is missing
        S: :NickServ!NickServ@services.test NOTICE nightcrier :This nickname is registered.
        S: {line}
        C: JOIN #night
        """,
        **ACCOUNT,
    )


def test_nickserv_refusal_is_fatal():
    """A password that NickServ calls wrong ends the adapter."""
    played = play(
        WELCOME
        + """
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 422 nightcrier :MOTD File is missing
        S: :NickServ!n@services.test NOTICE nightcrier :Invalid password for crier.
        """,
        **ACCOUNT,
    )
    assert played.machine.ending.patience is Patience.FATAL


def test_missing_services_are_asked_again_later():
    """Without NickServ we join anyway and identify a quarter of an hour later."""
    played = Play(machine(**ACCOUNT)).run(
        WELCOME
        + """
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 422 nightcrier :MOTD File is missing
        +10
        C: JOIN #night
        S: :nightcrier!~crier@host.test JOIN :#night
        C: MODE #night
        """
    )
    services = played.machine._services
    assert services.wake(10 + 899) == []
    assert services.wake(10 + 900) == ["PRIVMSG NickServ :IDENTIFY crier pw"]


def test_logged_out_is_noticed():
    """901 says that we are nobody again."""
    played = play(SASL + "S: :irc.test 901 nightcrier n!u@h :You are now logged out", **ACCOUNT)
    assert not played.machine._services.identified


# --- channels -----------------------------------------------------------------------------


def test_channels_are_joined_together():
    """Four channels go into one JOIN, those with a key first."""
    play(
        SIGN_ON
        + """
        C: JOIN #b,#a,#c,#d sesame
        C: JOIN #e
        """,
        "#a",
        "#b",
        "#c",
        "#d",
        "#e",
        keys={"#B": "sesame"},
    )


def test_server_without_a_motd():
    """A server that never ends its introduction is joined after three seconds."""
    play(
        WELCOME
        + """
        +2
        +1
        C: JOIN #night
        """
    )


def test_joins_are_short_lines():
    """Channels with long names and keys do not go into one line that a server would refuse."""
    names = [f"#{letter * 150}" for letter in "abc"]
    play(
        SIGN_ON
        + f"""
        C: JOIN {names[0]},{names[1]}
        C: JOIN {names[2]}
        """,
        *names,
    )


@pytest.mark.parametrize(
    ("numeric", "word"),
    [("471", "full"), ("473", "invite"), ("474", "banned"), ("475", "key"), ("405", "too many")],
)
def test_refused_join_is_retried_with_patience(numeric, word):
    """A refused JOIN is told once, asked again after 30 s, then more and more seldom."""
    played = play(
        SIGN_ON
        + f"""
        C: JOIN #night
        S: :irc.test {numeric} nightcrier #night :Cannot join channel
        +30
        C: JOIN #night
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        S: :irc.test {numeric} nightcrier #night :Cannot join channel
        +30
        C: PING :nightcrier-2
        S: PONG irc.test nightcrier-2
        +30
        C: JOIN #night
        C: PING :nightcrier-3
        """
    )
    notes = [fact.text for fact in played.facts if isinstance(fact, Note)]
    assert len(notes) == 1
    assert word in notes[0]
    channel = played.machine.channels.find("#night")
    assert isinstance(played.machine.channels.obstacle(channel, played.now), Deferred)


@pytest.mark.parametrize(
    ("numeric", "words"),
    [
        ("448", "#night :Cannot join channel: it is forbidden"),
        ("485", "#night :Cannot join channel (+b)"),
        ("500", "#night :Too many join requests. Please wait a while and try again"),
        ("519", "#night :Cannot join channel (+A)"),
        ("520", "#night :Cannot join channel (+O)"),
        ("926", "#night :Channel #night is forbidden"),
    ],
)
def test_a_rarer_refusal_is_told(numeric, words):
    """What single servers refuse a JOIN with is told, with the server's own reason."""
    played = play(SIGN_ON + f"C: JOIN #night\nS: :irc.test {numeric} nightcrier {words}")
    (note,) = [fact.text for fact in played.facts if isinstance(fact, Note)]
    assert words.rpartition(":")[2].strip() in note


@pytest.mark.parametrize(
    "words",
    [
        "#night ##elsewhere :Forwarding to another channel",  # Solanum
        "[Link] Cannot join channel #night (is full) -- going to #elsewhere",  # UnrealIRCd
    ],
)
def test_a_channel_that_sends_us_on_is_told_once(words):
    """Whoever is forwarded is not in the channel; a second JOIN, answered by "already there", is
    as seldom as after other refusals, and tells nothing new."""
    played = play(
        SIGN_ON
        + f"""
        C: JOIN #night
        S: :irc.test 470 nightcrier {words}
        S: :nightcrier!~crier@host.test JOIN ##elsewhere
        +30
        C: JOIN #night
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        S: :irc.test 443 nightcrier nightcrier #night :is already on channel
        +30
        C: PING :nightcrier-2
        S: PONG irc.test nightcrier-2
        +30
        C: JOIN #night
        C: PING :nightcrier-3
        """
    )
    (note,) = [fact.text for fact in played.facts if isinstance(fact, Note)]
    assert "another channel" in note


@pytest.mark.parametrize("numeric", ["403", "476", "479"])
def test_impossible_channel_is_given_up(numeric):
    """A name that the server calls no channel is Refused, and not asked for again."""
    played = play(
        SIGN_ON
        + f"""
        C: JOIN #night
        S: :irc.test {numeric} nightcrier #night :No such channel
        +29
        """
    )
    channel = played.machine.channels.find("#night")
    assert isinstance(played.machine.channels.obstacle(channel, played.now), Refused)
    assert played.machine.channels.all_in()


def test_too_long_channel_is_not_asked_for():
    """A name longer than CHANNELLEN is refused by us, with the number: we join only when the
    server has said what it takes."""
    played = play(
        WELCOME
        + """
        S: :irc.test 005 nightcrier CHANNELLEN=5 :are supported by this server
        S: :irc.test 422 nightcrier :MOTD File is missing
        """
    )
    obstacle = played.machine.channels.obstacle(played.machine.channels.find("#night"), played.now)
    assert isinstance(obstacle, Refused)
    assert "5 characters" in obstacle.reason


def test_registered_only_channel_waits_for_the_account():
    """A JOIN refused by 477 is repeated at once when we are identified."""
    play(
        SIGN_ON
        + """
        C: JOIN #night
        S: :irc.test 477 nightcrier #night :Cannot join channel (+R)
        S: :irc.test 900 nightcrier nightcrier!c@h crier :You are now logged in as crier
        C: JOIN #night
        """
    )


def test_refusal_for_want_of_an_account_asks_services_again():
    """Services may be back when a JOIN is refused by 477 once more: we identify, then join."""
    play(
        WELCOME
        + """
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 422 nightcrier :MOTD File is missing
        S: :irc.test 401 nightcrier NickServ :No such nick
        C: JOIN #night
        S: :irc.test 477 nightcrier #night :Cannot join channel (+R)
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 477 nightcrier #other :is not asked about twice
        S: :irc.test 401 nightcrier NickServ :No such nick
        +29
        +1
        C: JOIN #night
        C: PING :nightcrier-1
        S: :irc.test PONG irc.test nightcrier-1
        S: :irc.test 477 nightcrier #night :Cannot join channel (+R)
        C: PRIVMSG NickServ :IDENTIFY crier pw
        S: :irc.test 900 nightcrier nightcrier!c@h crier :You are now logged in as crier
        C: JOIN #night
        """,
        **ACCOUNT,
    )


def test_invitation_opens_the_door():
    """INVITE to a configured channel is followed at once, to another one never."""
    play(
        SIGN_ON
        + """
        C: JOIN #night
        S: :irc.test 473 nightcrier #night :Cannot join channel (+i)
        S: :op!o@h INVITE nightcrier #elsewhere
        S: :op!o@h INVITE nightcrier :#night
        C: JOIN #night
        S: :nightcrier!~crier@host.test JOIN #night
        C: MODE #night
        S: :op!o@h INVITE nightcrier :#night
        """
    )


def test_invitations_do_not_pile_up():
    """A flood of invitations makes one JOIN, until that is answered."""
    play(
        SIGN_ON
        + """
        C: JOIN #night
        S: :irc.test 473 nightcrier #night :Cannot join channel (+i)
        S: :op!o@h INVITE nightcrier #night
        C: JOIN #night
        S: :op!o@h INVITE nightcrier #night
        S: :op!o@h INVITE nightcrier #night
        S: :irc.test 473 nightcrier #night :Cannot join channel (+i)
        S: :op!o@h INVITE nightcrier #night
        C: JOIN #night
        """
    )


def test_kicked_once_comes_back():
    """After a kick we wait a minute and come back."""
    played = play(
        PLAIN
        + """
        S: :op!o@h KICK #night nightcrier :out
        +30
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        +30
        C: JOIN #night
        C: PING :nightcrier-2
        """
    )
    assert [fact.text for fact in played.facts if isinstance(fact, Note)] == [
        "#night: op kicked us: out; we come back in a minute"
    ]


def test_kicked_twice_stays_out():
    """After a second kick within an hour only an invitation brings us back."""
    played = play(
        PLAIN
        + """
        S: :op!o@h KICK #night nightcrier :out
        +30
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        +30
        C: JOIN #night
        C: PING :nightcrier-2
        S: PONG irc.test nightcrier-2
        S: :nightcrier!~crier@host.test JOIN #night
        C: MODE #night
        S: :op!o@h KICK #night nightcrier
        +30
        C: PING :nightcrier-3
        S: PONG irc.test nightcrier-3
        +30
        C: PING :nightcrier-4
        S: PONG irc.test nightcrier-4
        +20
        S: :op!o@h INVITE nightcrier #night
        C: JOIN #night
        """
    )
    assert "stay out until invited" in played.facts[-1].text


def test_kicks_are_remembered_across_connections():
    """Whoever has thrown us out twice does not see us again because the connection broke, and the
    minute of patience after a first kick does not end with it either."""
    played = play(PLAIN + "S: :op!o@h KICK #night nightcrier :out")
    channels = played.machine.channels
    again = Play(Machine(ME, channels, burst=4, pace=0.0, digits="042", now=10.0), 10.0)
    again.run(
        SIGN_ON
        + """
        +30
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        +20
        C: JOIN #night
        S: :nightcrier!~crier@host.test JOIN #night
        C: MODE #night
        S: :op!o@h KICK #night nightcrier :and stay out
        """
    )
    assert "stay out until invited" in again.facts[-1].text
    third = Play(Machine(ME, channels, burst=4, pace=0.0, digits="042", now=100.0), 100.0)
    third.run(SIGN_ON + "S: :op!o@h INVITE nightcrier #night\nC: JOIN #night")


def test_removed_is_like_kicked():
    """A PART that services forced on us counts as a kick; other people's do not."""
    played = play(
        PLAIN
        + """
        S: :bob!b@h PART #night
        S: :bob!b@h KICK #night carol
        S: :nightcrier!~crier@host.test PART #night :by order
        S: :nightcrier!~crier@host.test PART #elsewhere
        """
    )
    assert len(played.facts) == 1


def test_joined_elsewhere_is_nothing_of_ours():
    """A JOIN that services forced on us is not spoken in."""
    play(PLAIN + "S: :nightcrier!~crier@host.test JOIN #elsewhere")


def test_unanswered_join_is_repeated():
    """A JOIN without any answer is asked again after a minute."""
    play(
        SIGN_ON
        + """
        C: JOIN #night
        +30
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        +30
        C: JOIN #night
        C: PING :nightcrier-2
        """
    )


@pytest.mark.parametrize(
    ("modes", "plain"),
    [("+ntc", True), ("+nt", False), ("+S", True), ("+cS-c", False), ("c", True)],
)
def test_channels_without_formatting(modes, plain):
    """+c and +S ask for plain text, their removal lifts that."""
    played = play(PLAIN + f"S: :op!o@h MODE #night {modes}\nS: :op!o@h MODE #x +c")
    assert played.machine.channels.find("#night").plain is plain


def test_casemapping_decides_what_is_the_same():
    """With CASEMAPPING=ascii [ and { differ, with rfc1459 they do not."""
    ascii_only = "S: :irc.test 005 nightcrier CASEMAPPING=ascii :are supported"
    assert play(SIGN_ON + "C: JOIN #a[", "#a[").machine.channels.find("#A{") is not None
    played = play(SIGN_ON + "C: JOIN #a[\n" + ascii_only, "#a[")
    assert played.machine.channels.find("#a{") is None
    assert played.machine.channels.find("#A[") is not None


# --- receipts -----------------------------------------------------------------------------

IN_BOTH = (
    SIGN_ON
    + """
    C: JOIN #night,#quiet
    S: :nightcrier!~crier@host.test JOIN #night
    C: MODE #night
    S: :nightcrier!~crier@host.test JOIN #quiet
    C: MODE #quiet
    """
)


def test_barrier_confirms_all_lines_before_it():
    """One PING stands behind each batch of lines; those said meanwhile wait for the next."""
    played = play(
        IN_BOTH
        + """
        say #night one
        C: PRIVMSG #night :one
        C: PING :nightcrier-1
        say #quiet two
        C: PRIVMSG #quiet :two
        say #night three
        C: PRIVMSG #night :three
        S: :irc.test PONG irc.test :nightcrier-1
        C: PING :nightcrier-2
        """,
        "#night",
        "#quiet",
    )
    confirmed = Accepted(Receipt(Proof.CONFIRMED))
    assert played.outcomes == {1: confirmed}
    played.run("S: :irc.test PONG irc.test nightcrier-2")
    assert played.outcomes == {1: confirmed, 2: confirmed, 3: confirmed}


def test_one_ping_behind_lines_that_are_about_to_go():
    """While lines of other channels wait for their turn the PING waits too, but no longer than
    five seconds: on a slow connection it stands behind several lines and not behind each."""
    played = play(PLAIN, burst=3, pace=2.0)
    played.run(
        """
        say #night 1
        C: PRIVMSG #night :1
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        say #night 2
        say #night 3
        say #night 4
        say #night 5
        +4
        C: PRIVMSG #night :2
        +2
        C: PRIVMSG #night :3
        +2
        C: PRIVMSG #night :4
        +1
        C: PING :nightcrier-2
        S: PONG irc.test nightcrier-2
        """
    )
    assert list(played.outcomes) == [1, 2, 3, 4]


def test_pong_without_token():
    """A server that returns only its name has answered: no more than one PING is out."""
    played = play(
        PLAIN
        + """
        say #night one
        C: PRIVMSG #night :one
        C: PING :nightcrier-1
        S: :irc.test PONG :irc.test
        """
    )
    assert isinstance(played.outcomes[1], Accepted)


def test_pong_with_a_foreign_token():
    """A PONG for somebody else's token counts only if nothing better comes for 5 s."""
    played = play(
        PLAIN
        + """
        S: :irc.test PONG irc.test stray
        say #night one
        C: PRIVMSG #night :one
        C: PING :nightcrier-1
        S: :irc.test PONG irc.test :other
        +4
        """
    )
    assert played.outcomes == {}
    played.run("+1")
    assert isinstance(played.outcomes[1], Accepted)


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (":irc.test 404 nightcrier #night :Cannot send to channel", Deferred),
        (":irc.test 477 nightcrier #night :You need to be identified", Deferred),
        (":irc.test 482 nightcrier #night :You're not a channel operator", Deferred),
        (":irc.test 401 nightcrier #night :No such nick/channel", Deferred),
        (":irc.test 417 nightcrier :Input line was too long", Refused),
        (":irc.test FAIL PRIVMSG INVALID_UTF8 :Message rejected", Refused),
        (":irc.test FAIL PRIVMSG ACCOUNT_REQUIRED #night :Sign in first", Deferred),
    ],
)
def test_refusals_belong_to_their_line(line, outcome):
    """A refusal before the PONG is the fate of the line that it speaks of."""
    played = play(
        PLAIN
        + f"""
        say #night one
        C: PRIVMSG #night :one
        C: PING :nightcrier-1
        S: {line}
        """.replace("say", "say")
        + ("C: JOIN #night" if " 401 " in line else "")
    )
    assert isinstance(played.outcomes[1], outcome)
    played.run("S: :irc.test PONG irc.test nightcrier-1")
    assert list(played.outcomes) == [1]


def test_other_replies_refuse_nothing():
    """Numerics and failures about something else leave a line alone."""
    played = play(
        PLAIN
        + """
        say #night one
        C: PRIVMSG #night :one
        C: PING :nightcrier-1
        S: :irc.test 332 nightcrier #night :the topic
        S: :irc.test 404 nightcrier #elsewhere :Cannot send to channel
        S: :irc.test FAIL JOIN SOMETHING #night :no
        S: :irc.test 404
        """
    )
    assert played.outcomes == {}


def test_not_in_channel_is_joined_again():
    """442 for a line means that we are out without having seen it: we join at once."""
    played = play(
        PLAIN
        + """
        say #night one
        C: PRIVMSG #night :one
        C: PING :nightcrier-1
        S: :irc.test 442 nightcrier #night :You're not on that channel
        C: JOIN #night
        """
    )
    assert isinstance(played.outcomes[1], Deferred)


def test_too_long_line_without_target_is_the_longest():
    """417 names no channel: of two lines without an answer it is about the longer one."""
    played = play(
        IN_BOTH
        + """
        say #night short
        C: PRIVMSG #night :short
        C: PING :nightcrier-1
        say #quiet much longer
        C: PRIVMSG #quiet :much longer
        S: :irc.test 417 nightcrier :Input line was too long
        """,
        "#night",
        "#quiet",
    )
    assert list(played.outcomes) == [2]
    assert isinstance(played.outcomes[2], Refused)


def test_too_long_line_makes_lines_shorter():
    """417 for a line of 300 bytes lowers the limit to 240, and the line is Deferred."""
    text = "x" * 300
    played = play(
        PLAIN
        + f"""
        say #night {text}
        C: PRIVMSG #night :{text}
        C: PING :nightcrier-1
        S: :ergo.test 417 nightcrier :Line too long to be relayed without truncation
        """
    )
    assert isinstance(played.outcomes[1], Deferred)
    assert played.machine.length == 240


def test_echo_confirms():
    """The server's echo is the receipt, with its msgid; no PING is needed."""
    played = play(
        ECHOING
        + """
        say #night one
        C: PRIVMSG #night :one
        S: @msgid=abc :nightcrier!~crier@host.test PRIVMSG #night :one
        S: :nightcrier!~crier@host.test PRIVMSG #night :one more, from nowhere
        """
    )
    assert played.outcomes == {1: Accepted(Receipt(Proof.CONFIRMED, "abc"))}


def test_too_long_line_among_echoes_is_the_oldest():
    """Where echoes come in order, a 417 without a target is about the oldest line."""
    played = play(
        ECHOING
        + """
        say #night one
        C: PRIVMSG #night :one
        say #night and two
        C: PRIVMSG #night :and two
        S: :ergo.test 417 nightcrier :Input line too long
        S: :nightcrier!~crier@host.test PRIVMSG #night :and two
        """
    )
    assert isinstance(played.outcomes[1], Refused)
    assert isinstance(played.outcomes[2], Accepted)
    channels = played.machine.channels
    assert channels.obstacle(channels.find("#night"), played.now) is None


def test_missing_echo_is_in_doubt():
    """Without an echo for 10 s a PING asks; if its PONG comes first, the line is in doubt."""
    played = play(
        ECHOING
        + """
        say #night one
        C: PRIVMSG #night :one
        +10
        C: PING :nightcrier-1
        S: :irc.test PONG irc.test nightcrier-1
        """
    )
    assert isinstance(played.outcomes[1], Doubtful)


def test_echo_without_formatting_turns_the_channel_plain():
    """An echo that lost its formatting says that this channel shows none."""
    played = play(
        ECHOING
        + """
        say #night \x02bold\x02
        C: PRIVMSG #night :\x02bold\x02
        S: :nightcrier!~crier@host.test PRIVMSG #night :bold
        """
    )
    assert played.machine.channels.find("#night").plain
    assert isinstance(played.outcomes[1], Accepted)


def test_changed_echo_is_told():
    """An echo that was cut or changed is a receipt, and a line in the log."""
    played = play(
        ECHOING
        + """
        say #night a long text
        C: PRIVMSG #night :a long text
        S: :nightcrier!~crier@host.test PRIVMSG #night :a long
        """
    )
    assert isinstance(played.outcomes[1], Accepted)
    assert any(isinstance(fact, Note) for fact in played.facts)


def test_refused_formatting_is_tried_plain():
    """A refusal that speaks of colours makes the channel plain and the line worth a retry."""
    played = play(
        PLAIN
        + """
        say #night \x02one\x02
        C: PRIVMSG #night :\x02one\x02
        C: PING :nightcrier-1
        S: :irc.test 404 nightcrier #night :Can't send colors to channel (+c is set)
        """
    )
    assert played.machine.channels.find("#night").plain
    assert played.outcomes[1].retry_after is None


def test_echo_of_an_answer_is_no_receipt():
    """What we answer in a channel comes back too; an announcement that is out stays out."""
    played = play(
        ECHOING
        + """
        answer #night 5👍 1👎
        C: PRIVMSG #night :5👍 1👎
        say #night one
        C: PRIVMSG #night :one
        S: :nightcrier!~crier@host.test PRIVMSG #night :5👍 1👎
        """
    )
    assert 2 not in played.outcomes
    played.run("S: @msgid=abc :nightcrier!~crier@host.test PRIVMSG #night :one")
    assert played.outcomes[2] == Accepted(Receipt(Proof.CONFIRMED, "abc"))


def test_no_ping_goes_after_an_answer():
    """Nobody waits for the fate of an answer, so it costs no line; a refusal of it is not that of
    an announcement after it."""
    played = play(
        PLAIN
        + """
        answer #night 5👍 1👎
        C: PRIVMSG #night :5👍 1👎
        answer bob a word
        C: NOTICE bob :a word
        say #night one
        C: PRIVMSG #night :one
        C: PING :nightcrier-1
        S: :irc.test 404 nightcrier #night :Cannot send to channel
        S: :irc.test PONG irc.test nightcrier-1
        """
    )
    assert isinstance(played.outcomes[1], Deferred)
    assert isinstance(played.outcomes[2], Accepted)


def test_failure_names_its_channel():
    """Of two lines without an answer, FAIL with a channel is about the one to that."""
    played = play(
        IN_BOTH
        + """
        say #night a longer one
        C: PRIVMSG #night :a longer one
        C: PING :nightcrier-1
        say #quiet one
        C: PRIVMSG #quiet :one
        S: :irc.test FAIL PRIVMSG ACCOUNT_REQUIRED #quiet :Sign in first
        """,
        "#night",
        "#quiet",
    )
    assert list(played.outcomes) == [2]


LABELLED = ECHOING.replace("echo-message", "batch echo-message labeled-response message-tags")


def test_labels_tell_lines_apart():
    """With labels each answer names its line, in a batch or alone, whatever its order."""
    played = play(
        LABELLED
        + """
        say #night one
        C: @label=t1 PRIVMSG #night :one
        say #night two
        C: @label=t2 PRIVMSG #night :two
        say #night three
        C: @label=t3 PRIVMSG #night :three
        say #night four
        C: @label=t4 PRIVMSG #night :four
        S: @label=t2 :irc.test 404 nightcrier #night :Cannot send to channel
        S: @label=t3 :irc.test BATCH +b1 labeled-response
        S: @batch=b1 :irc.test FAIL PRIVMSG INVALID_UTF8 :Message rejected
        S: :irc.test BATCH -b1
        S: @label=t1;msgid=m :nightcrier!~crier@host.test PRIVMSG #night :one
        S: @label=t4 :irc.test ACK
        S: @label=t99 :irc.test ACK
        S: :irc.test ACK
        """
    )
    kinds = {ticket: type(outcome) for ticket, outcome in played.outcomes.items()}
    assert kinds == {1: Accepted, 2: Deferred, 3: Refused, 4: Doubtful}


def test_lost_connection_settles_everything():
    """What was written is in doubt, what still waited is not; nothing stays without a fate."""
    played = play(
        PLAIN
        + """
        say #night one
        C: PRIVMSG #night :one
        C: PING :nightcrier-1
        say #night two
        """,
        burst=4,
        pace=60.0,
    )
    played.machine.lost("the cable broke")
    played._collect()
    assert isinstance(played.outcomes[1], Doubtful)
    assert isinstance(played.outcomes[2], Deferred)


def test_withdrawn_line_is_not_said():
    """A line that nobody waits for any longer is not written; a written one is forgotten."""
    played = play(PLAIN, burst=2, pace=60.0)
    channel = played.machine.channels.find("#night")
    ticket = played.machine.say(channel, "late")
    played.machine.withdraw(ticket)
    played.run("")
    played.machine.lost("gone")
    played._collect()
    assert played.outcomes == {}


# --- pace and manners ---------------------------------------------------------------------


def test_lines_are_paced():
    """JOIN and MODE count: of a burst of four two are left, then a line each 1.5 s."""
    play(
        PLAIN
        + """
        say #night 1
        C: PRIVMSG #night :1
        C: PING :nightcrier-1
        S: PONG irc.test nightcrier-1
        say #night 2
        +1.4
        S: PING :x
        C: PONG :x
        +0.1
        +1.5
        C: PRIVMSG #night :2
        C: PING :nightcrier-2
        """,
        burst=4,
        pace=1.5,
    )


def test_announcements_go_before_answers():
    """What waits leaves in the order announcement, errand, answer."""
    outgoing = Outgoing(burst=1, every=0.0)
    outgoing.put("answer", Rank.ANSWER)
    outgoing.put("errand", Rank.ERRAND)
    outgoing.put("announcement", Rank.SPEECH, 1)
    outgoing.urge("PONG")
    taken = [waiting.line for _ in range(4) for waiting in outgoing.take(0.0, registered=True)]
    assert taken == ["PONG", "announcement", "errand", "answer"]


def test_answers_do_not_pile_up():
    """Of many answers that wait, to a channel or to people, only twenty are kept."""
    played = play(PLAIN, burst=2, pace=60.0)
    channel, told = played.machine.channels.find("#night"), played.machine
    taken = [told.answer(channel, "no") for _ in range(10)]
    taken += [told.notify("bob", "no") for _ in range(15)]
    assert not told.answer(channel, "no")
    assert taken == [True] * 20 + [False] * 5


def test_bot_mode_is_set():
    """ISUPPORT BOT names the mode that marks us as a bot."""
    play(
        SIGN_ON
        + """
        C: JOIN #night
        S: :irc.test 005 nightcrier BOT=B LINELEN=512 :are supported by this server
        C: MODE nightcrier +B
        S: :irc.test 005 nightcrier NETWORK=Test :are supported by this server
        """
    )


def test_ctcp_is_answered_at_a_limited_rate():
    """VERSION and PING are answered, three at once and then one in ten seconds; others never."""
    version = "\x01VERSION Nightcrier, announcer of game nights\x01"
    play(
        PLAIN
        + f"""
        S: :bob!b@h PRIVMSG nightcrier :\x01VERSION\x01
        C: NOTICE bob :{version}
        S: :bob!b@h PRIVMSG nightcrier :\x01PING 123 \x01
        C: NOTICE bob :\x01PING 123\x01
        S: :bob!b@h PRIVMSG nightcrier :\x01TIME\x01
        S: :bob!b@h PRIVMSG nightcrier :\x01ping
        C: NOTICE bob :\x01PING\x01
        S: :bob!b@h PRIVMSG nightcrier :\x01VERSION\x01
        +10
        S: :bob!b@h PRIVMSG nightcrier :\x01VERSION\x01
        C: NOTICE bob :{version}
        """
    )


def test_bots_and_notices_get_no_answer():
    """A bot's CTCP, a NOTICE and a server's line are never answered."""
    played = play(
        PLAIN
        + """
        S: @bot :robot!r@h PRIVMSG nightcrier :\x01VERSION\x01
        S: :bob!b@h NOTICE nightcrier :\x01VERSION\x01
        S: :bob!b@h NOTICE #night :thisgame++
        S: :irc.test PRIVMSG nightcrier :\x01VERSION\x01
        """
    )
    assert played.facts == []


def test_netsplit_is_quiet():
    """A split and its end make us say nothing."""
    played = play(
        PLAIN
        + """
        S: :a!a@h QUIT :irc.one irc.two
        S: :b!b@h QUIT :irc.one irc.two
        S: :a!a@h JOIN #night
        S: :b!b@h JOIN #night
        """
    )
    assert played.facts == []


def test_quit_says_why():
    """Leaving is said with a reason."""
    played = play(PLAIN)
    played.machine.quit("bye")
    assert played.machine.take_lines(0.0) == ["QUIT :bye"]


# --- liveness and length ------------------------------------------------------------------


def test_silence_is_pinged_and_then_dead():
    """After 30 s of silence we ask, after 45 s more without an answer the link is dead."""
    played = play(
        PLAIN
        + """
        +30
        C: PING :nightcrier-1
        +44
        """
    )
    assert played.machine.ending is None
    played.run("+1")
    assert played.machine.ending.reason == "the server stopped answering"


def test_length_follows_the_prefix():
    """328 bytes until others' view of us is known, then what is left of 512."""
    played = play(SIGN_ON + "C: JOIN #night")
    assert played.machine.length == 328
    played.run("S: :nightcrier!~crier@host.test JOIN #night\nC: MODE #night")
    frame = len(":nightcrier!~crier@host.test PRIVMSG #night :\r\n")
    assert played.machine.length == 512 - frame
    played.run("S: :irc.test 396 nightcrier cloak.example :is now your displayed host")
    assert played.machine.length == 512 - frame - len("cloak.example") + len("host.test")
    played.run("S: :nightcrier!~crier@cloak.example CHGHOST u h")
    assert played.machine.length == 512 - frame + len("~crier@host.test") - len("u@h")
    played.run("S: :irc.test 396 nightcrier user@long.host.example :is now your displayed host")
    assert played.machine.length == 512 - len(
        ":nightcrier!user@long.host.example PRIVMSG #night :\r\n"
    )
    played.run("S: :irc.test 005 nightcrier LINELEN=1024 :are supported")
    assert played.machine.length > 800


def test_length_leaves_room_for_names():
    """An answer to somebody with the longest nick that the server allows is not cut."""
    played = play(SIGN_ON + "C: JOIN #night")
    played.run("S: :nightcrier!~crier@host.test JOIN #night\nC: MODE #night")
    played.run("S: :irc.test 005 nightcrier NICKLEN=30 :are supported")
    frame = f":nightcrier!~crier@host.test NOTICE {'x' * 30} :\r\n"
    assert played.machine.length == 512 - len(frame)


def test_displayed_host_before_anything_else():
    """396 before our own JOIN tells only half of our prefix, and is not relied on."""
    played = play("""
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: :irc.test 396 nightcrier cloak.example :is now your displayed host
        """)
    assert played.machine.length == 328
