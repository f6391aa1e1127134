"""JSON Web Tokens: live a day, and die with the process, since its secret does."""

from __future__ import annotations

from secrets import token_bytes

import jwt

from bot.sandbox.answers import User
from bot.timing import Time

LIFETIME = 24 * 60 * 60


class Tokens:
    """Makes and checks tokens, by the time it is given."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.forget()

    def forget(self) -> None:
        """No token made so far is good any more, as after a restart of a Picker."""
        self._secret = token_bytes(32)

    def issue(self) -> str:
        now = int(self._time.now())
        claims = {"role": "admin", "iat": now, "exp": now + LIFETIME}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def holder(self, token: str) -> User | None:
        """Whose token it is, or None where it is not ours or has expired."""
        try:
            # PyJWT would judge the dates by the machine's own clock.
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        user = User(claims["role"], claims["iat"], claims["exp"])
        return user if self._time.now() < user.exp else None
